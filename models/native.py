"""fleetgauge's own topics, ``fleet/{operator_id}/{vehicle_id}/…`` (docs/formats.md)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, NotRequired

from pydantic import AliasChoices, Field, TypeAdapter
from typing_extensions import TypedDict

from models.rejection import Rejection, Rejected, RejectReason
from models.report import Fix, Flag, Presence, Report
from models.rules import bearing, hdop, satellites, speed, utc
from models.vehicle import VehicleId, named
from models.wire import (
    LENIENT,
    Count,
    Degrees,
    Moment,
    Number,
    Text,
    Truth,
    is_array,
    parse,
    parse_array,
    parse_element,
)


class _FlagState(TypedDict):
    fitted: Truth
    working: NotRequired[Truth | None]


_Flag = Truth | _FlagState


class _Named(TypedDict):
    """The payload may name the vehicle too; then it must be the topic's."""

    __pydantic_config__ = LENIENT  # type: ignore[misc]

    operator_id: NotRequired[str | None]
    vehicle_id: NotRequired[str | None]
    observed_at: Annotated[Moment, Field(validation_alias=AliasChoices("observed_at", "ts"))]
    cctv: NotRequired[_Flag | None]
    cashless: NotRequired[_Flag | None]


class _Position(_Named):
    latitude: Annotated[Degrees | None, Field(validation_alias=AliasChoices("latitude", "lat"))]
    longitude: Annotated[Degrees | None, Field(validation_alias=AliasChoices("longitude", "lon"))]
    speed_mps: NotRequired[
        Annotated[Number | None, Field(validation_alias=AliasChoices("speed_mps", "speed"))]
    ]
    bearing_deg: NotRequired[
        Annotated[Number | None, Field(validation_alias=AliasChoices("bearing_deg", "bearing"))]
    ]
    hdop: NotRequired[Number | None]
    satellites: NotRequired[Count | None]
    route_id: NotRequired[Text | None]
    trip_id: NotRequired[Text | None]


_POSITION = TypeAdapter(_Position)
_EQUIPMENT = TypeAdapter(_Named)

_PLAIN_FLAGS = (Flag(False), Flag(True))


def decode(
    topic: str, payload: bytes, received_at: datetime, retained: bool
) -> Sequence[Report | Rejection]:
    """Return what a message on ``fleet/#`` says, one item a report, not yet judged.

    Raises:
        Rejected: the message cannot be opened.
    """
    vehicle, kind = _address(topic)
    match kind:
        case "position":
            return _each(_POSITION, _position_report, vehicle, payload)
        case "equipment":
            return _each(_EQUIPMENT, _equipment_report, vehicle, payload)
        case "status":
            return (_status_report(vehicle, payload, received_at, retained),)
    detail = f"{kind[:80]!r} is none of position, equipment, status"
    raise Rejected(RejectReason.UNKNOWN_TOPIC, detail, vehicle)


def _address(topic: str) -> tuple[VehicleId, str]:
    try:
        _, operator_id, vehicle_id, kind = topic.split("/")
        return named(operator_id, vehicle_id), kind
    except ValueError as error:
        detail = "expected fleet/{operator_id}/{vehicle_id}/position, equipment or status"
        raise Rejected(RejectReason.UNKNOWN_TOPIC, detail) from error


def _each(
    schema: TypeAdapter[Any],
    as_report: Callable[[VehicleId, Any], Report],
    vehicle: VehicleId,
    payload: bytes,
) -> Sequence[Report | Rejection]:
    if not is_array(payload):
        return (as_report(vehicle, parse(schema, payload, vehicle)),)
    items: list[Report | Rejection] = []
    for element in parse_array(payload, vehicle):
        try:
            items.append(as_report(vehicle, parse_element(schema, element, vehicle)))
        except Rejected as rejected:
            items.append(rejected.rejection)
    return items


def _position_report(vehicle: VehicleId, position: _Position) -> Report:
    _check_identity(vehicle, position)
    return Report(
        vehicle,
        utc(position["observed_at"]),
        _fix(vehicle, position),
        _flag(position.get("cctv")),
        _flag(position.get("cashless")),
    )


def _equipment_report(vehicle: VehicleId, equipment: _Named) -> Report:
    _check_identity(vehicle, equipment)
    cctv, cashless = _flag(equipment.get("cctv")), _flag(equipment.get("cashless"))
    if cctv is None and cashless is None:
        detail = "neither cctv nor cashless is given"
        raise Rejected(RejectReason.SCHEMA, detail, vehicle)
    return Report(vehicle, utc(equipment["observed_at"]), None, cctv, cashless)


def _status_report(
    vehicle: VehicleId, payload: bytes, received_at: datetime, retained: bool
) -> Report:
    try:
        presence = Presence(payload.strip().decode())
    except ValueError as error:
        detail = f"expected online or offline, got {payload[:40]!r}"
        raise Rejected(RejectReason.SCHEMA, detail, vehicle) from error
    # A retained message is the broker's memory, and "offline" is the last will that the broker
    # publishes for a vehicle: in neither case has the vehicle itself been heard now.
    heard = presence is Presence.ONLINE and not retained
    return Report(vehicle, received_at, presence=presence, heard=heard)


def _check_identity(vehicle: VehicleId, payload: _Named) -> None:
    operator_id, vehicle_id = payload.get("operator_id"), payload.get("vehicle_id")
    if (operator_id is None or operator_id == vehicle.operator_id) and (
        vehicle_id is None or vehicle_id == vehicle.vehicle_id
    ):
        return
    detail = f"the topic names {vehicle}, the payload {operator_id}/{vehicle_id}"
    raise Rejected(RejectReason.TOPIC_MISMATCH, detail, vehicle)


def _fix(vehicle: VehicleId, position: _Position) -> Fix | None:
    latitude, longitude = position["latitude"], position["longitude"]
    if latitude is None or longitude is None:
        if latitude is not longitude:
            detail = "latitude and longitude are null together or not at all"
            raise Rejected(RejectReason.SCHEMA, detail, vehicle)
        return None
    return Fix(
        latitude,
        longitude,
        speed(position.get("speed_mps")),
        bearing(position.get("bearing_deg")),
        hdop(position.get("hdop")),
        satellites(position.get("satellites")),
        # An empty text names no route.
        position.get("route_id") or None,
        position.get("trip_id") or None,
    )


def _flag(state: bool | _FlagState | None) -> Flag | None:
    if state is None:
        return None
    if isinstance(state, bool):
        return _PLAIN_FLAGS[state]
    return Flag(state["fitted"], state.get("working"))
