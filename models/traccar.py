"""Traccar's position forwarding over MQTT (traccar.org, Forwarding; ``forward.type`` mqtt)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired

from pydantic import ConfigDict, OnErrorOmit, TypeAdapter
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from models.rejection import Rejection, Rejected, RejectReason
from models.report import Fix, Flag, Report
from models.rules import bearing, hdop, satellites, speed, utc
from models.vehicle import VehicleId, named
from models.wire import LENIENT, Count, Degrees, Moment, Number, Text, Truth, parse

TOPIC = "traccar/positions"
"""What Traccar's ``forward.topic`` has to be set to."""

DEFAULT_OPERATOR = "traccar"
"""The operator of a device that is in no group and names none."""

_MPS_PER_KNOT = 1852 / 3600

_CAMEL: ConfigDict = {**LENIENT, "alias_generator": to_camel}


class _PositionAttributes(TypedDict, total=False):
    """What the protocol's decoder found; of a type we cannot use means not found."""

    sat: OnErrorOmit[Count]
    hdop: OnErrorOmit[Number]
    cctv: OnErrorOmit[Truth]
    cashless: OnErrorOmit[Truth]


class _Position(TypedDict):
    __pydantic_config__ = _CAMEL  # type: ignore[misc]

    valid: NotRequired[Truth]
    outdated: NotRequired[Truth]
    fix_time: Moment | None
    device_time: NotRequired[Moment | None]
    server_time: NotRequired[Moment | None]
    latitude: Degrees | None
    longitude: Degrees | None
    speed: NotRequired[Number | None]
    course: NotRequired[Number | None]
    attributes: NotRequired[_PositionAttributes | None]


class _DeviceAttributes(TypedDict, total=False):
    __pydantic_config__ = _CAMEL  # type: ignore[misc]

    operator_id: Text | None


class _Device(TypedDict):
    __pydantic_config__ = _CAMEL  # type: ignore[misc]

    unique_id: Text
    group_id: NotRequired[Count | None]
    attributes: NotRequired[_DeviceAttributes | None]


class _Forwarded(TypedDict):
    position: _Position
    device: _Device


_FORWARDED = TypeAdapter(_Forwarded)


def decode(
    topic: str, payload: bytes, received_at: datetime, retained: bool
) -> Sequence[Report | Rejection]:
    """Return the one report of a message on ``traccar/positions``, not yet judged.

    Raises:
        Rejected: the message cannot be opened.
    """
    if topic != TOPIC:
        raise Rejected(RejectReason.UNKNOWN_TOPIC, f"expected {TOPIC}")
    forwarded = parse(_FORWARDED, payload, None)
    vehicle = _vehicle(forwarded["device"])
    position = forwarded["position"]
    attributes = position.get("attributes") or {}
    fix = _fix(position, attributes)
    observed_at = utc(_observed_at(position, fix, vehicle))
    cctv, cashless = _flag(attributes.get("cctv")), _flag(attributes.get("cashless"))
    return (Report(vehicle, observed_at, fix, cctv, cashless),)


def _vehicle(device: _Device) -> VehicleId:
    """Name the vehicle by the device; the topic names none.

    The vehicle is the device's ``uniqueId``. The operator is the device's attribute
    ``operatorId``, else the number of its group, else ``traccar``.
    """
    group_id = device.get("group_id") or 0
    group = str(group_id) if 0 < group_id < 2**63 else DEFAULT_OPERATOR
    operator_id = (device.get("attributes") or {}).get("operator_id") or group
    try:
        return named(operator_id, device["unique_id"])
    except ValueError as error:
        raise Rejected(RejectReason.SCHEMA, f"device: {error}") from error


def _observed_at(position: _Position, fix: Fix | None, vehicle: VehicleId) -> datetime:
    # Without a fix of its own, fixTime is that of the last position, which Traccar repeats.
    own = (
        position["fix_time"] if fix else position.get("device_time") or position.get("server_time")
    )
    if own is None:
        wanted = "fixTime" if fix else "deviceTime"
        raise Rejected(RejectReason.SCHEMA, f"position: {wanted} is null", vehicle)
    return own


def _fix(position: _Position, attributes: _PositionAttributes) -> Fix | None:
    latitude, longitude = position["latitude"], position["longitude"]
    unusable = not position.get("valid", True) or position.get("outdated", False)
    if latitude is None or longitude is None or unusable:
        return None
    knots = position.get("speed")
    return Fix(
        latitude,
        longitude,
        speed(None if knots is None else knots * _MPS_PER_KNOT),
        bearing(position.get("course")),
        hdop(attributes.get("hdop")),
        satellites(attributes.get("sat")),
    )


def _flag(fitted: bool | None) -> Flag | None:
    return None if fitted is None else Flag(fitted)
