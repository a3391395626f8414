"""HSL High-Frequency Positioning, version 2 (digitransit.fi, High-frequency positioning)."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from models.rejection import Rejected, RejectReason
from models.report import Fix, Report
from models.rules import Rules, utc
from models.values import Bearing, Degrees, Moment, Name, ShortText, Speed, Text
from models.vehicle import VehicleId, named
from models.wire import LENIENT, parse
from models.wire_format import Example, Opened, WireFormat

_UNAVAILABLE: Final = "N/A"
"""Of the sources in ``loc`` the one that is none. The others locate the vehicle: GPS; ODO and DR,
which go on from the last fix by odometer and dead reckoning, in tunnels for instance; MAN, which
stands on the whole of Helsinki's metro, located by its tracks."""


class _Required(TypedDict):
    tst: Moment


class _Event(_Required, total=False):
    __pydantic_config__ = LENIENT  # type: ignore[misc]

    veh: Name | None
    lat: Degrees | None
    long: Degrees | None
    loc: Text
    spd: Speed
    hdg: Bearing
    route: Text
    dir: ShortText
    oday: ShortText
    start: ShortText


_EVENT = TypeAdapter(Annotated[dict[str, _Event], Field(min_length=1, max_length=1)])
"""One object with one key, the event's type: VP, ARR, DOO and some twenty more."""


def decode(topic: str, payload: bytes, received_at: datetime, rules: Rules) -> Opened:
    """Return the one report of a message on ``/hfp/v2/#``, not yet judged.

    All event types say where the vehicle is, so all are treated the same. The topic's operator owns
    the vehicle; the payload's ``oper`` runs the trip and is not looked at.

    Raises:
        Rejected: the message cannot be opened.
    """
    vehicle = _vehicle(topic)
    (event,) = parse(_EVENT, payload, vehicle).values()
    _check_number(vehicle, event.get("veh"))
    return (Report(vehicle, utc(event["tst"]), _fix(event)),), 0


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
    if latitude is None or longitude is None or _is_unavailable(event.get("loc")):
        return None
    return Fix(
        latitude,
        longitude,
        event.get("spd"),
        event.get("hdg"),
        None,
        None,
        event.get("route") or None,
        _trip_id(event),
    )


def _is_unavailable(source: str | None) -> bool:
    return source is not None and source.strip().upper() == _UNAVAILABLE


def _trip_id(event: _Event) -> str | None:
    """Return ``{route}/{dir}/{oday}/{start}``, which together identify a trip in HFP.

    HFP has no trip id of its own. The four are null on a deadrun: then there is no trip.
    """
    route, direction = event.get("route"), event.get("dir")
    day, start = event.get("oday"), event.get("start")
    return f"{route}/{direction}/{day}/{start}" if route and direction and day and start else None


FORMAT: Final = WireFormat(
    name="HSL High-Frequency Positioning v2",
    topic_filter="/hfp/v2/#",
    observed_keys=frozenset({"tst", "tsi"}),
    other_time_keys=frozenset(),
    examples=(
        Example(
            "/hfp/v2/journey/ongoing/vp/bus/0018/00423/2551/1/Itäkeskus/14:20/1454121/4/"
            "60;25/20/81/71",
            '{"VP": {"desi": "551", "dir": "1", "oper": 22, "veh": 423, '
            '"tst": "2026-11-21T12:00:00.500Z", "tsi": 1795262400, "spd": 9.2, "hdg": 88, '
            '"lat": 60.187, "long": 24.818, "acc": 0.2, "dl": -42, "odo": 3120, "drst": 0, '
            '"oday": "2026-11-21", "jrn": 172, "line": 834, "start": "14:20", "loc": "GPS", '
            '"stop": null, "route": "2551", "occu": 0}}',
        ),
    ),
    decode=decode,
)
