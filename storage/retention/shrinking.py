"""Give back the room that old states took while a long transaction kept them from being vacuumed.

Each report writes a new version of a state. Versions that nobody can see any more are room for the
next ones, but while somebody's transaction is open for minutes, none becomes free: the table grows,
and when it has ended, the pages stay, between which the few states lie that every live share reads.
"""

import time
from typing import Final

from storage.connection import Connection
from storage.errors import DatabaseUnavailable, translated
from storage.retention.throw_away import PATIENCE, PAUSE_S, leading
from storage.sql import queries

_SQL: Final = queries("shrinking")

TIMES: Final = 4
"""So many times the room that it needs, and a table is rewritten."""
SPARE: Final = 4 << 20
"""Bytes that are not worth it."""


def shrink_states(url: str) -> int:
    """Rewrite the states where they take far more room than they need; return the bytes saved.

    Takes some milliseconds a thousand vehicles, in which nobody reads or writes them.

    Args:
        url: the database's, of the role that owns the tables.

    Raises:
        BusyElsewhere: another process does the maintenance.
        StorageError: nothing was changed; the next time will do.
    """
    with leading(url) as connection:
        before, needed = _room(connection)
        if before < TIMES * needed + SPARE:
            return 0
        if not connection.pooled:
            # Of a pooler's session it would stay with whoever has it next.
            with translated():
                connection.execute(_SQL["wait_little"])
        for turn in range(PATIENCE, 0, -1):
            try:
                with translated():
                    connection.execute(_SQL["rewrite"])
                break
            except DatabaseUnavailable:
                if connection.broken or turn == 1:
                    raise
                time.sleep(PAUSE_S)
        return before - _room(connection)[0]


def _room(connection: Connection) -> tuple[int, int]:
    with translated():
        row = connection.execute(_SQL["room"]).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
