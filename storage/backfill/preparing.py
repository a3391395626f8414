"""Work out what a table's rows are in the database, before it is asked to keep them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from models.rejection import RejectReason
from models.rules import Rules
from models.vehicle import VehicleId
from storage.backfill import tables
from storage.backfill.binary import binary_lines
from storage.backfill.days import Calendar, days_of
from storage.backfill.states import rows_for_states
from storage.connection import Connection
from storage.writing.keys import Keys
from storage.writing.late_columns import oldest_by_hour
from storage.writing.staging import FLAGS, Staged

_REPORT: Final = (
    "observed_at", "received_at", "equipment", "vehicle_key", "latitude", "longitude",
    "journey_key", "speed", "bearing", "hdop", "satellites",
)  # fmt: skip
_PLACE: Final = ("latitude", "longitude")
"""Null together, and nothing else ever is."""


class Part(NamedTuple):
    """Those of the vehicles that one of several workers keeps, so that none waits for another."""

    number: int
    of: int

    def has(self, operator_id: str, vehicle_id: str) -> bool:
        """Tell whether a vehicle is among them."""
        return crc32(f"{operator_id}/{vehicle_id}".encode()) % self.of == self.number

    def of_digest(self, digest: bytes) -> bytes:
        """Return under what a file's progress is known, by the digest of its content."""
        if self.of == 1:
            return digest
        return hashlib.sha256(digest + f"{self.number}/{self.of}".encode()).digest()


ALL: Final = Part(0, 1)


class Direct(NamedTuple):
    """Lines to copy into their tables as they are."""

    reports: bytes
    recorded_later: bytes
    for_states: bytes
    days: dict[str, list[Any]]


class Step(NamedTuple):
    """What one transaction keeps."""

    end: int
    """The rows of the file up to and with it."""
    rows: Any = None
    """Of the staging table; None: an earlier run has kept them."""
    now: datetime | None = None
    recorded_at: datetime | None = None
    """When they were recorded; None: at the reception that they name."""
    staged: Staged | None = None
    """None: there is no row."""
    direct: Direct | None = None
    """None: some of them are of the same instant of a vehicle, or off their route."""
    news: int = 0
    """How many have a position or a flag."""
    rejected: Mapping[RejectReason, int] = MappingProxyType({})
    first_rejected: int | None = None

    @property
    def row_count(self) -> int:
        """How many rows are reports."""
        return int(self.rows.num_rows)

    def lines(self) -> bytes:
        """Return all rows as the staging table takes them by COPY."""
        return binary_lines(self.rows, _PLACE)


class Worker:
    """Prepares the steps of a file; for one thread."""

    def __init__(self, connection: Connection, rules: Rules, time_zone: str, part: Part) -> None:
        """Take a connection in autocommit, for names and days alone."""
        self._connection = connection
        self._rules = rules
        self._keys = Keys(time_zone)
        self._calendar = Calendar(connection)
        self._part = part

    def numbered(self, path: Path) -> Iterator[tuple[int, Any]]:
        """Yield the tables of a file, each with the number of its last row."""
        end = 0
        for table in tables.tables(path, self._rules.kinds):
            end += table.num_rows
            yield end, table

    def prepared(self, numbered: tuple[int, Any], done: int) -> Step:
        """Return what has to be kept of a table, if not so many rows of the file are kept."""
        end, table = numbered
        if end <= done:
            return Step(end)
        now = datetime.now(UTC)
        found = tables.judged(table, self._rules, now)
        first = found.first_rejected
        rows, off_route = self._staged_rows(found.good)
        # Received now is recorded now: only of what says otherwise that has to be kept apart.
        recorded_at = now if "received_at" in table.column_names else None
        step = Step(
            end, rows, now, recorded_at,
            rejected=found.rejected if self._part.number == 0 else {},
            first_rejected=None if first is None else end - table.num_rows + first,
        )  # fmt: skip
        return self._worked_out(step, off_route) if rows.num_rows else step

    def _staged_rows(self, good: Any) -> tuple[Any, Sequence[int]]:
        """Return the rows of the staging table, after giving keys to what has none.

        And the numbers of those whose position lies off its route.
        """
        vehicles = _combined(good, "operator_id", "vehicle_id")
        if self._part.of > 1:
            ours = pa.array([self._part.has(*each) for each in vehicles.names], pa.bool_())
            good = good.filter(ours.take(vehicles.places))
            vehicles = _combined(good, "operator_id", "vehicle_id")
        journeys = _combined(good, "route_id", "trip_id")
        named = [VehicleId(*each) for each in vehicles.names]
        ways = [(route_id, trip_id) for route_id, trip_id in journeys.names]
        self._keys.assign(self._connection, named, ways)
        keys = pa.array([self._keys.vehicles[each] for each in named], pa.int32())
        numbers = pa.array([self._keys.journeys[each] for each in ways], pa.int32())
        rows = tables.staged_lines(good, keys.take(vehicles.places), numbers.take(journeys.places))
        ordered = rows.sort_by([("vehicle_key", "ascending"), ("observed_at", "ascending")])
        return ordered, self._off_route(good)

    def _off_route(self, good: Any) -> Sequence[int]:
        """Return the numbers, as ``tables.staged_lines`` counts, of positions off their route."""
        ways, newest = self._keys.ways(self._connection), pc.max(good["observed_at"]).as_py()
        if ways is None or ways.known_from is None or newest is None or newest < ways.known_from:
            return ()
        names = ("operator_id", "route_id", "latitude", "longitude", "observed_at")
        rows = zip(*(good[name].to_pylist() for name in names), strict=True)
        return [
            number
            for number, row in enumerate(rows, start=1)
            if row[1] is not None and row[2] is not None and ways.is_off(self._connection, *row)
        ]

    def _worked_out(self, step: Step, off_route: Sequence[int]) -> Step:
        rows = step.rows
        flags = pc.bit_wise_and(rows["equipment"], FLAGS)
        informs = pc.or_(pc.is_valid(rows["latitude"]), pc.not_equal(flags, 0))
        bits = 0
        for each in pc.unique(flags).to_pylist():
            bits |= each
        moments = pc.min_max(rows["observed_at"]).as_py()
        staged = Staged(
            moments["min"],
            moments["max"],
            (bits.bit_length() + 1) // 2,
            set(pc.unique(rows["vehicle_key"]).to_pylist()),
            oldest_by_hour(rows),
            off_route,
        )
        # Days are worked out by the routes that positions name: where one lies off it, the worker's
        # way is taken.
        is_general = off_route or _has_repeats(rows)
        direct = None if is_general else self._direct(step, staged.places)
        return step._replace(staged=staged, direct=direct, news=pc.sum(informs).as_py())

    def _direct(self, step: Step, places: int) -> Direct:
        rows = step.rows
        return Direct(
            binary_lines(rows.select(_REPORT), _PLACE),
            _recorded_later(rows, step.recorded_at),
            binary_lines(rows_for_states(rows), _PLACE),
            days_of(rows, self._calendar, places),
        )


def _has_repeats(rows: Any) -> bool:
    """Tell whether two rows, which are sorted, are of one instant of a vehicle."""
    same = [
        pc.equal(column.slice(1), column.slice(0, rows.num_rows - 1))
        for column in (rows["vehicle_key"], rows["observed_at"])
    ]
    return bool(pc.any(pc.and_(*same)).as_py())


def _recorded_later(rows: Any, recorded_at: datetime | None) -> bytes:
    if recorded_at is None:
        return b""
    moment = pa.scalar(recorded_at, pa.timestamp("us", tz="UTC"))
    later = rows.filter(
        pc.and_(pc.is_valid(rows["latitude"]), pc.not_equal(rows["received_at"], moment))
    )
    columns = [later["vehicle_key"], later["observed_at"], pa.repeat(moment, later.num_rows)]
    return binary_lines(pa.table(columns, ["vehicle_key", "observed_at", "recorded_at"]))


class _Names(NamedTuple):
    names: list[tuple[Any, Any]]
    """Each pair of two columns once."""
    places: Any
    """Of each row the place of its pair."""


def _combined(table: Any, first: str, second: str) -> _Names:
    one, other = (table[name].combine_chunks().dictionary_encode() for name in (first, second))
    width = len(other.dictionary) + 1
    left, right = (pc.fill_null(each.indices, -1).cast(pa.int64()) for each in (one, other))
    pairs = pc.add(pc.multiply(pc.add(left, 1), width), pc.add(right, 1)).dictionary_encode()
    names = [None, *one.dictionary.to_pylist()], [None, *other.dictionary.to_pylist()]
    return _Names(
        [
            (names[0][pair // width], names[1][pair % width])
            for pair in pairs.dictionary.to_pylist()
        ],
        pairs.indices,
    )
