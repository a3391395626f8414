"""HSL High-Frequency Positioning, version 2 (digitransit.fi, High-frequency positioning)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from models.rejection import Rejection, Rejected, RejectReason
from models.report import Fix, Report
from models.rules import bearing, speed, utc
from models.vehicle import VehicleId, named
from models.wire import LENIENT, Degrees, Moment, Number, Text, parse

_Short = Annotated[str, StringConstraints(max_length=16, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Required(TypedDict):
    tst: Moment


class _Event(_Required, total=False):
    __pydantic_config__ = LENIENT  # type: ignore[misc]

    veh: Text | None
    lat: Degrees | None
    long: Degrees | None
    spd: Number | None
    hdg: Number | None
    route: Text | None
    dir: _Short | None
    oday: _Short | None
    start: _Short | None


_EVENT = TypeAdapter(Annotated[dict[str, _Event], Field(min_length=1, max_length=1)])
"""One object with one key, the event's type: VP, ARR, DOO and some twenty more."""


def decode(
    topic: str, payload: bytes, received_at: datetime, retained: bool
) -> Sequence[Report | Rejection]:
    """Return the one report of a message on ``/hfp/v2/#``, not yet judged.

    All event types say where the vehicle is, so all are taken alike. The topic's operator owns
    the vehicle; the payload's ``oper`` runs the trip and is not looked at.

    Raises:
        Rejected: the message cannot be opened.
    """
    vehicle = _vehicle(topic)
    (event,) = parse(_EVENT, payload, vehicle).values()
    _check_number(vehicle, event.get("veh"))
    return (Report(vehicle, utc(event["tst"]), _fix(event)),)


def _vehicle(topic: str) -> VehicleId:
    # Behind the vehicle number the topic holds a headsign, in which anything may stand, "/"
    # included; on a deadrun nothing follows. So it is counted from the front.
    levels = topic.split("/", 9)
    if len(levels) < 9:
        detail = "expected /hfp/v2/{journey}/{temporal}/{event}/{mode}/{operator}/{vehicle}/…"
        raise Rejected(RejectReason.UNKNOWN_TOPIC, detail)
    try:
        return named(levels[7], _unpadded(levels[8]))
    except ValueError as error:
        raise Rejected(RejectReason.UNKNOWN_TOPIC, str(error)) from error


def _unpadded(number: str) -> str:
    # As the fleet list writes it: 00678 is 678, 00000 is 0.
    return number.lstrip("0") or number[-1:]


def _check_number(vehicle: VehicleId, number: str | None) -> None:
    if number is None or number == vehicle.vehicle_id:
        return
    if _unpadded(number) != vehicle.vehicle_id:
        detail = f"the topic names vehicle {vehicle.vehicle_id}, the payload's veh {number}"
        raise Rejected(RejectReason.TOPIC_MISMATCH, detail, vehicle)


def _fix(event: _Event) -> Fix | None:
    latitude, longitude = event.get("lat"), event.get("long")
    if latitude is None or longitude is None:
        return None
    return Fix(
        latitude,
        longitude,
        speed(event.get("spd")),
        bearing(event.get("hdg")),
        None,
        None,
        event.get("route") or None,
        _trip_id(event),
    )


def _trip_id(event: _Event) -> str | None:
    """Return ``{route}/{dir}/{oday}/{start}``, which together identify a trip in HFP.

    HFP has no trip id of its own. The four are null on a deadrun: then there is no trip.
    """
    route, direction = event.get("route"), event.get("dir")
    day, start = event.get("oday"), event.get("start")
    return f"{route}/{direction}/{day}/{start}" if route and direction and day and start else None
