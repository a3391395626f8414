"""Keep history that comes as tables or recorded lines, in bulk.

Of a table the next rows are read, judged and worked out on one thread, while the database keeps the
last ones for another. Rows of which none is there go straight into their table, and states and days
are made of all of them at once; where one is there, the worker's own statements merge them.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, LiteralString, NamedTuple

from psycopg import errors as sqlstate

from models.decode import decode
from models.rejection import RejectReason
from models.rules import Rules
from storage.backfill.preparing import ALL, Direct, Part, Step, Worker
from storage.connection import Connection, connect
from storage.errors import translated
from storage.sql import queries
from storage.writing import reception
from storage.writing.batch import Batch, Message, Written
from storage.writing.keep import NO_REJECTIONS, Repeats, keep, keep_staged, learn_keys
from storage.writing.keys import Keys
from storage.writing.lateness import keep_lateness
from storage.writing.staging import Staged

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

    @classmethod
    def all_of(cls, parts: Sequence["Kept"]) -> "Kept":
        """Return the sum of what became of a file's vehicles, which several have kept."""
        firsts = [each.first_rejected for each in parts if each.first_rejected is not None]
        return cls(
            min(each.rows for each in parts),
            sum(each.stored for each in parts),
            sum(each.duplicate for each in parts),
            sum(each.contact for each in parts),
            parts[0].rejected,
            min(each.earlier for each in parts),
            min(firsts, default=None),
        )

    def plus(self, end: int, written: Written, first_rejected: int | None) -> "Kept":
        """Return the sum with what became of the rows up to another one."""
        first = self.first_rejected
        return Kept(
            end,
            self.stored + written.stored,
            self.duplicate + written.duplicate,
            self.contact + written.contact,
            Counter(self.rejected) + written.rejected,
            self.earlier,
            first_rejected if first is None else first,
        )


class Backfill:
    """Keeps files; for one thread, beside which it has another."""

    def __init__(self, url: str, rules: Rules, time_zone: str, part: Part = ALL) -> None:
        """Take the database's URL, the rules, and of which vehicles the rows are kept.

        ``time_zone`` is the IANA name that an operator not yet known is given.
        """
        self._url = url
        self._rules = rules
        self._time_zone = time_zone
        self._part = part

    def keep(self, path: Path) -> Iterator[Kept]:
        """Keep a table's rows, yielding what became of them after each transaction.

        What an earlier run has kept of the same content is passed over.

        Raises:
            FileUnusable: it cannot be read; what was yielded is kept.
            StorageError: the database cannot be reached; what was yielded is kept.
        """
        digest = self._part.of_digest(_digest(path))
        with translated(), self._connected() as connection, self._connected() as asking:
            done = self._begin(connection, digest)
            worker = Worker(asking, self._rules, self._time_zone, self._part)
            repeats = Repeats()
            total = Kept()
            prepared = (worker.prepared(table, done) for table in worker.numbered(path))
            with ThreadPoolExecutor(1) as pool:
                coming = pool.submit(next, prepared, None)
                while (step := coming.result()) is not None:
                    coming = pool.submit(next, prepared, None)
                    if step.rows is None:
                        total = total._replace(rows=step.end, earlier=step.end)
                    else:
                        written = _keep(connection, step, repeats, digest)
                        total = total.plus(step.end, written, step.first_rejected)
                    yield total

    def keep_messages(self, path: Path, batches: Iterable[Sequence[Message]]) -> Iterator[Kept]:
        """Keep the recorded messages of a file, yielding what became of them as ``keep`` does.

        Args:
            path: the file, by whose content an earlier run is known.
            batches: its messages, each batch of one transaction and always of the same size.
        """
        digest = _digest(path)
        keys, repeats, total = Keys(self._time_zone), Repeats(), Kept()
        with translated(), self._connected() as connection:
            done = self._begin(connection, digest)
            for messages in batches:
                end = total.rows + len(messages)
                if end <= done:
                    total = total._replace(rows=end, earlier=end)
                else:
                    batch = self._opened(messages)
                    written = _keep_batch(connection, keys, repeats, batch, end, digest)
                    total = total.plus(end, written, None)
                yield total

    def _connected(self) -> Connection:
        return connect(self._url, "fleetgauge backfill", autocommit=True)

    def _begin(self, connection: Connection, digest: bytes) -> int:
        """Return how many rows of a file are kept."""
        if not connection.pooled:
            connection.execute(_WRITING["create_staged"])
            connection.execute(_WRITING["compress_fast"])
        row = connection.execute(_SQL["rows_done"], {"digest": digest}).fetchone()
        return row[0] if row else 0

    def _opened(self, messages: Sequence[Message]) -> Batch:
        batch = Batch()
        rules = self._rules._replace(max_age=_ANY_AGE)
        for message in messages:
            batch.add(message, *decode(*message, rules))
        return batch


def _keep_batch(
    connection: Connection, keys: Keys, repeats: Repeats, batch: Batch, end: int, digest: bytes
) -> Written:
    def book(written: Written) -> None:
        reception.book(connection, WORKER, batch.received, written)
        connection.execute(_SQL["keep_progress"], {"digest": digest, "rows": end})

    learn_keys(connection, keys, batch)
    with connection.transaction():
        return keep(connection, keys, batch, book, datetime.now(UTC), repeats)


def _keep(connection: Connection, step: Step, repeats: Repeats, digest: bytes) -> Written:
    with connection.transaction():
        if connection.pooled:
            connection.execute(_WRITING["create_staged"])
        stored = _stored(connection, step, repeats)
        news = step.news
        written = Written(stored, news - stored, step.row_count - news, Counter(step.rejected))
        reception.book(connection, WORKER, step.row_count + written.rejected.total(), written)
        connection.execute(_SQL["keep_progress"], {"digest": digest, "rows": step.end})
    return written


def _stored(connection: Connection, step: Step, repeats: Repeats) -> int:
    """Keep the rows of a step; return how many of those that say something were new."""
    if step.staged is None:
        return 0
    if step.direct is None or repeats.batches_left:
        return _merged(connection, step, step.staged, repeats)
    try:
        with connection.transaction():
            _keep_directly(connection, step, step.staged, step.direct)
    except sqlstate.UniqueViolation:
        return _merged(connection, step, step.staged, repeats)
    repeats.seen(duplicates=False)
    return step.news


def _merged(connection: Connection, step: Step, staged: Staged, repeats: Repeats) -> int:
    _copy(connection, _WRITING["copy_staged"], step.lines())
    stored = keep_staged(connection, staged, step.news, Repeats(1), step.recorded_at)
    repeats.seen(duplicates=stored < step.news)
    return stored


def _keep_directly(connection: Connection, step: Step, staged: Staged, direct: Direct) -> None:
    # The states first, as the worker does: their locks are what keeps another from a vehicle.
    _copy(connection, _WRITING["copy_staged"], direct.for_states)
    states = {"vehicles": list(staged.vehicles), "places": staged.places}
    connection.execute(_WRITING["advance_states"], {**NO_REJECTIONS, **states})
    _copy(connection, _SQL["copy_reports"], direct.reports)
    if direct.recorded_later:
        _copy(connection, _SQL["copy_recorded_later"], direct.recorded_later)
    if direct.days:
        connection.execute(_SQL["merge_days"], direct.days | {"recorded_at": step.now})
    keep_lateness(connection, staged.late)


def _copy(connection: Connection, query: LiteralString, lines: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(query) as copied:
        copied.write(lines)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
