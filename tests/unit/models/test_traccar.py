from datetime import timedelta
from typing import Any

import pytest

from models.rejection import RejectReason
from models.report import Fix, Flag, Report
from models.vehicle import VehicleId
from tests.unit.models.messages import (
    OBSERVED_AT,
    TRACCAR_TOPIC,
    forwarded,
    rejection_of,
    report_of,
)

EARLIER = "2025-06-01T11:00:00.000+00:00"


def test_a_forwarded_position_becomes_a_fix() -> None:
    """Knots become m/s; satellites and hdop come from the attributes."""
    report = report_of(TRACCAR_TOPIC, forwarded())
    assert report.vehicle == VehicleId("traccar", "860000000000001")
    assert report.observed_at == OBSERVED_AT
    assert report.fix == Fix(56.9971, 40.9713, 18520 / 3600, 90.0, 0.8, 11)


@pytest.mark.parametrize(
    ("device", "operator_id"),
    [
        ({"groupId": 0}, "traccar"),
        ({"groupId": None}, "traccar"),
        ({"groupId": 7}, "7"),
        ({"groupId": 7, "attributes": {"operatorId": "ivpat-1"}}, "ivpat-1"),
        ({"groupId": 7, "attributes": {"operatorId": 18}}, "18"),
        ({"groupId": 7, "attributes": {"operatorId": None}}, "7"),
        ({"groupId": 7, "attributes": {"operatorId": ""}}, "7"),
        ({"groupId": 7, "attributes": None}, "7"),
    ],
)
def test_the_operator_is_attribute_or_group_or_traccar(
    device: dict[str, Any], operator_id: str
) -> None:
    """The device's own attribute wins over its group."""
    assert report_of(TRACCAR_TOPIC, forwarded(device)).vehicle.operator_id == operator_id


@pytest.mark.parametrize("flagged", [{"valid": False}, {"outdated": True}])
def test_a_position_flagged_invalid_or_old_is_a_contact(flagged: dict[str, Any]) -> None:
    """Traccar repeats the last position, whose fixTime is then not that of the message."""
    report = report_of(TRACCAR_TOPIC, forwarded(fixTime=EARLIER, **flagged))
    assert report == Report(VehicleId("traccar", "860000000000001"), OBSERVED_AT)


def test_a_fix_is_of_its_own_time() -> None:
    """A valid position was observed at fixTime, whenever the device sent it."""
    report = report_of(TRACCAR_TOPIC, forwarded(fixTime=EARLIER))
    assert report.observed_at == OBSERVED_AT - timedelta(hours=1)


def test_a_contact_without_the_devices_time_is_of_traccars() -> None:
    """serverTime is when Traccar heard the device."""
    report = report_of(TRACCAR_TOPIC, forwarded(valid=False, deviceTime=None))
    assert report.observed_at == OBSERVED_AT + timedelta(milliseconds=800)


@pytest.mark.parametrize(
    ("attributes", "sat", "hdop"),
    [
        (None, None, None),
        ({}, None, None),
        ({"sat": "11", "hdop": "0.8"}, None, None),
        ({"sat": 11.5, "hdop": [1]}, None, None),
        ({"sat": 400, "hdop": -1}, None, None),
        ({"sat": 4, "hdop": 2, "ignition": True}, 4, 2.0),
    ],
)
def test_an_attribute_that_cannot_be_used_is_not_there(
    attributes: Any, sat: int | None, hdop: float | None
) -> None:
    """Each protocol's decoder writes attributes as it likes; the position stays good."""
    fix = report_of(TRACCAR_TOPIC, forwarded(attributes=attributes)).fix
    assert fix is not None
    assert (fix.satellites, fix.hdop) == (sat, hdop)


@pytest.mark.parametrize("valid", [True, False])
def test_equipment_comes_from_attributes_that_are_truths(valid: bool) -> None:
    """A computed attribute may tell a flag; one that is no boolean tells nothing."""
    attributes = {"cctv": False, "cashless": 1}
    report = report_of(TRACCAR_TOPIC, forwarded(attributes=attributes, valid=valid))
    assert (report.cctv, report.cashless) == (Flag(False), None)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        [forwarded()],
        {"position": forwarded()["position"]},
        {"device": forwarded()["device"], "event": {}},
        forwarded() | {"position": None},
        forwarded({"uniqueId": None}),
        forwarded({"uniqueId": ""}),
        forwarded({"uniqueId": "a/b"}),
        forwarded({"attributes": {"operatorId": "a+b"}}),
        forwarded(fixTime=None),
        forwarded(valid=False, deviceTime=None, serverTime=None),
        forwarded(valid="true"),
        forwarded(latitude="57"),
        forwarded(attributes=[]),
    ],
)
def test_a_payload_of_another_form_is_rejected(payload: Any) -> None:
    """Position and device are both needed, each with what names it."""
    assert rejection_of(TRACCAR_TOPIC, payload).reason is RejectReason.SCHEMA


@pytest.mark.parametrize("topic", ["traccar/positions/", "traccar/positions/7", "traccar/events"])
def test_only_the_one_topic_is_traccars(topic: str) -> None:
    """Other forwards have other payloads."""
    assert rejection_of(topic, forwarded()).reason is RejectReason.UNKNOWN_TOPIC
