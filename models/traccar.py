"""Traccar's position forwarding over MQTT (traccar.org, Forwarding; ``forward.type`` mqtt)."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NotRequired

from pydantic import ConfigDict, OnErrorOmit, TypeAdapter
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from models.equipment import Flag
from models.flags import FlagBits, flags_bits
from models.gateways import ANY_GROUP, UNIQUE_ID, Traccar
from models.rejection import Rejected, RejectReason
from models.report import Fix, Report
from models.rules import REPEATED_AFTER, Rules, sent, speed, utc
from models.values import (
    AnyCount,
    Bearing,
    Degrees,
    Hdop,
    MaybeMoment,
    Moment,
    Name,
    Number,
    Satellites,
    Truth,
    truth,
)
from models.vehicle import VehicleId, named
from models.wire import LENIENT, parse
from models.wire_format import Example, Opened, WireFormat

TOPIC: Final = "traccar/positions"
"""What Traccar's ``forward.topic`` has to be set to."""

DEFAULT_OPERATOR: Final = "traccar"
"""The operator of a device that is in no group and names none."""

_MPS_PER_KNOT: Final = 1852 / 3600

_CAMEL: ConfigDict = {**LENIENT, "alias_generator": to_camel}


class _PositionAttributes(TypedDict, total=False):
    """What the protocol's decoder found, and flags by the names of their kinds."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]

    sat: Satellites
    hdop: Hdop
    approximate: Truth
    """Located by Traccar itself, from cell towers."""


class _Position(TypedDict):
    __pydantic_config__ = _CAMEL  # type: ignore[misc]

    valid: NotRequired[Truth]
    outdated: NotRequired[Truth]
    """Sent before 6.10."""
    fix_time: Moment | None
    device_time: NotRequired[MaybeMoment]
    server_time: NotRequired[MaybeMoment]
    latitude: Degrees | None
    longitude: Degrees | None
    speed: NotRequired[Number]
    course: NotRequired[Bearing]
    attributes: NotRequired[OnErrorOmit[_PositionAttributes | None]]


class _Device(TypedDict):
    __pydantic_config__ = _CAMEL  # type: ignore[misc]

    unique_id: Name
    group_id: NotRequired[AnyCount | None]
    name: NotRequired[OnErrorOmit[Name | None]]
    attributes: NotRequired[dict[str, Any] | None]


class _Forwarded(TypedDict):
    position: _Position
    device: _Device


class _Named(TypedDict):
    device: _Device


_FORWARDED = TypeAdapter(_Forwarded)
_NAMED = TypeAdapter(_Named)


def decode(topic: str, payload: bytes, received_at: datetime, rules: Rules) -> Opened:
    """Return the one report of a message on ``traccar/positions``, not yet judged.

    Raises:
        Rejected: the message cannot be opened.
    """
    if topic != TOPIC:
        raise Rejected(RejectReason.UNKNOWN_TOPIC, f"expected {TOPIC}")
    forwarded = _forwarded(payload, rules.gateways.traccar)
    vehicle = _vehicle(forwarded["device"], rules.gateways.traccar)
    position = forwarded["position"]
    attributes = position.get("attributes") or {}
    fix = _fix(position, attributes)
    observed_at = utc(_observed_at(position, fix, vehicle))
    sent_at = sent(position.get("device_time"), observed_at)
    bits, unknown = _equipment(attributes, rules)
    return (Report(vehicle, observed_at, fix, bits, sent_at=sent_at),), unknown


def _forwarded(payload: bytes, options: Traccar) -> _Forwarded:
    try:
        return parse(_FORWARDED, payload, None)
    except Rejected:
        # Its position cannot be read; whose it is says why the vehicle is not trackable.
        vehicle = _vehicle(parse(_NAMED, payload, None)["device"], options)
        return parse(_FORWARDED, payload, vehicle)


def _equipment(attributes: Mapping[str, object], rules: Rules) -> FlagBits:
    kinds = rules.kinds
    flags = {name: attributes[name] for name in kinds.names if name in attributes}
    bits, unknown = flags_bits(flags, kinds)
    for each in rules.gateways.traccar.inputs:
        if (value := attributes.get(each.attribute)) is None or each.kind not in kinds.names:
            continue
        if (said := truth(value) if each.bit is None else _bit(value, each.bit)) is None:
            unknown += 1
            continue
        said = said is not each.inverted
        flag = Flag(said) if each.aspect == "fitted" else Flag(True, said)
        bits |= kinds.bits({each.kind: flag})
    return bits, unknown


def _bit(value: object, bit: int) -> bool | None:
    try:
        number = int(value) if isinstance(value, int | float | str) else -1
    except (ValueError, OverflowError):
        return None
    return None if number < 0 or isinstance(value, bool) else bool(number >> bit & 1)


def _vehicle(device: _Device, options: Traccar) -> VehicleId:
    """Name the vehicle by the device; the topic names none."""
    attributes = device.get("attributes") or {}
    operator_id = _text(attributes.get(options.operator_attribute)) or _operator(device, options)
    if options.vehicle != UNIQUE_ID:
        name = device.get("name") if options.vehicle == "name" else attributes.get(options.vehicle)
        with suppress(ValueError):
            return named(operator_id, _text(name))
    try:
        return named(operator_id, device["unique_id"])
    except ValueError as error:
        raise Rejected(RejectReason.SCHEMA, f"device: {error}") from error


def _operator(device: _Device, options: Traccar) -> str:
    group_id = device.get("group_id") or 0
    group = str(group_id) if 0 < group_id < 2**63 else DEFAULT_OPERATOR
    return options.operators.get(group) or options.operators.get(ANY_GROUP) or group


def _text(value: object) -> str:
    """Return an attribute's text as a name, empty where it is none; 18 and 18.0 are "18"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value).strip() if isinstance(value, str) or is_number else ""


def _observed_at(position: _Position, fix: Fix | None, vehicle: VehicleId) -> datetime:
    # Without a fix of its own, fixTime is that of the last position, which Traccar repeats.
    own = (
        position["fix_time"] if fix else position.get("device_time") or position.get("server_time")
    )
    if own is None:
        wanted = "fixTime" if fix else "deviceTime"
        raise Rejected(RejectReason.SCHEMA, f"position: {wanted} is missing", vehicle)
    return own


def _fix(position: _Position, attributes: _PositionAttributes) -> Fix | None:
    latitude, longitude = position["latitude"], position["longitude"]
    if latitude is None or longitude is None or not _is_own_fix(position, attributes):
        return None
    knots = position.get("speed")
    return Fix(
        latitude,
        longitude,
        speed(None if knots is None else knots * _MPS_PER_KNOT),
        position.get("course"),
        attributes.get("hdop"),
        attributes.get("sat"),
    )


def _is_own_fix(position: _Position, attributes: _PositionAttributes) -> bool:
    fixed_at, spoke_at = position["fix_time"], position.get("device_time")
    # To a report without a fix Traccar gives the last position, ``valid`` and ``fixTime`` included
    # (OutdatedHandler), and since 6.10 does not say so by ``outdated``.
    return not (
        position.get("valid") is False
        or position.get("outdated")
        or attributes.get("approximate")
        or attributes.get("sat") == 0
        or (fixed_at and spoke_at and spoke_at - fixed_at > REPEATED_AFTER)
    )


FORMAT: Final = WireFormat(
    name="Traccar",
    topic_filter=TOPIC,
    observed_keys=frozenset({"fixTime", "deviceTime", "serverTime"}),
    other_time_keys=frozenset({"lastUpdate"}),
    examples=(
        Example(
            TOPIC,
            '{"position": {"fixTime": "2026-11-21T12:00:00.000+00:00", '
            '"deviceTime": "2026-11-21T12:00:00.000+00:00", '
            '"serverTime": "2026-11-21T12:00:01.000+00:00", "valid": true, "latitude": 57.0004, '
            '"longitude": 40.9739, "speed": 16.2, "course": 120, '
            '"attributes": {"sat": 11, "hdop": 0.9, "cctv": true}}, '
            '"device": {"uniqueId": "101", "name": "Bus 101", "groupId": 0, '
            '"attributes": {"operatorId": "ivpat-1"}}}',
        ),
    ),
    decode=decode,
)
