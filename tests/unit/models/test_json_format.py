"""JSON of other gateways: described in the settings, read by the native format's rules."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.equipment import Flag
from models.gateways import Gateways
from models.json_format import parse_json_formats
from models.mapped_json import at
from models.rejection import RejectReason
from models.report import Fix
from models.rules import Rules
from models.vehicle import VehicleId
from tests.unit.models.messages import OBSERVED_AT, flags_of, rejection_of, report_of, say

DESCRIBED = """
[[format]]
name = "depot gateway"
topic = "gps/{operator_id}/{vehicle_id}"
reports = "/data"
[format.pointers]
observed_at = "/t"
latitude = "/at/0"
longitude = "/at/1"
speed = "/v"
route_id = "/route"
vehicle_id = "/bus"
[format.units]
speed = "km/h"
[format.equipment]
"cctv.working" = "/in/1"
cashless = "/pay"

[[format]]
name = "minutes"
topic = "legacy/#"
operator_id = "old"
[format.pointers]
observed_at = "/time"
latitude = "/y"
longitude = "/x"
vehicle_id = "/id"
[format.units]
coordinates = "1e-7 degrees"
"""
RULES = Rules(gateways=Gateways(json_formats=parse_json_formats(DESCRIBED)))
TOPIC = "gps/north/101"


def described(**changes: Any) -> dict[str, Any]:
    report = {"t": OBSERVED_AT.isoformat(), "at": [57.1, "41.2"], "v": 36, "in": [0, "1"], "pay": 0}
    return {"data": report | changes}


def test_a_report_is_read_by_its_pointers() -> None:
    """Topic, units, equipment; numbers may be text."""
    report = report_of(TOPIC, described(route=24), rules=RULES)
    assert report.vehicle == VehicleId("north", "101")
    assert report.observed_at == OBSERVED_AT
    assert report.fix == Fix(57.1, 41.2, 10.0, route_id="24")
    assert flags_of(report) == {"cctv": Flag(True, True), "cashless": Flag(False)}


def test_an_array_is_as_many_reports() -> None:
    """Each judged on its own, with its place."""
    good = described()["data"]
    decoded = say(TOPIC, {"data": [good, {}, 3, good | {"t": 1748779201}]}, rules=RULES)
    assert [report.element for report in decoded.reports] == [0, 3]
    assert [rejection.element for rejection in decoded.rejections] == [1, 2]


def test_the_report_may_name_the_vehicle() -> None:
    """And the settings the operator; coordinates may be whole numbers."""
    payload = {"time": OBSERVED_AT.isoformat(), "y": 571234567, "x": 412345678, "id": 7.0}
    report = report_of("legacy/any/thing", payload, rules=RULES)
    assert report.vehicle == VehicleId("old", "7")
    assert report.fix is not None
    assert (report.fix.latitude, report.fix.longitude) == pytest.approx((57.1234567, 41.2345678))


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (TOPIC, described(bus="102"), RejectReason.TOPIC_MISMATCH),
        (TOPIC, described(at=["x", 1]), RejectReason.SCHEMA),
        (TOPIC, described(t=None), RejectReason.SCHEMA),
        (TOPIC, b"{", RejectReason.NOT_JSON),
        (TOPIC, {"data": []}, RejectReason.SCHEMA),
        ("legacy/x", {"id": "a/b"}, RejectReason.SCHEMA),
        ("gps/north", described(), RejectReason.UNKNOWN_TOPIC),
        ("gps/north/1/x", described(), RejectReason.UNKNOWN_TOPIC),
    ],
)
def test_what_does_not_fit_is_rejected(topic: str, payload: Any, reason: RejectReason) -> None:
    """With the reason that the native format would have."""
    assert rejection_of(topic, payload, rules=RULES).reason is reason


@given(st.binary(max_size=60) | st.sampled_from([b"[]", b"{}", b"0", b'{"data":[[]]}']))
def test_any_payload_is_reports_or_a_reason(payload: bytes) -> None:
    """Never an exception."""
    decoded = say(TOPIC, payload, rules=RULES)
    assert decoded.reports or decoded.rejections or not payload


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("", {"a": [1, {"b/c": 2, "": 3}]}), ("/a/0", 1), ("/a/1/b~1c", 2), ("/a/1/", 3)]
    + [(pointer, None) for pointer in ("/b", "/a/2", "/a/-1", "/a/0/x", "/a/x")],
)
def test_pointers_point(pointer: str, value: Any) -> None:
    """As RFC 6901 says; at nothing where there is nothing."""
    assert at({"a": [1, {"b/c": 2, "": 3}]}, pointer) == value


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("/t", "t"), "observed_at: a JSON pointer begins with /"),
        (("gps/{operator_id}", "gps/x{operator_id}#"), "topic: expected levels"),
        (("gps/{operator_id}", "gps/+"), "operator_id is neither in the topic nor in pointers"),
        (("km/h", "parsecs"), "units.speed"),
        (("cctv.working", "cctv.broken"), "expected a kind of equipment"),
        (("reports", "report"), "Extra inputs"),
        (("[[format]]", "[[format"), "expected TOML"),
    ],
)
def test_a_wrong_description_is_told_by_its_place(change: tuple[str, str], words: str) -> None:
    """In one line, before anything is received."""
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_json_formats(DESCRIBED.replace(*change, 1))
