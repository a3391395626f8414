import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.equipment import DEFAULT_KINDS, Flag
from models.rejection import RejectReason
from models.report import Fix, Report
from models.rules import Rules
from models.vehicle import VehicleId
from models.wire import MAX_REPORTS
from tests.unit.models.messages import (
    EQUIPMENT_TOPIC,
    OBSERVED_AT,
    POSITION_TOPIC,
    RECEIVED_AT,
    STATUS_TOPIC,
    equipment,
    flags_of,
    position,
    rejection_of,
    report_of,
    say,
)

BUS = VehicleId("ivpat-1", "1024")
ANY_TIME = Rules(timedelta(days=100_000), timedelta(days=100_000))
OFFSETS = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def test_a_position_becomes_a_fix_with_all_its_measurements() -> None:
    """Every field of the contract arrives in the report."""
    fix = Fix(56.9971, 40.9713, 8.5, 271.5, 0.9, 14, "33", "33-0712")
    bits = DEFAULT_KINDS.bits({"cctv": Flag(True), "cashless": Flag(True, False)})
    expected = Report(BUS, OBSERVED_AT, fix, bits)
    assert report_of(POSITION_TOPIC, position()) == expected


def test_short_names_are_taken() -> None:
    """ts, lat, lon, speed and bearing say the same as the long names."""
    short = {"ts": "2025-06-01T12:00:00Z", "lat": 56.9971, "lon": 40.9713}
    report = report_of(POSITION_TOPIC, short | {"speed": 8.5, "bearing": 271.5})
    assert report.observed_at == OBSERVED_AT
    assert report.fix == Fix(56.9971, 40.9713, 8.5, 271.5)


@pytest.mark.parametrize(
    "written",
    [
        "2025-06-01T12:00:00Z",
        "2025-06-01T15:00:00+03:00",
        "2025-06-01T12:00:00.000000-00:00",
        "2025-06-01t12:00:00z",
        "2025-06-01 12:00:00Z",
        "2025-06-01T11:59:60Z",
        "2025-06-01T14:59:60.000+03:00",
        "20250601120000",
        "20250601115960",
        1748779200,
        1748779200.0,
        1748779200000,
        "1748779200",
        "1748779200.000",
        "1748779200000",
    ],
)
def test_a_moment_may_be_written_in_several_ways(written: Any) -> None:
    """RFC 3339 with any offset, epoch seconds and milliseconds, digits of a date: one moment.

    Second 60 is the beginning of the next.
    """
    observed_at = report_of(POSITION_TOPIC, position(observed_at=written)).observed_at
    assert observed_at == OBSERVED_AT
    assert observed_at.tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        *("2025-06-01T12:00:00", "2025-06-01", "yesterday", "", None, True, [], {}, float("nan")),
        *("2025-06-01T12:00:61Z", "2025-06-01T12:00:60", "2025-02-30T12:00:60Z"),
        *("9999-12-31T23:59:60Z", "20250230120000", "20251301120000", "20250601120061"),
        *("20250601", "202506011200", "174877920", "17487792000", "1748779200000000", "0", "1e9"),
    ],
)
def test_a_moment_without_offset_or_sense_is_rejected(written: Any) -> None:
    """A local time names no moment, so it is a schema fault and not a guess."""
    rejection = rejection_of(POSITION_TOPIC, position(observed_at=written))
    assert rejection.reason is RejectReason.SCHEMA
    assert rejection.detail.startswith("observed_at: Input should be RFC 3339 with an offset")


@given(st.datetimes(datetime(2001, 9, 9, 1, 46, 40), datetime(2199, 12, 31)), OFFSETS)  # noqa: DTZ001
def test_a_moment_is_the_same_however_it_is_written(local: datetime, offset: timezone) -> None:
    """To the microsecond where the spelling has it, in an object and in an array."""
    moment = local.replace(tzinfo=offset)
    whole = moment.astimezone(UTC).replace(microsecond=0)
    seconds = (whole - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    spellings: list[tuple[Any, datetime]] = [
        (moment.isoformat(), moment),
        (f"{whole:%Y%m%d%H%M%S}", whole),
        (seconds, whole),
        (seconds * 1000, whole),
    ]
    if seconds < 10**10:
        spellings += [(str(seconds), whole), (str(seconds * 1000), whole)]
    for written, meant in spellings:
        payload = position(observed_at=written)
        one, many = say(POSITION_TOPIC, payload, ANY_TIME), say(POSITION_TOPIC, [payload], ANY_TIME)
        assert [report.observed_at for report in one.reports] == [meant]
        assert one == many


def test_a_null_position_is_a_contact() -> None:
    """A bus that publishes without a position has been heard."""
    report = report_of(POSITION_TOPIC, position(latitude=None, longitude=None))
    assert report.fix is None
    assert report.heard


@pytest.mark.parametrize("missing", ["latitude", "longitude"])
def test_half_a_position_is_rejected(missing: str) -> None:
    """One coordinate without the other is neither a fix nor a contact."""
    assert rejection_of(POSITION_TOPIC, position(**{missing: None})).reason is RejectReason.SCHEMA


@pytest.mark.parametrize("missing", ["observed_at", "latitude", "longitude"])
def test_a_required_field_cannot_be_left_out(missing: str) -> None:
    """The rejection names the field that is missing."""
    payload = position()
    del payload[missing]
    rejection = rejection_of(POSITION_TOPIC, payload)
    assert rejection.reason is RejectReason.SCHEMA
    assert missing in rejection.detail
    assert rejection.vehicle == BUS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latitude", "56.9"),
        ("longitude", True),
        ("longitude", [40.9]),
        ("vehicle_id", [1024]),
        ("operator_id", True),
    ],
)
def test_a_place_or_a_name_of_the_wrong_type_is_rejected(field: str, value: Any) -> None:
    """Where it was, and who, is not guessed from a value of another type; the detail says which."""
    rejection = rejection_of(POSITION_TOPIC, position(**{field: value}))
    assert rejection.reason is RejectReason.SCHEMA
    assert rejection.detail.startswith(f"{field}: Input should be a")


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("speed_mps", -1, None),
        ("speed_mps", 70.0, 70.0),
        ("speed_mps", 70.1, None),
        ("speed_mps", "8.5", 8.5),
        ("speed_mps", "fast", None),
        ("speed_mps", "", None),
        ("speed_mps", {}, None),
        ("bearing_deg", 360, 0.0),
        ("bearing_deg", 360.0, 0.0),
        ("bearing_deg", "360", 0.0),
        ("bearing_deg", "359.5", 359.5),
        ("bearing_deg", -1, None),
        ("bearing_deg", 361, None),
        ("bearing_deg", "N", None),
        ("bearing_deg", [1], None),
        ("bearing_deg", True, None),
        ("hdop", 99.99, None),
        ("hdop", "0.9", 0.9),
        ("hdop", "0,9", None),
        ("hdop", True, None),
        ("hdop", False, None),
        ("satellites", 11.0, 11),
        ("satellites", "11", 11),
        ("satellites", "11.0", 11),
        ("satellites", 1.5, None),
        ("satellites", "many", None),
        ("satellites", True, None),
        ("satellites", False, None),
        ("satellites", -1, None),
        ("satellites", 256, None),
        ("satellites", 10**30, None),
        ("hdop", float("nan"), None),
        ("hdop", "nan", None),
        ("speed_mps", float("inf"), None),
        ("route_id", 33, "33"),
        ("route_id", 33.0, "33"),
        ("route_id", 33.5, "33.5"),
        ("route_id", "x" * 128, "x" * 128),
        ("route_id", "x" * 129, None),
        ("route_id", "24\t", None),
        ("route_id", "3\x003", None),
        ("route_id", ["33"], None),
        ("route_id", True, None),
        ("route_id", "", None),
        ("trip_id", {"id": 1}, None),
        ("trip_id", 10**200, None),
    ],
)
def test_what_cannot_be_used_beside_a_position_is_dropped(
    field: str, value: Any, kept: Any
) -> None:
    """A speedometer gone mad does not make the position beside it unusable."""
    for payload in (position(**{field: value}), [position(**{field: value})]):
        (report,) = say(POSITION_TOPIC, payload).reports
        assert report.fix is not None
        found = getattr(report.fix, field)
        assert (found, type(found)) == (kept, type(kept))


@given(st.floats())
def test_a_bearing_is_in_the_circle_or_unknown(degrees: float) -> None:
    """0 <= bearing < 360, north is 0 and not 360; a text says the same."""
    fixes = [
        report_of(POSITION_TOPIC, position(bearing_deg=v)).fix for v in (degrees, str(degrees))
    ]
    assert all(fix is not None for fix in fixes)
    kept, of_text = (fix and fix.bearing_deg for fix in fixes)
    assert (kept is not None) == (0 <= degrees <= 360)
    assert kept is None or 0 <= kept < 360
    assert kept == of_text


@pytest.mark.parametrize(
    "mark",
    [
        *({"satellites": 0}, {"satellites": 0.0}, {"satellites": "0"}),
        *({"valid": False}, {"valid": 0}, {"valid": "false"}),
        *({"fix": 0}, {"fix": False}, {"fix": "0"}),
        *({"status": "V"}, {"status": "v"}, {"status": "void"}, {"fix": "none"}, {"valid": "no"}),
        *({"fix": "NO-FIX"}, {"status": "Not valid"}, {"valid": "off"}, {"valid": "0.0"}),
        *({"latitude": None, "longitude": None}, {"latitude": 0, "longitude": 0, "valid": False}),
    ],
)
def test_a_position_that_the_receiver_marks_as_none_is_a_contact(mark: dict[str, Any]) -> None:
    """A receiver without a fix repeats its last coordinates; the flags beside them are good."""
    report = report_of(POSITION_TOPIC, position(**mark))
    assert report.fix is None
    assert report.heard
    assert flags_of(report) == {"cctv": Flag(True), "cashless": Flag(True, False)}


@pytest.mark.parametrize(
    "mark",
    [
        *({"satellites": 1}, {"satellites": -1}, {"satellites": None}, {"satellites": False}),
        *({"valid": True}, {"valid": 1}, {"valid": None}, {"valid": "?"}, {"valid": []}),
        *({"fix": True}, {"fix": 1}, {"fix": 3}, {"fix": None}, {"fix": "3D"}, {"fix": {}}),
        *({"status": "A"}, {"status": "moving"}, {"status": 0}, {"status": None}, {"status": []}),
    ],
)
def test_a_position_that_is_not_so_marked_is_a_fix(mark: dict[str, Any]) -> None:
    """What is not a mark of ours, or is a gateway's own, says nothing against it."""
    assert report_of(POSITION_TOPIC, position(**mark)).fix is not None


@pytest.mark.parametrize("nothing", [None, 0])
def test_unknown_keys_are_ignored(nothing: Any) -> None:
    """A gateway may add its own fields."""
    assert report_of(POSITION_TOPIC, position(battery=nothing)) == report_of(
        POSITION_TOPIC, position()
    )


def test_the_elements_of_an_array_are_judged_on_their_own() -> None:
    """A bad report in a backlog costs that report only, each with its own reason."""
    old = position(observed_at="2020-01-01T00:00:00Z")
    island = position(latitude=0, longitude=0)
    other = position(vehicle_id="1025")
    backlog = [position(), {}, old, 7, island, position(cctv=None), other, None, [position()]]
    reports, rejections, _ = say(POSITION_TOPIC, backlog)
    assert len(reports) == 2
    assert [rejection.reason.value for rejection in rejections] == [
        "schema",
        "too_old",
        "schema",
        "null_island",
        "topic_mismatch",
        "schema",
        "schema",
    ]
    assert {rejection.vehicle for rejection in rejections} == {BUS}


def test_an_array_of_one_is_that_one() -> None:
    """Whether a report comes alone or in an array changes nothing."""
    assert say(POSITION_TOPIC, [position()]) == say(POSITION_TOPIC, position())
    spaced = b"\r\n\t [" + json.dumps(position()).encode() + b"] "
    assert say(POSITION_TOPIC, spaced) == say(POSITION_TOPIC, position())


def test_an_empty_array_is_one_rejected_report() -> None:
    """No message goes uncounted."""
    assert rejection_of(POSITION_TOPIC, []).reason is RejectReason.SCHEMA


def test_an_array_is_read_up_to_its_bound() -> None:
    """The longest array is judged report by report, one more and it is rejected whole."""
    zeros = [0] * MAX_REPORTS
    assert len(say(POSITION_TOPIC, zeros).rejections) == MAX_REPORTS
    assert rejection_of(POSITION_TOPIC, [*zeros, 0]).reason is RejectReason.TOO_LARGE


def test_equipment_tells_flags_without_a_position() -> None:
    """The equipment topic yields flags and no fix."""
    bits = DEFAULT_KINDS.bits({"cctv": Flag(True), "cashless": Flag(False)})
    expected = Report(BUS, OBSERVED_AT, None, bits)
    assert report_of(EQUIPMENT_TOPIC, equipment()) == expected


def test_equipment_may_come_in_an_array() -> None:
    """A backlog of equipment states is taken like one of positions."""
    moments = ("2025-06-01T11:59:00Z", "2025-06-01T12:00:00Z")
    reports, _, _ = say(EQUIPMENT_TOPIC, [equipment(observed_at=moment) for moment in moments])
    assert [report.observed_at for report in reports] == [
        OBSERVED_AT - timedelta(minutes=1),
        OBSERVED_AT,
    ]


def test_equipment_that_says_nothing_is_rejected() -> None:
    """A message on the equipment topic has to name a flag."""
    for silent in (
        equipment(cctv=None, cashless=None),
        equipment(cctv=None, cashless=None, equipment={}),
        equipment(cctv=None, cashless=None, equipment={"cctv": None}),
    ):
        assert rejection_of(EQUIPMENT_TOPIC, silent).reason is RejectReason.SCHEMA


@pytest.mark.parametrize("named", [{"vehicle_id": "1025"}, {"operator_id": "ivpat-2"}])
@pytest.mark.parametrize(
    ("topic", "payload"), [(POSITION_TOPIC, position()), (EQUIPMENT_TOPIC, equipment())]
)
def test_a_payload_that_names_another_vehicle_is_rejected(
    named: dict[str, str], topic: str, payload: dict[str, Any]
) -> None:
    """Identity comes from the topic, and the payload must not contradict it."""
    rejection = rejection_of(topic, payload | named)
    assert rejection.reason is RejectReason.TOPIC_MISMATCH
    assert "None" not in rejection.detail
    assert rejection.vehicle == BUS


def test_a_payload_that_names_the_same_vehicle_is_taken() -> None:
    """A number is the text that it is written as."""
    for number in (1024, 1024.0, "1024", None):
        named = position(operator_id="ivpat-1", vehicle_id=number)
        assert report_of(POSITION_TOPIC, named).vehicle == BUS


@pytest.mark.parametrize(
    ("written", "retained", "heard"),
    [
        (b"online", False, True),
        (b"online", True, False),
        (b"offline", False, False),
        (b"offline", True, False),
        (b" online\n", False, True),
    ],
)
def test_only_a_device_that_says_online_now_is_heard(
    written: bytes, retained: bool, heard: bool
) -> None:
    """A last will and a retained status are the broker's words, not the vehicle's."""
    report = report_of(STATUS_TOPIC, written, retained=retained)
    assert report == Report(BUS, RECEIVED_AT, heard=heard)


@pytest.mark.parametrize("written", [b"ONLINE!", b"\xff", b"null", b'"online"', b"[]"])
def test_a_status_is_one_of_two_words(written: bytes) -> None:
    """Any other status is a schema fault."""
    assert rejection_of(STATUS_TOPIC, written).reason is RejectReason.SCHEMA


def test_a_retained_position_is_an_observation_of_its_own_time() -> None:
    """The broker may repeat it: when it was observed is in it."""
    assert report_of(POSITION_TOPIC, position(), retained=True).observed_at == OBSERVED_AT


def test_a_retained_rejection_is_no_sign_of_the_vehicle() -> None:
    """A position remembered from last year must not make today's clock look wrong."""
    old = position(observed_at="2024-06-01T12:00:00Z")
    assert rejection_of(POSITION_TOPIC, old).heard
    assert not rejection_of(POSITION_TOPIC, old, retained=True).heard
    assert not rejection_of(POSITION_TOPIC, b" ", retained=True).heard


@pytest.mark.parametrize(
    "topic",
    [
        "fleet",
        "fleet/",
        "fleet/a",
        "fleet/a/b",
        "fleet/a/b/",
        "fleet/a/b/position/",
        "fleet/a/b/c/position",
        "fleet//b/position",
        "fleet/a//position",
        "fleet/a/ b/position",
        "fleet/a/b\x00/position",
        "fleet/a/b\n/position",
        "fleet/+/b/position",
        "fleet/a/#/position",
        "fleet/a/" + "b" * 65 + "/position",
        "fleet/a/b/Position",
        "fleet/a/b/telemetry",
        "Fleet/a/b/position",
        "/fleet/a/b/position",
    ],
)
def test_a_topic_of_another_form_is_unknown(topic: str) -> None:
    """The payload is not even looked at."""
    assert rejection_of(topic, position()).reason is RejectReason.UNKNOWN_TOPIC


@pytest.mark.parametrize("number", ["1", "А-12 bis", "b" * 64, "№7", "1-2_3.4:5"])
def test_a_vehicle_may_be_called_what_people_call_it(number: str) -> None:
    """Identifiers are people's, Cyrillic and spaces included."""
    report = report_of(f"fleet/ИвПАТП-1/{number}/position", position())
    assert report.vehicle == VehicleId("ИвПАТП-1", number)


def test_the_moment_of_reception_is_that_of_a_status() -> None:
    """A status has no clock of its own."""
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert report_of(STATUS_TOPIC, b"online", received_at=later).observed_at == later
