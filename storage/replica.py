"""The moment that a database knows: now, and on a replica that of the newest commit it has."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from storage.connection import Connection
from storage.errors import translated

_REPLAYED: Final = """
-- Null on a server that takes writes. Nothing is known of what comes after: a replica whose primary
-- is away does not find by itself that vehicles fall silent.
select case when pg_is_in_recovery() then pg_last_xact_replay_timestamp() end
"""


def _now() -> datetime:
    return datetime.now(UTC)


def known_now(connection: Connection, clock: Callable[[], datetime] = _now) -> datetime:
    """Return now; on a replica the time of the newest commit that has reached it, if before.

    Workers commit every ten seconds at the least, while one is connected: a replica that keeps up
    is no further behind.

    Args:
        clock: returns now, UTC-aware.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(_REPLAYED).fetchone()
    replayed = row[0] if row else None
    return clock() if replayed is None else min(clock(), replayed)
