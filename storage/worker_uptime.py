"""When a worker was up and connected: one row an unbroken span, extended by each beat."""

from datetime import datetime, timedelta
from typing import Final

from models.uptime import Span, gaps
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("uptime")

_FAR_BACK: Final = timedelta(days=366)


def beat(connection: Connection, worker: str, span: Span) -> None:
    """Put on record that a worker has been up and connected without a break.

    Args:
        connection: in autocommit.
        span: the whole of it; the beat before had the same beginning.

    Raises:
        StorageError: it is not on record; a later beat makes up for it.
    """
    binds = {"worker": worker, "started_at": span.begins, "last_seen_at": span.ends}
    with translated():
        connection.execute(_SQL["beat"], binds)


def connected_spans(connection: Connection, within: Span) -> list[Span]:
    """Return the spans in which a worker was connected, clipped; they may overlap.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [Span(*row) for row in connection.execute(_SQL["connected"], within._asdict())]


def recorded_from(connection: Connection, before: datetime) -> datetime | None:
    """Return since when there is a record of the uptime; None: there was none before a moment.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(_SQL["recorded_from"], {"before": before}).fetchone()
    return row[0] if row else None


def last_connected(connection: Connection) -> datetime | None:
    """Return when a worker was last known to be connected; None: none ever was.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(_SQL["last_connected"]).fetchone()
    return row[0] if row else None


def downtime_at(
    connection: Connection, at: datetime, window: timedelta, limit: timedelta
) -> Span | None:
    """Return the last downtime longer than the limit that lies in the window before a moment.

    Args:
        at: not after now.

    Raises:
        StorageError: the database cannot be asked.
    """
    first = recorded_from(connection, at)
    if first is None:
        return None
    # A gap is longer than the part of it within the window, so it is looked for further back.
    within = Span(max(first, at - window - _FAR_BACK), at)
    spans = connected_spans(connection, within)
    found = [gap for gap in gaps(spans, within) if gap.length > limit]
    return next((gap for gap in reversed(found) if gap.ends > at - window), None)
