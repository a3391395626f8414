"""fleetgauge's own topics, ``fleet/{operator_id}/{vehicle_id}/…`` (docs/formats.md, Native)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, NotRequired, TypeVar

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from models.equipment import BITS, Kinds
from models.flags import NOTHING, FlagBits, flag_bits, flags_bits
from models.rejection import Rejected, Rejection, RejectReason
from models.report import Fix, Report
from models.rules import Rules, utc
from models.values import (
    Bearing,
    Degrees,
    Hdop,
    Mark,
    Moment,
    Name,
    Satellites,
    Speed,
    Text,
    says_no_fix,
)
from models.vehicle import VehicleId, named
from models.wire import LENIENT, parse, parse_array, parse_element
from models.wire_format import Example, Opened, WireFormat

ONLINE: Final = "online"
OFFLINE: Final = "offline"
"""What a device's status is; ``offline`` is its last will."""


class _Named(TypedDict):
    """The payload may name the vehicle too; then it must be the topic's."""

    __pydantic_config__ = LENIENT  # type: ignore[misc]

    operator_id: NotRequired[Name | None]
    vehicle_id: NotRequired[Name | None]
    observed_at: Annotated[Moment, Field(validation_alias=AliasChoices("observed_at", "ts"))]
    cctv: NotRequired[Any]
    cashless: NotRequired[Any]
    equipment: NotRequired[Any]


class _Position(_Named):
    latitude: Annotated[Degrees | None, Field(validation_alias=AliasChoices("latitude", "lat"))]
    longitude: Annotated[Degrees | None, Field(validation_alias=AliasChoices("longitude", "lon"))]
    speed_mps: NotRequired[
        Annotated[Speed, Field(validation_alias=AliasChoices("speed_mps", "speed"))]
    ]
    bearing_deg: NotRequired[
        Annotated[Bearing, Field(validation_alias=AliasChoices("bearing_deg", "bearing"))]
    ]
    hdop: NotRequired[Hdop]
    satellites: NotRequired[Satellites]
    route_id: NotRequired[Text]
    trip_id: NotRequired[Text]
    valid: NotRequired[Mark]
    fix: NotRequired[Mark]
    """Of the numbers that NMEA 0183 has for it, 0 is false in each of its sentences."""
    status: NotRequired[Text]
    """NMEA 0183 has V in RMC and GLL where the receiver warns of what it says."""


_POSITION = TypeAdapter(_Position)
_EQUIPMENT = TypeAdapter(_Named)

_Payload = TypeVar("_Payload", bound=_Named)


def decode(topic: str, payload: bytes, received_at: datetime, rules: Rules) -> Opened:
    """Return what a message on ``fleet/#`` says, one item a report, not yet judged.

    Raises:
        Rejected: the message cannot be opened.
    """
    vehicle, kind = _address(topic)
    match kind:
        case "position":
            return _each(_POSITION, _position_report, vehicle, payload, rules.kinds)
        case "equipment":
            return _each(_EQUIPMENT, _equipment_report, vehicle, payload, rules.kinds)
    return (_status_report(vehicle, payload, received_at),), 0


def usual_position(topic: bytes, payload: bytes, kinds: Kinds) -> Report | None:
    """Return the one report of a usual message, not yet judged; None: ``decode`` tells what it is.

    Nearly all messages are an object of a position, and good. All ways of a payload to be something
    else take longer to pass by than this takes to read it: 6.7 µs a message in all, here 4.5.
    """
    if payload[:1] != b"{" or topic[:6] != b"fleet/":
        return None
    try:
        vehicle, kind = _address_of(topic)
        position: _Position = _POSITION.validator.validate_json(payload)
        flags, unknown = _flags(position, kinds)
        if kind != "position" or unknown or "vehicle_id" in position or "operator_id" in position:
            return None
        return Report(vehicle, utc(position["observed_at"]), _fix(vehicle, position), flags)
    except (Rejected, ValidationError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=32_768)
def _address_of(topic: bytes) -> tuple[VehicleId, str]:
    return _address(topic.decode())


# A fleet's few thousand topics come again with each message. Only good ones are remembered, and
# these are short: hostile ones cannot fill the memory.
@lru_cache(maxsize=32_768)
def _address(topic: str) -> tuple[VehicleId, str]:
    try:
        _, operator_id, vehicle_id, kind = topic.split("/")
        vehicle = named(operator_id, vehicle_id)
    except ValueError as error:
        detail = "expected fleet/{operator_id}/{vehicle_id}/position, equipment or status"
        raise Rejected(RejectReason.UNKNOWN_TOPIC, detail) from error
    if kind not in {"position", "equipment", "status"}:
        detail = f"{kind[:80]!r} is none of position, equipment, status"
        raise Rejected(RejectReason.UNKNOWN_TOPIC, detail, vehicle)
    return vehicle, kind


def _each(
    schema: TypeAdapter[_Payload],
    as_report: Callable[[VehicleId, _Payload, FlagBits, int], Report],
    vehicle: VehicleId,
    payload: bytes,
    kinds: Kinds,
) -> Opened:
    if payload[:1] != b"[":
        found = parse(schema, payload, vehicle)
        flags = _flags(found, kinds)
        return (as_report(vehicle, found, flags, 0),), flags[1]
    items: list[Report | Rejection] = []
    unknown = 0
    for element, written in enumerate(parse_array(payload, vehicle)):
        try:
            found = parse_element(schema, written, vehicle)
            flags = _flags(found, kinds)
            unknown += flags[1]
            items.append(as_report(vehicle, found, flags, element))
        except Rejected as rejected:
            items.append(rejected.rejection)
    return items, unknown


def read_position(
    vehicle: VehicleId, fields: Mapping[str, Any], rules: Rules, element: int
) -> tuple[Report, int]:
    """Return the report of a position's fields, under the names that this format has for them.

    And how many of its equipment keys say nothing to us.

    Raises:
        Rejected: ``schema``.
    """
    found = parse_element(_POSITION, fields, vehicle)
    flags = _flags(found, rules.kinds)
    return _position_report(vehicle, found, flags, element), flags[1]


def _flags(payload: _Named, kinds: Kinds) -> FlagBits:
    cctv, no_cctv = flag_bits(payload.get("cctv"))
    cashless, no_cashless = flag_bits(payload.get("cashless"))
    bits, unknown = cctv | cashless << BITS, no_cctv + no_cashless
    equipment = payload.get("equipment")
    if equipment is None:
        return bits, unknown
    if not isinstance(equipment, dict):
        return bits, unknown + 1
    more, others = flags_bits(equipment, kinds)
    return bits | more, unknown + others


def _position_report(
    vehicle: VehicleId, position: _Position, flags: FlagBits, element: int
) -> Report:
    _check_identity(vehicle, position)
    observed_at, fix = utc(position["observed_at"]), _fix(vehicle, position)
    return Report(vehicle, observed_at, fix, flags[0], element=element)


def _equipment_report(
    vehicle: VehicleId, equipment: _Named, flags: FlagBits, element: int
) -> Report:
    _check_identity(vehicle, equipment)
    if flags == NOTHING:
        raise Rejected(RejectReason.SCHEMA, "no kind of equipment is given", vehicle)
    return Report(vehicle, utc(equipment["observed_at"]), None, flags[0], element=element)


def _status_report(vehicle: VehicleId, payload: bytes, received_at: datetime) -> Report:
    status = payload.decode(errors="replace").strip()
    if status not in {ONLINE, OFFLINE}:
        detail = f"expected {ONLINE} or {OFFLINE}, got {payload[:40]!r}"
        raise Rejected(RejectReason.SCHEMA, detail, vehicle)
    # The broker publishes a last will for a vehicle that has gone: it was not heard then.
    return Report(vehicle, received_at, heard=status == ONLINE)


def _check_identity(vehicle: VehicleId, payload: _Named) -> None:
    operator_id, vehicle_id = payload.get("operator_id"), payload.get("vehicle_id")
    if (operator_id is None or operator_id == vehicle.operator_id) and (
        vehicle_id is None or vehicle_id == vehicle.vehicle_id
    ):
        return
    named = {"operator_id": operator_id, "vehicle_id": vehicle_id}
    said = ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)
    detail = f"the topic names {vehicle}, the payload {said}"
    raise Rejected(RejectReason.TOPIC_MISMATCH, detail, vehicle)


def _fix(vehicle: VehicleId, position: _Position) -> Fix | None:
    latitude, longitude = position["latitude"], position["longitude"]
    satellites, status = position.get("satellites"), position.get("status")
    if (
        satellites == 0
        or position.get("valid") is False
        or position.get("fix") is False
        or (status and says_no_fix(status))
    ):
        # A receiver without a fix repeats its last coordinates, and says so elsewhere.
        return None
    if latitude is None or longitude is None:
        if latitude is not longitude:
            detail = "latitude and longitude are null together or not at all"
            raise Rejected(RejectReason.SCHEMA, detail, vehicle)
        return None
    return Fix(
        latitude,
        longitude,
        position.get("speed_mps"),
        position.get("bearing_deg"),
        position.get("hdop"),
        satellites,
        # An empty text names no route.
        position.get("route_id") or None,
        position.get("trip_id") or None,
    )


FORMAT: Final = WireFormat(
    name="native",
    topic_filter="fleet/#",
    observed_keys=frozenset({"observed_at", "ts"}),
    other_time_keys=frozenset(),
    examples=(
        Example(
            "fleet/ivpat-1/101/position",
            '{"observed_at": "2026-11-21T15:00:00+03:00", "latitude": 57.0004, '
            '"longitude": 40.9739, "speed_mps": 8.3, "bearing_deg": 120, "hdop": 0.9, '
            '"satellites": 11, "route_id": "24", "trip_id": "24-0715", "cctv": true, '
            '"cashless": true}',
        ),
        Example(
            "fleet/ivpat-1/101/position",
            '[{"ts": 1795262400, "lat": 57.0004, "lon": 40.9739}, '
            '{"ts": 1795262410, "lat": 57.0011, "lon": 40.9746}, '
            '{"ts": 1795262420, "lat": null, "lon": null}]',
        ),
        Example(
            "fleet/ivpat-1/101/equipment",
            '{"observed_at": "2026-11-21T12:00:00Z", "cctv": {"fitted": true, "working": false}, '
            '"cashless": true, "equipment": {"air_conditioning": true}}',
        ),
        Example("fleet/ivpat-1/101/status", ONLINE),
    ),
    decode=decode,
)
