"""Keep history that comes as tables or recorded lines: by the worker's own statements, in bulk."""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from models.decode import decode
from models.rejection import RejectReason
from models.rules import Rules
from models.vehicle import VehicleId
from storage.backfill import tables
from storage.backfill.tables import Judged
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.writing import reception
from storage.writing.batch import Batch, Message, Written
from storage.writing.keep import Repeats, keep, keep_staged, learn_keys
from storage.writing.keys import Journey, Keys
from storage.writing.staging import FLAGS, Staged

_SQL: Final = queries("backfill")
_WRITING: Final = queries("writing")

WORKER: Final = "backfill"
"""The name that the account of these reports is kept under."""

_ANY_AGE: Final = timedelta(days=40_000)


class Kept(NamedTuple):
    """What became of a file's rows so far."""

    rows: int = 0
    stored: int = 0
    duplicate: int = 0
    contact: int = 0
    rejected: Mapping[RejectReason, int] = MappingProxyType({})
    earlier: int = 0
    """Rows that an earlier run dealt with, and that this one passed over."""
    first_rejected: int | None = None
    """The first row that was rejected, from 1; None: none was, or the file holds messages."""

    def plus(self, rows: int, written: Written, first_rejected: int | None) -> "Kept":
        """Return the sum with what became of more rows."""
        first = self.first_rejected
        if first is None and first_rejected is not None:
            first = self.rows + first_rejected
        return Kept(
            self.rows + rows,
            self.stored + written.stored,
            self.duplicate + written.duplicate,
            self.contact + written.contact,
            Counter(self.rejected) + written.rejected,
            self.earlier,
            first,
        )


class Backfill:
    """A connection, in autocommit, that keeps files; for one thread."""

    def __init__(self, connection: Connection, rules: Rules, time_zone: str) -> None:
        """Take the rules, and the IANA time zone that an operator not yet known is given."""
        self._connection = connection
        self._rules = rules
        self._keys = Keys(time_zone)
        self._repeats = Repeats()

    def keep(self, path: Path) -> Iterator[Kept]:
        """Keep a table's rows, yielding what became of them after each transaction.

        What an earlier run has kept of the same content is passed over.

        Raises:
            FileUnusable: it cannot be read; what was yielded is kept.
            StorageError: the database cannot be reached; what was yielded is kept.
        """
        digest = _digest(path)
        done = self._begin(digest)
        with translated():
            total = Kept()
            for table in tables.tables(path, self._rules.kinds):
                end = total.rows + table.num_rows
                if end <= done:
                    total = total._replace(rows=end, earlier=end)
                else:
                    total = self._keep_table(table, total, digest)
                yield total

    def keep_messages(self, path: Path, batches: Iterable[Sequence[Message]]) -> Iterator[Kept]:
        """Keep the recorded messages of a file, yielding what became of them as ``keep`` does.

        Args:
            path: the file, by whose content an earlier run is known.
            batches: its messages, each batch of one transaction and always of the same size.
        """
        digest = _digest(path)
        done = self._begin(digest)
        total = Kept()
        for messages in batches:
            end = total.rows + len(messages)
            if end <= done:
                total = total._replace(rows=end, earlier=end)
            else:
                total = self._keep_batch(messages, total, digest)
            yield total

    def _begin(self, digest: bytes) -> int:
        """Return how many rows of a file are kept."""
        with translated():
            if not self._connection.pooled:
                self._connection.execute(_WRITING["create_staged"])
                self._connection.execute(_WRITING["compress_fast"])
            row = self._connection.execute(_SQL["rows_done"], {"digest": digest}).fetchone()
        return row[0] if row else 0

    def _keep_batch(self, messages: Sequence[Message], before: Kept, digest: bytes) -> Kept:
        now = datetime.now(UTC)
        batch = Batch()
        for message in messages:
            batch.add(message, *decode(*message, self._rules._replace(max_age=_ANY_AGE)))
        rows = before.rows + len(messages)

        def book(written: Written) -> None:
            reception.book(self._connection, WORKER, batch.received, written)
            self._connection.execute(_SQL["keep_progress"], {"digest": digest, "rows": rows})

        with translated():
            learn_keys(self._connection, self._keys, batch)
            with self._connection.transaction():
                written = keep(self._connection, self._keys, batch, book, now, self._repeats)
        return before.plus(len(messages), written, None)

    def _keep_table(self, table: Any, before: Kept, digest: bytes) -> Kept:
        now = datetime.now(UTC)
        found = tables.judged(table, self._rules, now)
        rows = before.rows + table.num_rows
        staged_rows = self._staged_rows(found.good)
        with self._connection.transaction():
            # Received now is recorded now: only of what says otherwise that has to be kept apart.
            recorded_at = now if "received_at" in table.column_names else None
            written = self._kept(staged_rows, found, recorded_at)
            reception.book(self._connection, WORKER, table.num_rows, written)
            self._connection.execute(_SQL["keep_progress"], {"digest": digest, "rows": rows})
        return before.plus(table.num_rows, written, found.first_rejected)

    def _staged_rows(self, good: Any) -> Any:
        """Return the rows of the staging table, after giving keys to what has none."""
        vehicles = _combined(good, "operator_id", "vehicle_id")
        journeys = _combined(good, "route_id", "trip_id")
        named = [VehicleId(*each) for each in vehicles.names]
        ways = [Journey(*each) for each in journeys.names]
        self._keys.assign(self._connection, named, ways)
        keys = pa.array([self._keys.vehicles[each] for each in named], pa.int32())
        numbers = pa.array([self._keys.journeys[each] for each in ways], pa.int32())
        return tables.staged_lines(good, keys.take(vehicles.places), numbers.take(journeys.places))

    def _kept(self, rows: Any, found: Judged, recorded_at: datetime | None) -> Written:
        if not rows.num_rows:
            return Written(0, 0, 0, found.rejected)
        if self._connection.pooled:
            self._connection.execute(_WRITING["create_staged"])
        with self._connection.cursor() as cursor, cursor.copy(_SQL["copy_staged"]) as copied:
            copied.write(_lines(rows))
        flags = pc.bit_wise_and(rows["equipment"], FLAGS)
        informs = pc.or_(pc.is_valid(rows["latitude"]), pc.not_equal(flags, 0))
        news = pc.sum(informs).as_py()
        bits = 0
        for each in pc.unique(flags).to_pylist():
            bits |= each
        moments = pc.min_max(rows["observed_at"]).as_py()
        staged = Staged(
            moments["min"],
            moments["max"],
            (bits.bit_length() + 1) // 2,
            set(pc.unique(rows["vehicle_key"]).to_pylist()),
        )
        stored = keep_staged(self._connection, staged, news, self._repeats, recorded_at)
        return Written(stored, news - stored, rows.num_rows - news, found.rejected)


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


def _lines(rows: Any) -> bytes:
    out = io.BytesIO()
    csv.write_csv(rows, out, csv.WriteOptions(include_header=False))
    return out.getvalue()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
