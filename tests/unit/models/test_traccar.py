from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from models.equipment import Flag
from models.gateways import EquipmentInput, Gateways, Traccar
from models.rejection import RejectReason
from models.report import Fix, Report
from models.rules import Rules
from models.vehicle import VehicleId
from tests.unit.models.messages import (
    OBSERVED_AT,
    RECEIVED_AT,
    TRACCAR_TOPIC,
    flags_of,
    forwarded,
    rejection_of,
    report_of,
    say,
)

BUS = VehicleId("traccar", "860000000000001")
WORKS = Flag(True, True)
EARLIER = "2025-06-01T11:00:00.000+00:00"


def ago(seconds: float) -> str:
    """Return when something was, as Traccar writes it; the device speaks at 0."""
    return (OBSERVED_AT - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def test_a_forwarded_position_becomes_a_fix() -> None:
    """Knots become m/s; satellites and hdop come from the attributes."""
    report = report_of(TRACCAR_TOPIC, forwarded())
    assert report.vehicle == BUS
    assert report.observed_at == report.sent_at == OBSERVED_AT
    assert report.fix == Fix(56.9971, 40.9713, 18520 / 3600, 90.0, 0.8, 11)


@pytest.mark.parametrize(
    ("device", "operator_id"),
    [
        ({"groupId": 0}, "traccar"),
        ({"groupId": None}, "traccar"),
        ({"groupId": 7}, "7"),
        ({"groupId": 7.0}, "7"),
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


@pytest.mark.parametrize(
    "mark",
    [
        {"valid": False},
        {"valid": 0},
        {"outdated": True},
        {"attributes": {"approximate": True}},
        {"attributes": {"sat": 0}},
        {"attributes": {"sat": 0.0}},
        {"fixTime": EARLIER},
        {"fixTime": ago(30.001)},
        {"fixTime": "1980-01-06T00:00:00.000+00:00", "valid": False},
        {"fixTime": None, "valid": False},
        {"latitude": None, "longitude": None},
    ],
)
def test_what_is_no_fix_of_its_own_is_a_contact_at_the_devices_time(mark: dict[str, Any]) -> None:
    """Marked invalid, located from cell towers, without a satellite, or the last one repeated.

    Traccar says ``outdated`` up to 6.9; since then fixTime stands still while deviceTime goes on.
    """
    report = report_of(TRACCAR_TOPIC, forwarded(**mark))
    assert report == Report(BUS, OBSERVED_AT, sent_at=OBSERVED_AT)


@pytest.mark.parametrize(
    "mark",
    [
        {"valid": True},
        {"valid": None},
        {"valid": "true"},
        {"valid": "?"},
        {"outdated": None},
        {"attributes": {"approximate": False}},
        {"attributes": {"sat": 1}},
        {"attributes": {"sat": -1}},
        {"attributes": {}},
        {"attributes": None},
        {"attributes": []},
        {"attributes": "none"},
    ],
)
def test_what_is_not_marked_is_a_fix(mark: dict[str, Any]) -> None:
    """A mark that cannot be read is not one."""
    assert report_of(TRACCAR_TOPIC, forwarded(**mark)).fix is not None


@pytest.mark.parametrize("seconds", [0, 0.5, 30, -0.5, -20])
def test_a_fix_is_of_its_own_time(seconds: float) -> None:
    """A position was observed at fixTime, and sent no earlier."""
    report = report_of(TRACCAR_TOPIC, forwarded(fixTime=ago(seconds)))
    assert report.fix is not None
    assert report.observed_at == OBSERVED_AT - timedelta(seconds=seconds)
    assert report.sent_at == OBSERVED_AT - timedelta(seconds=min(seconds, 0))


def test_a_backlog_was_observed_and_sent_long_ago() -> None:
    """Its fixes are their own, however late they come."""
    report = report_of(TRACCAR_TOPIC, forwarded(fixTime=EARLIER, deviceTime=EARLIER))
    assert report.fix is not None
    assert report.observed_at == report.sent_at == OBSERVED_AT - timedelta(hours=1)


def test_a_contact_without_the_devices_time_is_of_traccars() -> None:
    """serverTime is when Traccar heard the device."""
    report = report_of(TRACCAR_TOPIC, forwarded(valid=False, deviceTime=None))
    assert report.observed_at == OBSERVED_AT + timedelta(milliseconds=800)
    assert report.sent_at is None


@pytest.mark.parametrize("time", [None, "soon", "", 0.5, [], {}])
def test_a_device_time_that_cannot_be_used_costs_no_position(time: Any) -> None:
    """Then it is not known when the device spoke."""
    report = report_of(TRACCAR_TOPIC, forwarded(deviceTime=time, serverTime=time))
    assert report.fix is not None
    assert report.observed_at == OBSERVED_AT
    assert report.sent_at in {None, OBSERVED_AT}


@pytest.mark.parametrize(
    ("attributes", "sat", "hdop"),
    [
        (None, None, None),
        ({}, None, None),
        ({"sat": "11", "hdop": "0.8"}, 11, 0.8),
        ({"sat": 11.5, "hdop": [1]}, None, None),
        ({"sat": 400, "hdop": -1}, None, None),
        ({"sat": True, "hdop": True}, None, None),
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
        forwarded(latitude="57"),
        forwarded({"groupId": True}),
        forwarded({"attributes": []}),
    ],
)
def test_a_payload_of_another_form_is_rejected(payload: Any) -> None:
    """Position and device are both needed, each with what names it."""
    assert rejection_of(TRACCAR_TOPIC, payload).reason is RejectReason.SCHEMA


@pytest.mark.parametrize("topic", ["traccar/positions/", "traccar/positions/7", "traccar/events"])
def test_only_the_one_topic_is_traccars(topic: str) -> None:
    """Other forwards have other payloads."""
    assert rejection_of(topic, forwarded()).reason is RejectReason.UNKNOWN_TOPIC


def repeated(minutes: float, **changes: Any) -> Report:
    """Decode what Traccar forwards of a device that had its last fix so long ago."""
    received_at = RECEIVED_AT + timedelta(minutes=minutes)
    spoke_at = (OBSERVED_AT + timedelta(minutes=minutes)).isoformat()
    payload = forwarded(deviceTime=spoke_at, serverTime=spoke_at, **changes)
    return report_of(TRACCAR_TOPIC, payload, received_at=received_at)


def test_whose_position_cannot_be_read_is_known() -> None:
    """The device names it: why the vehicle is not trackable is no riddle then."""
    rejection = rejection_of(TRACCAR_TOPIC, forwarded(latitude="57.0"))
    assert (rejection.reason, rejection.vehicle) == (RejectReason.SCHEMA, BUS)
    assert rejection.detail.startswith("position.latitude: ")


def test_a_device_that_repeats_its_last_fix_is_heard_without_one() -> None:
    """Each heartbeat is a report of its own time, so that none is taken for a duplicate."""
    reports = [repeated(minutes / 2, attributes={"sat": 9}) for minutes in range(14, 25)]
    assert {report.fix for report in reports} == {None}
    assert len({report.observed_at for report in reports}) == len(reports)
    assert reports[-1].sent_at == OBSERVED_AT + timedelta(minutes=12)


def test_flags_are_of_the_moment_when_the_device_spoke() -> None:
    """Beside a repeated fix they are news; beside a fix of its own they come with it."""
    said = {"attributes": {"cctv": False, "cashless": True}}
    later = repeated(7, **said)
    assert later.observed_at == later.sent_at == OBSERVED_AT + timedelta(minutes=7)
    assert flags_of(later) == {"cctv": Flag(False), "cashless": Flag(True)}
    soon = report_of(TRACCAR_TOPIC, forwarded(fixTime=ago(20), **said))
    assert soon.fix is not None
    assert soon.observed_at == OBSERVED_AT - timedelta(seconds=20)
    assert soon.sent_at == OBSERVED_AT
    assert flags_of(soon) == flags_of(later)


class Heartbeat(NamedTuple):
    """What Traccar 6.14 forwards of a GPS103 tracker, and what it means."""

    fixed: str
    valid: bool
    spoke: str
    has_fix: bool


@pytest.mark.parametrize(
    "beat",
    [
        pytest.param(Heartbeat(ago(600), True, ago(600), True), id="a fix ten minutes ago"),
        pytest.param(Heartbeat(ago(600), True, ago(0), False), id="cell towers, fix repeated"),
        pytest.param(
            Heartbeat("1980-01-06T00:00:00.000+00:00", False, ago(0), False), id="never a fix"
        ),
        pytest.param(Heartbeat(ago(0), False, ago(0), False), id="an invalid fix"),
        pytest.param(Heartbeat(ago(0), True, ago(0), True), id="a fix"),
    ],
)
def test_what_a_tracker_s_reports_mean(beat: Heartbeat) -> None:
    """As captured: cell towers stand in ``network``, all the rest is as of the last fix."""
    towers = {"radioType": "gsm", "cellTowers": [{"cellId": 20983, "locationAreaCode": 10602}]}
    report = report_of(
        TRACCAR_TOPIC,
        forwarded(
            protocol="gps103",
            fixTime=beat.fixed,
            deviceTime=beat.spoke,
            valid=beat.valid,
            attributes={"distance": 0.0, "totalDistance": 0.0, "motion": True},
            network=towers,
        ),
    )
    assert (report.fix is not None) == beat.has_fix
    assert report.sent_at == datetime.fromisoformat(beat.spoke)
    assert report.observed_at == report.sent_at
    assert report.heard


def read_by(**options: Any) -> Rules:
    """Return the rules of an installation that names things in its own way."""
    return Rules(gateways=Gateways(Traccar(**options)))


@pytest.mark.parametrize(
    ("device", "operator_id"),
    [
        ({"groupId": 3}, "north"),
        ({"groupId": 4}, "north"),
        ({"groupId": 9}, "others"),
        ({"groupId": 0}, "others"),
        ({"groupId": 3, "attributes": {"Перевозчик": "south "}}, "south"),
        ({"groupId": 3, "attributes": {"Перевозчик": ""}}, "north"),
        ({"groupId": 3, "attributes": {"operatorId": "east"}}, "north"),
    ],
)
def test_groups_and_attributes_are_operators_by_setting(
    device: dict[str, Any], operator_id: str
) -> None:
    """A device that is moved between two groups of one operator stays the same vehicle."""
    rules = read_by(
        operators={"3": "north", "4": "north", "*": "others"}, operator_attribute="Перевозчик"
    )
    report = report_of(TRACCAR_TOPIC, forwarded(device), rules=rules)
    assert report.vehicle == VehicleId(operator_id, BUS.vehicle_id)


@pytest.mark.parametrize(
    ("device", "by_name", "by_attribute"),
    [
        ({"name": " 101 ", "attributes": {"garage": 7.0}}, "101", "7"),
        ({"name": "A/1", "attributes": {"garage": True}}, BUS.vehicle_id, BUS.vehicle_id),
        ({"name": None, "attributes": None}, BUS.vehicle_id, BUS.vehicle_id),
    ],
)
def test_the_vehicle_is_named_by_setting(
    device: dict[str, Any], by_name: str, by_attribute: str
) -> None:
    """By the device's name or an attribute; by its number where that names no vehicle."""
    for vehicle, expected in (("name", by_name), ("garage", by_attribute)):
        report = report_of(TRACCAR_TOPIC, forwarded(device), rules=read_by(vehicle=vehicle))
        assert report.vehicle.vehicle_id == expected


@pytest.mark.parametrize(
    ("attributes", "flags", "unknown"),
    [
        ({"in1": True, "input": 0}, {"cctv": Flag(True, True), "cashless": Flag(True, False)}, 0),
        ({"in1": 0, "input": 4.0}, {"cctv": Flag(True, False), "cashless": Flag(True, True)}, 0),
        (
            {"in1": "true", "input": "5"},
            {"cctv": Flag(True, True), "cashless": Flag(True, True)},
            0,
        ),
        ({"in1": "on", "input": -1}, {}, 2),
        ({"in1": None}, {}, 0),
        ({"door": 1.0}, {"cctv": Flag(False)}, 0),
        ({"cctv": {"fitted": True, "working": False}}, {"cctv": Flag(True, False)}, 0),
    ],
)
def test_inputs_say_what_works(
    attributes: dict[str, Any], flags: dict[str, Flag], unknown: int
) -> None:
    """A truth, a bit of a mask, or the opposite; what says nothing is counted."""
    inputs = (
        EquipmentInput("cctv", "working", "in1"),
        EquipmentInput("cashless", "working", "input", bit=2),
        EquipmentInput("cctv", "fitted", "door", inverted=True),
        EquipmentInput("lift", "working", "in1"),
    )
    decoded = say(TRACCAR_TOPIC, forwarded(attributes=attributes), rules=read_by(inputs=inputs))
    assert flags_of(decoded.reports[0]) == flags
    assert decoded.unknown_equipment == unknown
