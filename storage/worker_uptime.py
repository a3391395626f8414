"""When a worker was up and connected: one row an unbroken span, extended by each beat."""

from datetime import datetime, timedelta
from typing import Final

from models.uptime import Span, gaps
from storage.connection import Connection
from storage.errors import translated

_BEAT: Final = """
insert into worker_uptime as known (worker, started_at, last_seen_at)
values (%(worker)s, %(started_at)s, %(last_seen_at)s)
on conflict (worker, started_at) do update
set last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
"""

_HEARD: Final = """
select greatest(started_at, %(begins)s), least(last_seen_at, %(ends)s)
from worker_uptime
where last_seen_at > %(begins)s and started_at < %(ends)s
order by started_at, worker
"""

_FIRST: Final = "select min(started_at) from worker_uptime where started_at < %(before)s"


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
        connection.execute(_BEAT, binds)


def heard(connection: Connection, within: Span) -> list[Span]:
    """Return the spans in which a worker was connected, clipped; they may overlap.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [Span(*row) for row in connection.execute(_HEARD, within._asdict())]


def recorded_from(connection: Connection, before: datetime) -> datetime | None:
    """Return since when there is a record of our uptime; None: there was none before a moment.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(_FIRST, {"before": before}).fetchone()
    return row[0] if row else None


def deaf_at(
    connection: Connection, at: datetime, window: timedelta, limit: timedelta
) -> Span | None:
    """Return the last gap longer than the limit that lies in the window before a moment.

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
    found = [gap for gap in gaps(heard(connection, within), within) if gap.length > limit]
    return next((gap for gap in reversed(found) if gap.ends > at - window), None)
