"""The KPI of a date on real databases, case by case."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pytest

from models.equipment import DEFAULT_KINDS, Flag
from models.kpi import KpiRule, disagreements
from models.report import Report
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.kpi.fix_ages import PositionsNotKept, fix_ages
from storage.kpi.kpi import kpi_of_date, operator_time_zones
from storage.kpi.stored_days import StoredDays, first_day_known_on, stored_days
from tests.integration.storage.fleet_history import FIX, flags
from tests.integration.storage.kpi_history import Entry, midnight, received, register, write

ON: Final = date(2024, 12, 31)
NOON: Final = datetime(2024, 12, 31, 9, tzinfo=UTC)
BUS: Final = VehicleId("op", "a")
MOSCOW: Final = "Europe/Moscow"


def test_a_reprocessed_flag_was_not_known_before(url: str, database: Connection) -> None:
    """It counts from the day on which it was recorded, and not from its reception."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, False, NOON - timedelta(days=9))])
    report = Report(BUS, NOON, FIX, flags(cctv=Flag(True)))
    write(url, MOSCOW, [received(report, NOON, datetime(2025, 2, 1, tzinfo=UTC))])
    seen = [
        kpi_of_date(database, ON, KpiRule(), known_on).vehicles[0].equipment["cctv"].fitted
        for known_on in (None, ON, date(2025, 2, 1))
    ]
    assert seen == [True, None, True]


def test_a_position_reprocessed_again_was_known_before(url: str, database: Connection) -> None:
    """A message may have been accepted in part, or come twice: what was known stays known."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    report, later = Report(BUS, NOON, FIX), NOON + timedelta(days=40)
    write(url, MOSCOW, [received(report, NOON), received(report, NOON, later)])
    asked = (database, ON, time(12), timedelta(hours=1))
    assert fix_ages(*asked, known_on=ON) == [timedelta()]
    # One that was not known is known from its reprocessing on.
    newer = Report(BUS, NOON + timedelta(seconds=30), FIX)
    write(url, MOSCOW, [received(newer, NOON + timedelta(minutes=1), later)])
    half_a_minute_later = (database, ON, time(12, 0, 30), timedelta(hours=1))
    for known_on, age in ((ON, 30), (later.date(), 0), (None, 0)):
        assert fix_ages(*half_a_minute_later, known_on) == [timedelta(seconds=age)]


def test_a_position_that_joins_older_flags_was_not_known_with_them(
    url: str, database: Connection
) -> None:
    """Their row bears the first reception; another position of that minute was known by then."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    minute_before = NOON - timedelta(seconds=20)
    day_later = NOON + timedelta(days=1)
    write(
        url,
        MOSCOW,
        [
            received(Report(BUS, minute_before - timedelta(seconds=10), FIX), NOON),
            received(Report(BUS, minute_before, None, flags(cctv=Flag(True))), NOON),
            received(Report(BUS, minute_before, FIX), day_later),
        ],
    )
    for known_on, age in ((ON, 30), (day_later.date(), 20), (None, 20)):
        ages = fix_ages(database, ON, time(12), timedelta(hours=1), known_on)
        assert ages == [timedelta(seconds=age)]


@pytest.mark.parametrize("newest_is_late", [False, True])
def test_of_a_days_readings_the_newest_counts_whenever_it_was_recorded(
    url: str, database: Connection, newest_is_late: bool
) -> None:
    """The day has a row for each day of recording, of which the last need not have the newest."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    newest, older = NOON, NOON - timedelta(hours=2)
    late, known = (newest, older) if newest_is_late else (older, newest)
    write(
        url,
        MOSCOW,
        [
            received(Report(BUS, known, None, flags(cctv=Flag(known == newest))), NOON),
            received(
                Report(BUS, late, None, flags(cctv=Flag(late == newest))), NOON + timedelta(days=1)
            ),
        ],
    )
    (vehicle,) = kpi_of_date(database, ON, KpiRule()).vehicles
    assert vehicle.equipment["cctv"].fitted is True
    (before,) = kpi_of_date(database, ON, KpiRule(), ON).vehicles
    assert before.equipment["cctv"].fitted is (not newest_is_late)


def test_a_kind_first_reported_later_costs_no_walk_through_the_days(
    url: str, database: Connection
) -> None:
    """Of a date before its first reading no day is looked at for it, however many there are."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    write(url, MOSCOW, [received(Report(BUS, NOON, None, flags(cctv=Flag(True))), NOON)])
    cashless = DEFAULT_KINDS.bits({"cashless": Flag(True)})
    later = NOON + timedelta(days=3)
    write(url, MOSCOW, [received(Report(BUS, later, None, cashless), later)])
    database.execute(
        """
        insert into vehicle_day (vehicle_key, day, recorded_on, equipment)
        select vehicle_key, day - back, day - back, equipment
        from vehicle_day cross join generate_series(1, 2000) as back
        where day = %s
        """,
        [ON],
    )
    database.execute("vacuum analyze vehicle_day")
    row = database.execute(
        "explain (analyze, buffers, format json) select * from flags_on('2024-12-31')"
    ).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 30
    (vehicle,) = kpi_of_date(database, ON, KpiRule()).vehicles
    assert (vehicle.equipment["cctv"].fitted, vehicle.equipment["cashless"].fitted) == (True, None)


def test_a_day_counts_the_minutes_that_came_late(url: str, database: Connection) -> None:
    """Its fixes were recorded on several days: each minute counts once, from when it is known."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    # Of the day itself the minutes 0, 1 and 2; a day later 2 and 3; two days later 4.
    came = {0: (0, 1, 2), 1: (2, 3), 2: (4,)}
    history = [
        received(Report(BUS, NOON + timedelta(minutes=m, seconds=d), FIX), NOON + timedelta(days=d))
        for d, minutes in came.items()
        for m in minutes
    ]
    write(url, MOSCOW, history)
    # A day that is as good as what was known at first.
    good = [NOON - timedelta(days=1) + timedelta(minutes=minute) for minute in range(4)]
    write(url, MOSCOW, [received(Report(BUS, at, FIX), at) for at in good])
    for known_on, best in (
        (ON, (4, ON - timedelta(days=1))),
        (ON + timedelta(days=1), (4, ON)),
        (ON + timedelta(days=2), (5, ON)),
        (None, (5, ON)),
    ):
        (vehicle,) = kpi_of_date(database, ON, KpiRule(), known_on).vehicles
        assert (vehicle.minutes, vehicle.best_day) == best
    for minimum, trackable in ((5, 1), (6, 0)):
        assert kpi_of_date(database, ON, KpiRule(minimum)).counts.trackable == trackable


def test_one_array_of_old_positions_is_known_for_late(url: str, database: Connection) -> None:
    """It makes a tracked day, and one that has no live minute; a rule can demand them."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    reports = [Report(BUS, NOON - timedelta(hours=5, minutes=m), FIX) for m in range(12)]
    write(url, MOSCOW, [received(each, NOON) for each in reports])
    counts = kpi_of_date(database, ON, KpiRule()).counts
    assert (counts.trackable, counts.only_late, counts.motionless) == (1, 1, 1)
    kpi = kpi_of_date(database, ON, KpiRule(minimum_live=1))
    assert (kpi.counts.trackable, kpi.counts.only_late) == (0, 0)
    assert (kpi.vehicles[0].minutes, kpi.vehicles[0].live_minutes) == (0, 0)


def test_observed_against_declared(url: str, database: Connection) -> None:
    """A vehicle is listed where it reports and the registry declares, and not the same."""
    says = {"a": (True, False), "b": (False, True), "c": (True, True), "d": (True, None)}
    known_from = NOON - timedelta(days=9)
    entries = [Entry(name, ON, ON, said[1], known_from) for name, said in says.items()]
    register(database, "op", MOSCOW, entries)
    history = [
        received(Report(VehicleId("op", name), NOON, None, flags(cctv=Flag(said[0]))), NOON)
        for name, said in says.items()
    ]
    write(url, MOSCOW, history)
    kpi = kpi_of_date(database, ON, KpiRule())
    differing = disagreements(kpi.vehicles)
    assert [(each.vehicle.vehicle_id, each.observed) for each in differing] == [
        ("a", True),
        ("b", False),
    ]
    assert kpi.counts.equipment["cctv"].equipped == 3


def test_a_kind_and_an_attribute_of_ones_own(url: str, database: Connection) -> None:
    """Both are data: nothing but their rows is needed to find them in the figures."""
    database.execute("insert into equipment_kind values (2, 'air_conditioning')")
    entries = [Entry(name, ON, ON, None, NOON - timedelta(days=9)) for name in "ab"]
    register(database, "op", MOSCOW, entries)
    database.execute(
        """
        update registry_entry
        set equipment = 1 << 8, attributes = '{"colour": "red", "route_id": "7"}'
        where vehicle_key = (select vehicle_key from vehicle where vehicle_id = 'b')
        """
    )
    kpi = kpi_of_date(database, ON, KpiRule())
    assert kpi.counts.indicators[2:] == ("cctv", "cashless", "air_conditioning")
    assert kpi.counts.numerator("air_conditioning") == 1
    groups = {by: kpi.groups(by) for by in ("colour", "route", "operator")}
    assert {by: list(found) for by, found in groups.items()} == {
        "colour": ["red", None],
        "route": ["7", None],
        "operator": ["op"],
    }
    assert groups["colour"]["red"].numerator("air_conditioning") == 1


def test_a_time_zone_set_later_moves_no_past_day(url: str, database: Connection) -> None:
    """What was known on a date ended at the midnight that the operator had then."""
    known_from = datetime(2024, 12, 31, 20, 30, tzinfo=UTC)  # half an hour before Moscow's midnight
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, known_from)])
    database.execute("update operator_history set known_from = '2024-01-01'")
    database.execute("update operator set time_zone = 'Asia/Yekaterinburg'")
    assert len(kpi_of_date(database, ON, KpiRule(), ON).vehicles) == 1
    assert operator_time_zones(database, ON) == {"op": MOSCOW}
    assert operator_time_zones(database, date(2999, 1, 1)) == {"op": "Asia/Yekaterinburg"}


def test_what_arrives_after_a_time_zone_was_set_is_of_the_day_that_it_was_then(
    url: str, database: Connection
) -> None:
    """A backlog of a day before counts by that day's midnights, whenever it comes."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    database.execute("update operator_history set known_from = '2024-01-01'")
    database.execute("update operator set time_zone = 'Asia/Kamchatka'")
    last = midnight(ON + timedelta(days=1), MOSCOW) - timedelta(minutes=1)
    late = received(Report(BUS, last, FIX, flags(cctv=Flag(True))), datetime.now(UTC))
    write(url, MOSCOW, [late])
    (vehicle,) = kpi_of_date(database, ON, KpiRule(minimum_minutes=1)).vehicles
    assert (vehicle.best_day, vehicle.minutes, vehicle.live_minutes) == (ON, 1, 0)
    assert vehicle.equipment["cctv"].fitted


def test_a_day_whose_zone_was_set_counts_each_minute_once(url: str, database: Connection) -> None:
    """An hour of local time comes again where the zone is one further west, and is another hour."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    database.execute("delete from operator_history")
    for zone, known_from in (("Europe/Samara", NOON - timedelta(days=90)), (MOSCOW, NOON)):
        database.execute(
            "insert into operator_history (operator_id, time_zone, known_from)"
            " values ('op', %s, %s)",
            [zone, known_from],
        )
    moments = [NOON + timedelta(hours=hours, minutes=m) for hours in (-1, 0) for m in range(5)]
    history = [received(Report(BUS, at, FIX), at) for at in moments]
    write(url, MOSCOW, [*history, *history], cuts=[3, 12])
    (vehicle,) = kpi_of_date(database, ON, KpiRule()).vehicles
    assert (vehicle.best_day, vehicle.minutes, vehicle.trackable) == (ON, 10, True)


def test_the_age_of_a_position_that_is_not_kept_is_not_given(
    url: str, database: Connection
) -> None:
    """Neither where all were thrown away, nor where the newest were."""
    names = ("a", "b")
    entries = [Entry(name, ON, ON, None, NOON - timedelta(days=9)) for name in names]
    register(database, "op", MOSCOW, entries)
    moments = {name: NOON - timedelta(hours=8 * place) for place, name in enumerate(names)}
    reports = [
        Report(VehicleId("op", name), at - timedelta(minutes=back), FIX)
        for name, at in moments.items()
        for back in (5, 600)
    ]
    write(url, MOSCOW, [received(each, each.observed_at) for each in reports])
    asked = (database, ON, time(12), timedelta(days=1))
    assert sorted(fix_ages(*asked)) == [timedelta(minutes=5), timedelta(hours=8, minutes=5)]
    for known_on in (None, ON):
        database.execute("delete from report where observed_at >= %s", [moments["b"]])
        with pytest.raises(PositionsNotKept, match="positions of 2024-12-31 are no longer kept"):
            fix_ages(*asked, known_on)
    # Nor where they were of the moment's own minute, of which the day does not tell more.
    write(url, MOSCOW, [received(Report(BUS, NOON + timedelta(seconds=10), FIX), NOON)])
    half_a_minute_later = (database, ON, time(12, 0, 30), timedelta(minutes=1), None, "op")
    assert fix_ages(*half_a_minute_later) == [timedelta(seconds=20)]
    database.execute("delete from report")
    with pytest.raises(PositionsNotKept):
        fix_ages(*half_a_minute_later)
    # Of an older day there never was one within the window, and nothing is missing.
    assert fix_ages(database, ON - timedelta(days=3), time(12), timedelta(days=1)) == []


def test_the_stored_days(url: str, database: Connection) -> None:
    """They are those of which anything is known, or was known on a date."""
    assert stored_days(database) is None
    assert first_day_known_on(database, ON) is None
    first, last = (datetime(2024, 12, day, 22, tzinfo=UTC) for day in (1, 9))
    write(url, MOSCOW, [received(Report(BUS, at, FIX), at) for at in (first, last)])
    assert stored_days(database) == StoredDays(date(2024, 12, 2), date(2024, 12, 10))
    assert first_day_known_on(database, date(2024, 12, 1)) is None
    assert first_day_known_on(database, date(2024, 12, 5)) == date(2024, 12, 2)
