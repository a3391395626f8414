"""The days that a table's rows make, worked out for all of them at once.

What ``keep_days`` of queries/writing.sql makes of each batch, with fewer steps a row: a test holds
the one to the other.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from storage.connection import Connection
from storage.sql import queries
from storage.writing.staging import FLAGS

_SQL: Final = queries("backfill")

_LIVE_US: Final = 15 * 60 * 1_000_000
_BITS: Final = 1624
"""Of each map of a day (``vehicle_day.minutes``)."""
_SLOT_MINUTES: Final = 15
"""No time zone's day begins within a quarter of an hour."""

_Day = tuple[int, Any]
"""The vehicle's key, and the local date."""


class _Local(NamedTuple):
    day: Any
    begins: int
    """Seconds since 1970."""


class Calendar:
    """Local days, by the database's own functions; for one thread."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection in autocommit."""
        self._connection = connection
        self._zones: dict[int, str] = {}
        self._days: dict[tuple[str, int], _Local] = {}

    def learn(self, vehicles: set[int], slots: set[int]) -> None:
        """Ask for what is not known yet of vehicles, and of quarters of an hour since 1970."""
        if unknown := vehicles - self._zones.keys():
            rows = self._connection.execute(_SQL["zones"], {"vehicles": list(unknown)})
            self._zones.update(rows.fetchall())
        zones = {self._zones[key] for key in vehicles}
        pairs = [(zone, slot) for zone in zones for slot in slots if (zone, slot) not in self._days]
        if pairs:
            binds = {
                "zones": [zone for zone, _ in pairs],
                "seconds": [slot * _SLOT_MINUTES * 60 for _, slot in pairs],
            }
            for zone, seconds, day, begins in self._connection.execute(_SQL["local_days"], binds):
                self._days[zone, seconds // (_SLOT_MINUTES * 60)] = _Local(day, begins)

    def of(self, vehicle: int, slot: int) -> _Local:
        """Return the local day of a vehicle that a quarter of an hour is in."""
        return self._days[self._zones[vehicle], slot]


class _Sums:
    """What is counted of one day."""

    __slots__ = ("box", "maps", "readings")

    def __init__(self) -> None:
        self.box: tuple[int, int, int, int] | None = None
        self.maps = [0, 0, 0]
        self.readings: list[int | None] | None = None

    def add_minute(self, box: tuple[int, int, int, int], bit: int, *on: bool) -> None:
        south, north, west, east = self.box or box
        self.box = (
            min(south, box[0]), max(north, box[1]), min(west, box[2]), max(east, box[3]),
        )  # fmt: skip
        one = 1 << (_BITS - 1 - bit)
        for place, is_on in enumerate((True, *on)):
            if is_on:
                self.maps[place] |= one

    def add_readings(self, at_us: int, flags: int, places: int) -> None:
        if self.readings is None:
            self.readings = [None] * places
        for place in range(places):
            if said := flags >> 2 * place & 3:
                self.readings[place] = max(self.readings[place] or 0, at_us * 4 + said)

    def literal(self) -> str | None:
        if self.readings is None:
            return None
        return "{" + ",".join("null" if r is None else str(r) for r in self.readings) + "}"


def days_of(rows: Any, calendar: Calendar, places: int) -> dict[str, list[Any]]:
    """Return the days of rows of the staging table, as ``merge_days`` takes them.

    Args:
        rows: of ``tables.staged_lines``.
        calendar: what day it is where.
        places: how many elements of ``vehicle_state.equipment`` have a reading.
    """
    minutes, sayings = _by_minute(rows), _by_flags(rows)
    slots = {minute // _SLOT_MINUTES for minute in minutes["minute"]} | set(sayings["slot"])
    calendar.learn({*minutes["vehicle_key"], *sayings["vehicle_key"]}, slots)
    days: dict[_Day, _Sums] = {}
    for key, minute, *box, is_live, on_route in zip(*minutes.values(), strict=True):
        local = calendar.of(key, minute // _SLOT_MINUTES)
        of_day = days.setdefault((key, local.day), _Sums())
        bit = (minute * 60 - local.begins) // 60
        of_day.add_minute((box[0], box[1], box[2], box[3]), bit, is_live, on_route)
    for key, slot, flags, at_us in zip(*sayings.values(), strict=True):
        of_day = days.setdefault((key, calendar.of(key, slot).day), _Sums())
        of_day.add_readings(at_us, flags, places)
    return _columns(days)


def _by_minute(rows: Any) -> dict[str, list[Any]]:
    """Return each vehicle's minutes with a fix: their box, is one live, does one name a route."""
    fixes = rows.filter(pc.is_valid(rows["latitude"]))
    observed, received = (_microseconds(fixes[name]) for name in ("observed_at", "received_at"))
    table = pa.table(
        {
            "vehicle_key": fixes["vehicle_key"],
            "minute": _floored(fixes["observed_at"], 1),
            "latitude": fixes["latitude"],
            "longitude": fixes["longitude"],
            "is_live": pc.less_equal(pc.subtract(received, observed), _LIVE_US),
            "on_route": pc.greater(fixes["journey_key"], 0),
        }
    )
    found = table.group_by(["vehicle_key", "minute"]).aggregate(
        [
            ("latitude", "min"), ("latitude", "max"), ("longitude", "min"), ("longitude", "max"),
            ("is_live", "any"), ("on_route", "any"),
        ]
    )  # fmt: skip
    names = (
        "vehicle_key", "minute", "latitude_min", "latitude_max", "longitude_min", "longitude_max",
        "is_live_any", "on_route_any",
    )  # fmt: skip
    return {name: found[name].to_pylist() for name in names}


def _by_flags(rows: Any) -> dict[str, list[Any]]:
    """Return when each vehicle said last, within a quarter of an hour, what of its equipment."""
    flags = pc.bit_wise_and(rows["equipment"], FLAGS)
    table = pa.table(
        {
            "vehicle_key": rows["vehicle_key"],
            "slot": _floored(rows["observed_at"], _SLOT_MINUTES),
            "flags": flags,
            "at": _microseconds(rows["observed_at"]),
        }
    ).filter(pc.not_equal(flags, 0))
    found = table.group_by(["vehicle_key", "slot", "flags"]).aggregate([("at", "max")])
    names = ("vehicle_key", "slot", "flags", "at_max")
    return {name: found[name].to_pylist() for name in names}


def _floored(moments: Any, minutes: int) -> Any:
    floored = pc.floor_temporal(moments, minutes, unit="minute")
    return pc.divide(_microseconds(floored), minutes * 60_000_000)


def _microseconds(moments: Any) -> Any:
    return pc.cast(moments, pa.int64())


def _columns(days: dict[_Day, _Sums]) -> dict[str, list[Any]]:
    names = ("vehicles", "days", "south", "north", "west", "east", "minutes", "readings")
    return dict(zip(names, map(list, zip(*_lines(days), strict=True)), strict=True))


def _lines(days: dict[_Day, _Sums]) -> Iterator[tuple[Any, ...]]:
    for (key, day), of_day in sorted(days.items()):
        maps = b"".join(each.to_bytes(_BITS // 8, "big") for each in of_day.maps)
        yield (key, day, *(of_day.box or (None,) * 4), maps, of_day.literal())
