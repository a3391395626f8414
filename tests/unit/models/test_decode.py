import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from models.decode import MAX_PAYLOAD_BYTES, Decoded, is_no_report
from models.gateways import Gateways
from models.rejection import Rejection, RejectReason
from models.report import Fix, Report
from models.rules import Rules, ServiceArea
from models.vehicle import is_identifier
from tests.unit.models.hostile import aimed, anything
from tests.unit.models.messages import (
    EQUIPMENT_TOPIC,
    EXAMPLES,
    HFP_TOPIC,
    POSITION_TOPIC,
    STATUS_TOPIC,
    Example,
    equipment,
    event,
    position,
    rejection_of,
    report_of,
    say,
)

HELSINKI_ONLY = Rules(service_area=ServiceArea(24.0, 60.0, 26.0, 61.0))

fuzzed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_storable(report: Report) -> None:
    """Whatever was published, what comes out is what the report's own words promise."""
    assert is_identifier(report.vehicle.operator_id)
    assert is_identifier(report.vehicle.vehicle_id)
    assert report.observed_at.tzinfo is UTC
    assert report.sent_at is None or report.sent_at.tzinfo is UTC
    assert report.equipment & ~0xFF == 0, "only the two built-in kinds are known here"
    if report.fix is not None:
        assert_plausible(report.fix)


def assert_plausible(fix: Fix) -> None:
    assert -90 <= fix.latitude <= 90
    assert -180 <= fix.longitude <= 180
    assert fix.speed_mps is None or 0 <= fix.speed_mps <= 70
    assert fix.bearing_deg is None or 0 <= fix.bearing_deg < 360
    assert fix.hdop is None or 0 <= fix.hdop < 100
    assert fix.satellites is None or 0 <= fix.satellites < 256
    for text in (fix.route_id, fix.trip_id):
        assert text is None or (len(text.encode()) < 1_000 and "\x00" not in text)


def assert_tellable(rejection: Rejection) -> None:
    """A rejection has a reason of the closed set and a detail that can be stored and shown."""
    assert rejection.reason in RejectReason
    assert 1 <= len(rejection.detail) <= 300
    assert "\x00" not in rejection.detail
    rejection.detail.encode()


def assert_accounted(decoded: Decoded, message: tuple[bytes, bytes]) -> None:
    assert decoded.reports or decoded.rejections or is_no_report(*message)
    assert decoded.unknown_equipment >= 0
    for report in decoded.reports:
        assert_storable(report)
    for rejection in decoded.rejections:
        assert_tellable(rejection)


@fuzzed
@given(aimed)
def test_a_message_gone_wrong_becomes_reports_or_rejections(message: tuple[bytes, bytes]) -> None:
    """Mutated payloads on their own topic: at least one outcome, never an exception."""
    assert_accounted(say(*message), message)


@fuzzed
@given(anything)
def test_anything_on_any_topic_becomes_reports_or_rejections(message: tuple[bytes, bytes]) -> None:
    """Invalid topics and invalid payloads: the worker goes on."""
    assert_accounted(say(*message), message)
    retained = say(*message, retained=True)
    assert_accounted(retained, message)
    assert not any(report.heard for report in retained.reports)
    assert not any(rejection.heard for rejection in retained.rejections)


@fuzzed
@given(anything)
def test_a_message_decodes_the_same_each_time(message: tuple[bytes, bytes]) -> None:
    """A rejected message that is replayed meets the same judgement."""
    assert say(*message) == say(*message)


CAUSES: dict[RejectReason, tuple[str | bytes, Any]] = {
    RejectReason.NOT_JSON: (POSITION_TOPIC, b'{"observed_at":'),
    RejectReason.SCHEMA: (POSITION_TOPIC, {"observed_at": "2025-06-01T12:00:00Z"}),
    RejectReason.UNKNOWN_TOPIC: ("fleet/ivpat-1/1024/speed", position()),
    RejectReason.TOPIC_MISMATCH: (HFP_TOPIC, event(veh=679)),
    RejectReason.TOO_LARGE: (POSITION_TOPIC, position(note="x" * MAX_PAYLOAD_BYTES)),
    RejectReason.OUT_OF_RANGE: (POSITION_TOPIC, position(latitude=90.1)),
    RejectReason.NULL_ISLAND: (POSITION_TOPIC, position(latitude=0, longitude=0)),
    RejectReason.OUTSIDE_AREA: (POSITION_TOPIC, position()),
    RejectReason.IN_FUTURE: (POSITION_TOPIC, position(observed_at="2025-06-01T12:01:02Z")),
    RejectReason.TOO_OLD: (POSITION_TOPIC, position(observed_at="2025-05-01T12:00:00Z")),
}


def test_a_cause_is_known_for_every_reason() -> None:
    """The closed set is closed: a new reason needs its cause here."""
    assert set(CAUSES) == set(RejectReason)


@pytest.mark.parametrize("reason", RejectReason)
def test_each_reason_comes_from_its_cause(reason: RejectReason) -> None:
    """One fault, one reason; the same message without the fault is taken."""
    topic, payload = CAUSES[reason]
    rules = HELSINKI_ONLY if reason is RejectReason.OUTSIDE_AREA else Rules()
    assert rejection_of(topic, payload, rules=rules).reason is reason
    assert say(POSITION_TOPIC, position()).rejections == []


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize(
    ("shift", "reason"),
    [(timedelta(days=31), RejectReason.TOO_OLD), (timedelta(hours=-1), RejectReason.IN_FUTURE)],
)
def test_every_format_is_judged_by_its_time(
    example: Example, shift: timedelta, reason: RejectReason
) -> None:
    """The same message, received at another moment."""
    received_at = datetime(2025, 6, 1, 12, 0, 1, tzinfo=UTC) + shift
    rejection = rejection_of(example.topic, example.payload, received_at=received_at)
    assert rejection.reason is reason
    assert rejection.vehicle is not None


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_format_rejects_what_is_no_json(example: Example) -> None:
    """Cut, binary, empty, doubled: it cannot be opened."""
    whole = json.dumps(example.payload).encode()
    for payload in (
        whole[:-1],
        b" ",
        b"\x80\x81",
        whole + b"}",
        whole + b"\0" + whole,
    ):
        assert rejection_of(example.topic, payload).reason is RejectReason.NOT_JSON


@pytest.mark.parametrize("topic", [*(example.topic for example in EXAMPLES), STATUS_TOPIC])
def test_a_payload_beyond_the_bound_is_not_parsed(topic: str) -> None:
    """256 KiB are parsed, one byte more is not, on any known topic."""
    at_bound = rejection_of(topic, b"x" * MAX_PAYLOAD_BYTES)
    beyond = rejection_of(topic, b"x" * (MAX_PAYLOAD_BYTES + 1))
    assert at_bound.reason in (RejectReason.NOT_JSON, RejectReason.SCHEMA)
    assert beyond.reason is RejectReason.TOO_LARGE


def test_a_large_payload_within_the_bound_is_taken() -> None:
    """Size alone is not a fault."""
    padding = MAX_PAYLOAD_BYTES - len(json.dumps(position(note="")).encode())
    assert report_of(POSITION_TOPIC, position(note="x" * padding)).fix is not None


@pytest.mark.parametrize(
    "topic",
    [b"", b"/", b"fleet", b"\xff/fleet/a/b/position", b"fleet/\xff/b/position", b"$SYS/broker"],
)
def test_a_topic_of_no_format_is_unknown(topic: bytes) -> None:
    """It need not even be UTF-8."""
    rejection = rejection_of(topic, position())
    assert rejection.reason is RejectReason.UNKNOWN_TOPIC
    assert rejection.vehicle is None


def test_a_detail_does_not_carry_what_a_database_rejects() -> None:
    """NUL in a name that the payload gives is not quoted back."""
    rejection = rejection_of(POSITION_TOPIC, position(vehicle_id="10\x0024"))
    assert rejection.reason is RejectReason.TOPIC_MISMATCH
    assert_tellable(rejection)
    assert_tellable(rejection_of(HFP_TOPIC, {"V\x00P": None}))


def test_reports_and_rejections_name_their_element() -> None:
    """A replay looks at the rejected alone; a message that cannot be opened has none."""
    array = [position(), {}, position(latitude=91), position(cctv=False)]
    decoded = say(POSITION_TOPIC, array)
    assert [rejection.element for rejection in decoded.rejections] == [1, 2]
    assert [report.element for report in decoded.reports] == [0, 3]
    equipped = say(EQUIPMENT_TOPIC, [equipment(), 7, equipment(), equipment()])
    assert [report.element for report in equipped.reports] == [0, 2, 3]
    assert rejection_of(POSITION_TOPIC, b"[{]").element is None
    assert rejection_of(POSITION_TOPIC, {}).element is None


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf \r\n", b"\t\n"])
@pytest.mark.parametrize("after", [b"", b"\0", b"\0\0\0", b" \n\0", b"\0\r\n"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_what_a_device_puts_around_a_text_is_passed_over(
    example: Example, before: bytes, after: bytes
) -> None:
    """.NET writes a BOM before it, C sends strlen + 1 bytes: neither is a fault (RFC 8259, 8.1)."""
    for payload in (json.dumps(example.payload), json.dumps([example.payload])):
        whole = before + payload.encode() + after
        assert say(example.topic, whole) == say(example.topic, payload.encode())


def test_a_status_may_be_a_c_string() -> None:
    """The same for what is not JSON."""
    assert report_of(STATUS_TOPIC, b"\xef\xbb\xbfonline\r\n\0").heard


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"{'ts': 1}", 'key must be a string at line 1 column 2: "\'" (U+0027)'),
        ('{"ts": “1”}'.encode(), "expected value at line 1 column 8: '“' (U+201C)"),
        (b'{"ts":\n  \x00}', "expected value at line 2 column 3: '\\x00' (U+0000)"),
        (b'{"ts": "\xff"}', "line 1 column 9: byte 0xFF, which is not UTF-8"),
        (b'{"ts": "a\nb"}', "line 2 column 0: '\\n' (U+000A)"),
        (b"\xff\xfe{\x00", "line 1 column 1: byte 0xFF, which is not UTF-8"),
        (b"[{}, }", "line 1 column 6: '}' (U+007D)"),
        (b'{"ts": 1', "EOF while parsing an object at line 1 column 8"),
        (b" ", "EOF while parsing a value at line 1 column 1"),
    ],
)
def test_what_is_not_json_is_shown(payload: bytes, shown: str) -> None:
    """The detail names the character, however little there is to see of it."""
    rejection = rejection_of(POSITION_TOPIC, payload)
    assert rejection.reason is RejectReason.NOT_JSON
    assert rejection.detail.endswith(shown)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_the_broker_remembers_is_not_heard(example: Example) -> None:
    """Of a retained message the fix and the flags are kept: they have their own time."""
    report = report_of(example.topic, example.payload)
    assert report.heard
    retained = report_of(example.topic, example.payload, retained=True)
    assert retained == report._replace(heard=False)
    array = say(POSITION_TOPIC, [position(), position()], retained=True)
    assert [each.heard for each in array.reports] == [False, False]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (POSITION_TOPIC, b""),
        ("fleet/ivpat-1/1024/status", b""),
        ("fleet/ivpat-1/1024/cmd", b"reboot"),
        ("owntracks/ivpat-1/1024/cmd", {"_type": "cmd", "action": "dump"}),
        ("owntracks/ivpat-1/1024/request", {"_type": "request"}),
    ],
)
def test_what_is_not_of_a_device_is_no_report(topic: str, payload: Any) -> None:
    """What clears a retained message, and what is said to a bus, make none rejected."""
    assert say(topic, payload) == Decoded([], [])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.topic)
def test_a_prefix_stands_before_every_topic(example: Example) -> None:
    """Of every format; a topic without it is not ours."""
    rules = Rules(gateways=Gateways(topic_prefix="region-37/"))
    with_it = say(f"region-37/{example.topic}", example.payload, rules)
    assert with_it == say(example.topic, example.payload)
    assert with_it.reports
    rejection = rejection_of(example.topic, example.payload, rules=rules)
    assert rejection.reason is RejectReason.UNKNOWN_TOPIC
