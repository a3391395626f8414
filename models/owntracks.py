"""OwnTracks JSON (owntracks.org, Booklet, JSON): phones and small trackers as vehicles."""

from datetime import datetime
from typing import Final, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from models.rejection import Rejected, RejectReason
from models.report import Fix, Report
from models.rules import Rules, sent, speed, utc
from models.values import AnyNumber, Bearing, MaybeMoment, Moment, Name, Number
from models.vehicle import VehicleId, named
from models.wire import LENIENT, parse
from models.wire_format import Example, Opened, WireFormat

_KMH_PER_MPS = 3.6

_SUBTOPICS = frozenset(
    {"beacon", "dump", "event", "info", "status", "step", "waypoint", "waypoints"}
)
"""What the apps publish below their own topic; ``cmd`` is for them, not from them."""

_TIMELESS = frozenset(
    {"beacon", "card", "configuration", "dump", "status", "steps", "waypoint", "waypoints"}
)
"""Types that say only that the device is there.

Some have a ``tst``, but not that of the message: a waypoint's is the day it was drawn.
"""


class _Typed(TypedDict):
    __pydantic_config__ = LENIENT  # type: ignore[misc]

    _type: Name


class _Timed(TypedDict):
    __pydantic_config__ = LENIENT  # type: ignore[misc]

    tst: Moment
    created_at: NotRequired[MaybeMoment]
    """When the message was made, if not at ``tst``: then the phone kept the location for a while,
    or repeats one."""


class _Location(_Timed):
    lat: AnyNumber | None
    lon: AnyNumber | None
    vel: NotRequired[Number]
    cog: NotRequired[Bearing]
    acc: NotRequired[Number]


_TYPED = TypeAdapter(_Typed)
_TIMED = TypeAdapter(_Timed)
_LOCATION = TypeAdapter(_Location)


def decode(topic: str, payload: bytes, received_at: datetime, rules: Rules) -> Opened:
    """Return the one report of a message on ``owntracks/#``, not yet judged.

    A location is a fix; a transition is a contact at its own time, since the location that
    caused it is published too. By the last will the broker says that the device has gone:
    its ``tst`` is when the device once connected, so the time of reception is taken. All
    other types are contacts now.

    Raises:
        Rejected: the message cannot be opened.
    """
    vehicle = _vehicle(topic)
    most = rules.gateways.owntracks_accuracy_m
    return (_report(vehicle, payload, received_at, most),), 0


def _report(vehicle: VehicleId, payload: bytes, received_at: datetime, most: float) -> Report:
    match parse(_TYPED, payload, vehicle)["_type"]:
        case "location":
            location = parse(_LOCATION, payload, vehicle)
            return _timed(vehicle, location, _fix(location, most))
        case "transition":
            return _timed(vehicle, parse(_TIMED, payload, vehicle), None)
        case "lwt":
            return Report(vehicle, received_at, heard=False)
        case "encrypted":
            detail = "the payload is encrypted, and no key is known here: turn it off in the app"
        case kind if kind in _TIMELESS:
            return Report(vehicle, received_at)
        case kind:
            detail = f"{kind!r} is not a _type that a device publishes"
    raise Rejected(RejectReason.SCHEMA, detail, vehicle)


def _vehicle(topic: str) -> VehicleId:
    match topic.split("/"):
        case [_, operator_id, vehicle_id]:
            pass
        case [_, operator_id, vehicle_id, below] if below in _SUBTOPICS:
            pass
        case _:
            detail = "expected owntracks/{operator_id}/{vehicle_id}"
            raise Rejected(RejectReason.UNKNOWN_TOPIC, detail)
    try:
        return named(operator_id, vehicle_id)
    except ValueError as error:
        raise Rejected(RejectReason.UNKNOWN_TOPIC, str(error)) from error


def _timed(vehicle: VehicleId, message: _Timed, fix: Fix | None) -> Report:
    observed_at = utc(message["tst"])
    sent_at = sent(message.get("created_at"), observed_at)
    return Report(vehicle, observed_at, fix, sent_at=sent_at)


def _fix(location: _Location, most: float) -> Fix | None:
    latitude, longitude = location["lat"], location["lon"]
    accuracy, velocity = location.get("acc"), location.get("vel")
    # iOS marks coordinates as invalid by a negative accuracy; one of kilometres is a cell tower's.
    usable = accuracy is None or 0 <= accuracy <= most
    if latitude is None or longitude is None or not usable:
        return None
    mps = None if velocity is None else velocity / _KMH_PER_MPS
    return Fix(latitude, longitude, speed(mps), location.get("cog"))


FORMAT: Final = WireFormat(
    name="OwnTracks",
    topic_filter="owntracks/#",
    observed_keys=frozenset({"tst"}),
    # Not ``wtst``: it names a waypoint.
    other_time_keys=frozenset({"created_at"}),
    examples=(
        Example(
            "owntracks/ivpat-1/101",
            '{"_type": "location", "tst": 1795262400, "created_at": 1795262402, "lat": 57.0004, '
            '"lon": 40.9739, "vel": 30, "cog": 120, "acc": 8}',
        ),
    ),
    decode=decode,
)
