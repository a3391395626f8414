"""What is in the list of rejected messages, for a person to look at."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.rejection import RejectReason
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.writing.rejected import RejectedRow

_SQL: Final = queries("rejected")


class Selection(NamedTuple):
    """Which rejected messages; what is None does not matter."""

    rejected_id: int | None = None
    reason: RejectReason | None = None
    operator_id: str | None = None
    since: datetime | None = None
    """Received at this moment or later, if only the last time."""
    until: datetime | None = None
    """Received before this moment, if only the first time."""

    def parameters(self) -> Mapping[str, object]:
        """Return what the condition of the queries names."""
        return self._asdict() | {"reason": self.reason and self.reason.value}


class RejectedCount(NamedTuple):
    """How much of one reason and operator is kept."""

    reason: str
    operator_id: str | None
    messages: int
    reports: int
    first_received_at: datetime
    last_received_at: datetime


def count(connection: Connection, selection: Selection) -> list[RejectedCount]:
    """Count what is kept by reason and operator, the most frequent first.

    Raises:
        StorageError: the database did not answer.
    """
    with translated():
        rows = connection.execute(_SQL["count_rejected"], selection.parameters()).fetchall()
    return [RejectedCount(*row) for row in rows]


def count_cut(connection: Connection, selection: Selection) -> int:
    """Count what is kept in part only, and cannot be reprocessed.

    Raises:
        StorageError: the database did not answer.
    """
    with translated():
        row = connection.execute(_SQL["count_cut"], selection.parameters()).fetchone()
    return int(row[0]) if row else 0


def newest(
    connection: Connection, selection: Selection, limit: int
) -> Iterator[tuple[int, RejectedRow]]:
    """Yield the newest rejected messages with the numbers they go by.

    Raises:
        StorageError: the database did not answer.
    """
    with translated():
        found = connection.execute(
            _SQL["newest_rejected"], {**selection.parameters(), "limit": limit}
        ).fetchall()
    for rejected_id, *columns in found:
        yield rejected_id, as_row(columns)


def as_row(columns: Sequence[Any]) -> RejectedRow:
    """Name the columns, as the queries return them."""
    row = RejectedRow(*columns)
    return row._replace(elements=tuple(row.elements))


def find(connection: Connection, rejected_id: int) -> RejectedRow | None:
    """Return one rejected message, None where there is none of that number.

    Raises:
        StorageError: the database did not answer.
    """
    rows = newest(connection, Selection(rejected_id), limit=1)
    return next((row for _, row in rows), None)
