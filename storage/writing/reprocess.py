"""Rejected messages reprocessed: what is now accepted is stored, and leaves the list.

Each is judged by today's rules as if it had just been received at the moment of its first
reception; a bus's clock is not to blame for the time that the correction took. Only those reports
of a message are looked at that were rejected: the others are stored already, and counted. A message
that is kept in part stays as it is.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import stamina

from models.decode import decode
from models.rejection import RejectReason
from models.rules import Rules
from storage.connection import Connection
from storage.errors import DatabaseUnavailable, DataRejected, translated
from storage.sql import queries
from storage.writing import reception
from storage.writing.batch import (
    Batch,
    Message,
    ReceivedReport,
    RejectedMessage,
    Written,
    informative,
)
from storage.writing.keep import keep, learn_keys
from storage.writing.keys import Keys
from storage.writing.rejected import RejectedRow, rows_of
from storage.writing.rejected_list import Selection, as_row

_SQL: Final = queries("rejected")

WORKER: Final = "reprocess"
"""In whose name the account is moved."""

_MESSAGES: Final = 100
"""A transaction's, unless the database rejects one: then one by one."""


class Reprocessed(NamedTuple):
    """What became of some rejected messages."""

    last_id: int
    messages: int
    left: int
    """Messages that have left the list."""
    stored: int
    duplicate: int
    contact: int
    rejected: int
    """Reports that are still rejected."""


class _Judged(NamedTuple):
    """A rejected message, judged by today's rules."""

    rejected_id: int
    row: RejectedRow
    accepted: list[ReceivedReport]
    rejected: list[RejectedRow]
    """What the list has to hold of it from now on."""


class Reprocessing:
    """Judge rejected messages again, over one connection in autocommit; for one thread."""

    def __init__(self, connection: Connection, rules: Rules, time_zone: str) -> None:
        """Take the rules, and the IANA time zone that an operator not yet known is given."""
        if not connection.pooled:
            connection.execute(queries("writing")["create_staged"])
        self._connection = connection
        self._rules = rules
        self._time_zone = time_zone

    def run(self, selection: Selection) -> Iterator[Reprocessed]:
        """Judge the chosen messages again, and yield after each transaction what it did.

        Raises:
            StorageError: what was yielded is done, the rest is as it was.
        """
        with translated():
            row = self._connection.execute(_SQL["last_rejected"]).fetchone()
        upto, after, size = (row[0] if row else 0), 0, _MESSAGES
        while True:
            try:
                done = self._reprocess(selection, after, upto, size)
            except DataRejected as rejected:
                if size > 1:
                    size = 1
                    continue
                done = self._explain(selection, after, upto, rejected)
            if done is None:
                return
            yield done
            after = done.last_id

    @stamina.retry(on=DatabaseUnavailable, attempts=5)
    def _reprocess(
        self, selection: Selection, after: int, upto: int, size: int
    ) -> Reprocessed | None:
        with translated(), self._connection.transaction():
            taken = self._take(selection, after, upto, size)
            if not taken:
                return None
            judged = [_judge(rejected_id, row, self._rules) for rejected_id, row in taken]
            written = self._store(judged)
            self._put_back(judged)
        return Reprocessed(
            taken[-1][0],
            len(judged),
            sum(not each.rejected for each in judged),
            written.stored,
            written.duplicate,
            written.contact,
            sum(row.times * row.reports for each in judged for row in each.rejected),
        )

    def _take(
        self, selection: Selection, after: int, upto: int, size: int
    ) -> list[tuple[int, RejectedRow]]:
        bounds = {"after": after, "upto": upto, "limit": size}
        found = self._connection.execute(
            _SQL["take_rejected"], {**selection.parameters(), **bounds}
        )
        return [(rejected_id, as_row(columns)) for rejected_id, *columns in found]

    def _store(self, judged: Sequence[_Judged]) -> Written:
        moved = Written(0, 0, 0, Counter())

        def book(written: Written) -> None:
            nonlocal moved
            moved, received = _moved(judged, written.stored)
            if any(moved):
                reception.book(self._connection, WORKER, received, moved)

        batch = Batch(reports=[received for each in judged for received in each.accepted])
        keys = Keys(self._time_zone)
        learn_keys(self._connection, keys, batch)
        keep(self._connection, keys, batch, book, recorded_at=datetime.now(UTC))
        return moved

    def _put_back(self, judged: Sequence[_Judged]) -> None:
        changed = [each for each in judged if each.rejected != [each.row]]
        ids = [each.rejected_id for each in changed]
        self._connection.execute(_SQL["remove_rejected"], {"ids": ids})
        for each in changed:
            for place, row in enumerate(each.rejected):
                # The first keeps the number that the list has shown.
                number = {"rejected_id": None if place else each.rejected_id}
                self._connection.execute(
                    _SQL["put_back_rejected"],
                    row._asdict() | number | {"elements": list(row.elements)},
                )

    def _explain(
        self, selection: Selection, after: int, upto: int, rejected: DataRejected
    ) -> Reprocessed | None:
        """Leave the next message in the list, with the database's words for its rejection."""
        with translated(), self._connection.transaction():
            taken = self._take(selection, after, upto, 1)
            if not taken:
                return None
            rejected_id, row = taken[0]
            detail = f"the database rejects it: {rejected}"[:300]
            self._connection.execute(
                _SQL["explain_rejected"], {"rejected_id": rejected_id, "detail": detail}
            )
        return Reprocessed(rejected_id, 1, 0, 0, 0, 0, row.times * row.reports)


def _moved(judged: Sequence[_Judged], stored: int) -> tuple[Written, int]:
    """Return how the account changes, and how many more reports were received than were known.

    A message that was rejected many times moves as many reports, of which one can be new.
    """
    received = not_contacts = contact = 0
    rejected: Counter[RejectReason] = Counter()
    for _, row, accepted, still_rejected in judged:
        news = informative(accepted)
        not_contacts += row.times * news
        contact += row.times * (len(accepted) - news)
        received += row.times * (len(accepted) - row.reports)
        rejected[RejectReason(row.reason)] -= row.times * row.reports
        for left in still_rejected:
            received += row.times * left.reports
            rejected[RejectReason(left.reason)] += row.times * left.reports
    by_reason = Counter({reason: reports for reason, reports in rejected.items() if reports})
    return Written(stored, not_contacts - stored, contact, by_reason), received


def _judge(rejected_id: int, row: RejectedRow, rules: Rules) -> _Judged:
    message = Message(row.topic, row.payload, row.received_at)
    reports, rejections, _ = decode(*message, rules, retained=row.retained)
    if row.elements and rejections and rejections[0].element is None:
        # It cannot be opened any more, which is one reason for each report that was in it.
        rejections = [rejections[0]._replace(element=element) for element in row.elements]
        reports = []
    elif row.elements:
        elements = set(row.elements)
        reports = [report for report in reports if report.element in elements]
        rejections = [each for each in rejections if each.element in elements]
    accepted = [ReceivedReport(report, message) for report in reports]
    still_rejected = [
        each._replace(last_received_at=row.last_received_at, times=row.times)
        for each in rows_of(RejectedMessage(message, rejections))
    ]
    return _Judged(rejected_id, row, accepted, still_rejected)
