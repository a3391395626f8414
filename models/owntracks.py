"""OwnTracks JSON (owntracks.org, Booklet, JSON): phones and small trackers as vehicles."""

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from models.rejection import Rejection, Rejected, RejectReason
from models.report import Fix, Presence, Report
from models.rules import bearing, speed, utc
from models.vehicle import VehicleId, named
from models.wire import LENIENT, Degrees, Moment, Number, Text, parse

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

    _type: Text


class _Timed(TypedDict):
    __pydantic_config__ = LENIENT  # type: ignore[misc]

    tst: Moment


class _Location(_Timed):
    lat: Degrees | None
    lon: Degrees | None
    vel: NotRequired[Number | None]
    cog: NotRequired[Number | None]
    acc: NotRequired[Number | None]


_TYPED = TypeAdapter(_Typed)
_TIMED = TypeAdapter(_Timed)
_LOCATION = TypeAdapter(_Location)


def decode(
    topic: str, payload: bytes, received_at: datetime, retained: bool
) -> Sequence[Report | Rejection]:
    """Return the one report of a message on ``owntracks/#``, not yet judged.

    A location is a fix; a transition is a contact at its own time, since the location that
    caused it is published too. The last will is the broker's word that the device has gone:
    its ``tst`` is when the device once connected, so the time of reception is taken. All
    other types are contacts now, or the broker's memory where they are retained, as cards are.

    Raises:
        Rejected: the message cannot be opened.
    """
    vehicle = _vehicle(topic)
    match parse(_TYPED, payload, vehicle)["_type"]:
        case "location":
            return (_located(vehicle, parse(_LOCATION, payload, vehicle)),)
        case "transition":
            return (Report(vehicle, utc(parse(_TIMED, payload, vehicle)["tst"])),)
        case "lwt":
            return (Report(vehicle, received_at, presence=Presence.OFFLINE, heard=False),)
        case "encrypted":
            detail = "the payload is encrypted, and no key is known here: turn it off in the app"
        case kind if kind in _TIMELESS:
            return (Report(vehicle, received_at, heard=not retained),)
        case kind:
            detail = f"{kind!r} is no _type that a device publishes"
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


def _located(vehicle: VehicleId, location: _Location) -> Report:
    return Report(vehicle, utc(location["tst"]), _fix(location))


def _fix(location: _Location) -> Fix | None:
    latitude, longitude = location["lat"], location["lon"]
    accuracy, velocity = location.get("acc"), location.get("vel")
    # iOS marks coordinates as invalid by a negative accuracy.
    invalid = accuracy is not None and accuracy < 0
    if latitude is None or longitude is None or invalid:
        return None
    mps = None if velocity is None else velocity / _KMH_PER_MPS
    return Fix(latitude, longitude, speed(mps), bearing(location.get("cog")))
