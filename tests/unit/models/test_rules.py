import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rejection import RejectReason
from models.report import Fix, Report
from models.rules import Rules, ServiceArea, sent, speed, utc
from models.vehicle import VehicleId

BUS = VehicleId("ivpat-1", "1024")
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
IVANOVO = ServiceArea(west=38.4, south=56.3, east=43.4, north=57.8)
FIJI = ServiceArea(west=176.0, south=-21.0, east=-178.0, north=-12.0)


def judged(fix: Fix | None = None, rules: Rules | None = None, age: timedelta = TICK) -> str:
    rejection = (rules or Rules()).judge(Report(BUS, NOW - age, fix), NOW)
    return "taken" if rejection is None else rejection.reason.value


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (timedelta(0), "taken"),
        (timedelta(days=30), "taken"),
        (timedelta(days=30) + TICK, "too_old"),
        (timedelta(seconds=-60), "taken"),
        (timedelta(seconds=-60) - TICK, "in_future"),
        (timedelta(days=700_000), "too_old"),
        (timedelta(days=-2_900_000), "in_future"),
    ],
)
def test_the_bounds_of_time_belong_to_what_is_taken(age: timedelta, verdict: str) -> None:
    """No longer ago than the tolerated age, no later than the tolerated skew."""
    assert judged(age=age) == verdict


@pytest.mark.parametrize(
    ("age", "verdict"),
    [(-5, "taken"), (-6, "in_future"), (50, "taken")],
)
def test_what_waited_for_us_is_given_no_time(age: int, verdict: str) -> None:
    """A clock 90 s ahead has caught up with a report that waited: only as much as is usual."""
    rules = Rules().of_waited(set())
    assert judged(rules=rules, age=timedelta(seconds=age)) == verdict
    assert judged(age=timedelta(seconds=age)) == "taken"


def test_a_clock_that_was_ahead_is_ahead_of_what_waited() -> None:
    """However long ago it seems to have been observed; others are judged as they are."""
    other = VehicleId("ivpat-1", "1025")
    assert judged(rules=Rules().of_waited({BUS}), age=timedelta(minutes=4)) == "in_future"
    assert judged(rules=Rules().of_waited({other}), age=timedelta(minutes=4)) == "taken"
    assert Rules(max_skew=timedelta()).of_waited(set()).max_skew == timedelta()


@given(
    age=st.timedeltas(),
    max_age=st.timedeltas(min_value=timedelta(0)),
    max_skew=st.timedeltas(min_value=timedelta(0)),
)
def test_only_the_clock_decides_on_time(
    age: timedelta, max_age: timedelta, max_skew: timedelta
) -> None:
    """Too old beyond the age, in the future beyond the skew, whatever they are set to."""
    try:
        report = Report(BUS, NOW - age)
    except OverflowError:
        return
    rejection = Rules(max_age, max_skew).judge(report, NOW)
    reason = None if rejection is None else rejection.reason
    assert (reason is RejectReason.TOO_OLD) == (age > max_age)
    assert (reason is RejectReason.IN_FUTURE) == (-age > max_skew)


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(days=31, microseconds=1), "31 days, 0:00:01 ago; the limit is 30 days"),
        (timedelta(seconds=-90), "0:01:30 ahead; the limit is 0:01:00"),
    ],
)
def test_a_rejection_for_the_time_names_the_limit(age: timedelta, said: str) -> None:
    """In days and whole seconds, as it is read aloud."""
    rejection = Rules().judge(Report(BUS, NOW - age), NOW)
    assert rejection is not None
    assert rejection.detail.endswith(said)


@given(latitude=st.floats(), longitude=st.floats())
def test_a_position_is_on_earth_or_out_of_range(latitude: float, longitude: float) -> None:
    """Out of range beyond the poles and the antimeridian, NaN and infinities included."""
    on_earth = abs(latitude) <= 90 and abs(longitude) <= 180
    verdict = judged(Fix(latitude, longitude))
    assert (verdict == "out_of_range") == (not on_earth)
    assert (verdict == "null_island") == (latitude == 0 and longitude == 0)


@pytest.mark.parametrize(
    ("latitude", "longitude", "verdict"),
    [
        (0.0, 0.0, "null_island"),
        (-0.0, 0.0, "null_island"),
        (0.0, 40.97, "taken"),
        (56.99, 0.0, "taken"),
        (1e-9, 0.0, "taken"),
        (90.0, 180.0, "taken"),
        (-90.0, -180.0, "taken"),
        (math.nextafter(90, 91), 0.0, "out_of_range"),
        (0.0, math.nextafter(-180, -181), "out_of_range"),
        (math.nan, 40.97, "out_of_range"),
        (56.99, math.inf, "out_of_range"),
    ],
)
def test_null_island_is_exactly_nought_nought(
    latitude: float, longitude: float, verdict: str
) -> None:
    """The equator and the Greenwich meridian are real places, their crossing is not a bus stop."""
    assert judged(Fix(latitude, longitude)) == verdict


@pytest.mark.parametrize(
    ("area", "latitude", "longitude", "verdict"),
    [
        (None, 60.17, 24.95, "taken"),
        (IVANOVO, 56.99, 40.97, "taken"),
        (IVANOVO, 56.3, 38.4, "taken"),
        (IVANOVO, 57.8, 43.4, "taken"),
        (IVANOVO, math.nextafter(57.8, 58), 43.4, "outside_area"),
        (IVANOVO, 57.8, math.nextafter(43.4, 44), "outside_area"),
        (IVANOVO, 60.17, 24.95, "outside_area"),
        (FIJI, -17.7, 177.4, "taken"),
        (FIJI, -16.8, -179.9, "taken"),
        (FIJI, -17.7, 0.0, "outside_area"),
    ],
)
def test_the_service_area_holds_its_edge(
    area: ServiceArea | None, latitude: float, longitude: float, verdict: str
) -> None:
    """Outside the box is rejected where one is set; a box may lie over the antimeridian."""
    assert judged(Fix(latitude, longitude), Rules(service_area=area)) == verdict


def test_the_clock_is_judged_before_the_position() -> None:
    """With a wrong clock even a good position belongs nowhere, and a bad one no more."""
    assert judged(Fix(0.0, 0.0), age=timedelta(days=31)) == "too_old"
    assert judged(Fix(99.0, 0.0), age=timedelta(minutes=-2)) == "in_future"


def test_null_island_is_named_before_the_area_it_is_outside_of() -> None:
    """The more telling reason wins."""
    assert judged(Fix(0.0, 0.0), Rules(service_area=IVANOVO)) == "null_island"


def test_a_report_without_a_fix_is_judged_by_its_time_only() -> None:
    """Flags and contacts have no place."""
    report = Report(BUS, NOW, equipment=1)
    assert Rules(service_area=IVANOVO).judge(report, NOW) is None


def test_a_rejection_tells_a_person_what_was_found_and_what_is_taken() -> None:
    """The detail has both numbers, and the vehicle."""
    rejection = Rules().judge(Report(BUS, NOW - timedelta(days=31)), NOW)
    assert rejection is not None
    assert rejection.vehicle == BUS
    assert "31 days" in rejection.detail
    assert "30 days" in rejection.detail


@given(st.floats())
def test_a_speed_is_a_buss_or_unknown(mps: float) -> None:
    """Neither negative nor faster than any bus."""
    assert speed(mps) == (mps if 0 <= mps <= 70 else None)


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS))
def test_utc_keeps_the_moment(moment: datetime) -> None:
    """Same moment, UTC wherever the calendar reaches, and never an exception."""
    found = utc(moment)
    assert found == moment
    assert found.tzinfo is UTC or moment.year in (1, 9999)


@given(st.datetimes(timezones=OFFSETS), st.datetimes(timezones=st.just(UTC)))
def test_what_was_observed_was_sent_no_earlier(moment: datetime, observed_at: datetime) -> None:
    """By a clock that says so it was sent when it was observed; in UTC, or it is not known."""
    found = sent(moment, observed_at)
    assert found is None or (found.tzinfo is UTC and found == max(moment, observed_at))
    assert found is not None or moment.year == 9999
    assert sent(None, observed_at) is None
