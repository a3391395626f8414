"""Good messages of each format, at one moment, and a short way to decode what is made of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from models.decode import Decoded, decode
from models.equipment import DEFAULT_KINDS, Flag, Kinds
from models.rejection import Rejection
from models.report import Report
from models.rules import Rules

KINDS = Kinds((*DEFAULT_KINDS.names, "air_conditioning", "passenger_counter"))

RECEIVED_AT = datetime(2025, 6, 1, 12, 0, 1, tzinfo=UTC)
OBSERVED_AT = RECEIVED_AT - timedelta(seconds=1)

POSITION_TOPIC = "fleet/ivpat-1/1024/position"
EQUIPMENT_TOPIC = "fleet/ivpat-1/1024/equipment"
STATUS_TOPIC = "fleet/ivpat-1/1024/status"
HFP_TOPIC = "/hfp/v2/journey/ongoing/vp/bus/0018/00678/1065/2/Rautatientori/06:05/1020201/0"
OWNTRACKS_TOPIC = "owntracks/ivpat-1/1024"
TRACCAR_TOPIC = "traccar/positions"


def position(**changes: Any) -> dict[str, Any]:
    return {
        "observed_at": "2025-06-01T12:00:00Z",
        "latitude": 56.9971,
        "longitude": 40.9713,
        "speed_mps": 8.5,
        "bearing_deg": 271.5,
        "hdop": 0.9,
        "satellites": 14,
        "route_id": "33",
        "trip_id": "33-0712",
        "cctv": True,
        "cashless": {"fitted": True, "working": False},
    } | changes


def equipment(**changes: Any) -> dict[str, Any]:
    return {"observed_at": "2025-06-01T12:00:00Z", "cctv": True, "cashless": False} | changes


def event(kind: str = "VP", **changes: Any) -> dict[str, Any]:
    fields = {
        "desi": "65",
        "dir": "2",
        "oper": 6,
        "veh": 678,
        "tst": "2025-06-01T12:00:00.000Z",
        "tsi": 1748779200,
        "spd": 9.0,
        "hdg": 203,
        "lat": 60.173036,
        "long": 24.948786,
        "oday": "2025-06-01",
        "start": "15:00",
        "loc": "GPS",
        "route": "1065",
    }
    return {kind: fields | changes}


def location(**changes: Any) -> dict[str, Any]:
    return {
        "_type": "location",
        "tst": 1748779200,
        "lat": 56.9971,
        "lon": 40.9713,
        "vel": 36,
        "cog": 90,
        "acc": 12,
    } | changes


def forwarded(device: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    time = "2025-06-01T12:00:00.000+00:00"
    fields = {
        "id": 9,
        "deviceId": 4,
        "protocol": "egts",
        "serverTime": "2025-06-01T12:00:00.800+00:00",
        "deviceTime": time,
        "fixTime": time,
        "valid": True,
        "outdated": False,
        "latitude": 56.9971,
        "longitude": 40.9713,
        "speed": 10.0,
        "course": 90.0,
        "attributes": {"sat": 11, "hdop": 0.8},
    }
    owner = {"id": 4, "uniqueId": "860000000000001", "groupId": 0, "attributes": {}}
    return {"position": fields | changes, "device": owner | (device or {})}


class Example(NamedTuple):
    """A good message that is one report."""

    topic: str
    payload: dict[str, Any]


EXAMPLES = (
    Example(POSITION_TOPIC, position()),
    Example(POSITION_TOPIC, position(valid=True, fix=3, status="A", equipment={"wifi": True})),
    Example(EQUIPMENT_TOPIC, equipment()),
    Example(EQUIPMENT_TOPIC, equipment(equipment={"air_conditioning": {"fitted": True}})),
    Example(HFP_TOPIC, event()),
    Example(OWNTRACKS_TOPIC, location(created_at=1748779200)),
    Example(TRACCAR_TOPIC, forwarded()),
    Example(TRACCAR_TOPIC, forwarded(attributes={"sat": 5, "approximate": False, "cctv": 1})),
)


def as_json(payload: Any) -> bytes:
    """Write a payload."""
    return json.dumps(payload).encode()


def say(
    topic: str | bytes,
    payload: Any,
    rules: Rules | None = None,
    *,
    received_at: datetime = RECEIVED_AT,
    retained: bool = False,
) -> Decoded:
    """Decode a message; a payload that is not bytes is written as JSON."""
    raw_topic = topic.encode() if isinstance(topic, str) else topic
    raw = payload if isinstance(payload, bytes) else as_json(payload)
    return decode(raw_topic, raw, received_at, rules or Rules(), retained=retained)


def report_of(topic: str, payload: Any, **more: Any) -> Report:
    """Decode a message that is one report."""
    decoded = say(topic, payload, **more)
    assert not decoded.rejections
    (report,) = decoded.reports
    return report


def rejection_of(topic: str | bytes, payload: Any, **more: Any) -> Rejection:
    """Decode a message that is rejected, as one report."""
    decoded = say(topic, payload, **more)
    assert not decoded.reports
    (rejection,) = decoded.rejections
    return rejection


def flags_of(report: Report) -> dict[str, Flag]:
    """Return what a report says of equipment."""
    return KINDS.flags(report.equipment)
