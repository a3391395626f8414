"""Throw away what is due, in short transactions: ingest and readers wait for none of them long.

Each says from when on is kept before, or as, the first row goes. So what is killed half-way has
answered no question wrongly, and the next run goes on.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from models.errors import Unavailable
from models.retention import Retention
from storage.archive.manifest import restored_days
from storage.connection import Connection, connect
from storage.errors import DatabaseUnavailable, StorageError, translated
from storage.retention.due import (
    HOURS,
    MESSAGES,
    POSITIONS,
    RECORDED_LATER,
    REJECTIONS,
    SQL,
    Due,
    due,
    vehicles,
)
from storage.upkeep import MAINTENANCE, upkeep_done

LOCK_KEY: Final = 0x6D61696E74  # "maint"

_OF_VEHICLES: Final = {POSITIONS: "delete_reports", RECORDED_LATER: "delete_recorded_later"}
"""What is deleted vehicle by vehicle, whose rows an index finds, and by which statement."""

BATCH: Final = 5_000
"""Rows: some 50 ms of a transaction."""
PATIENCE: Final = 10
"""Times that a chunk is tried which somebody is reading."""
PAUSE_S: Final = 2.0


class BusyElsewhere(StorageError, Unavailable):
    """Another process is throwing away at the moment."""


@contextmanager
def leading(url: str) -> Iterator[Connection]:
    """Yield a connection, in autocommit, of the one process that throws away.

    Raises:
        BusyElsewhere: another does.
        StorageError: the database cannot be reached.
    """
    # In a transaction of its own: a pooler may give each to another session.
    with translated(), connect(url, "fleetgauge maintain") as turn:
        row = turn.execute(SQL["lead"], {"key": LOCK_KEY}).fetchone()
        if row is None or not row[0]:
            raise BusyElsewhere("another process is doing the maintenance of this database")
        with connect(url, "fleetgauge maintain", autocommit=True) as connection:
            yield connection


def maintain(
    url: str, kept: Retention, now: datetime, on_step: Callable[[Due, int], None] = lambda *_: None
) -> list[Due]:
    """Throw away all that is due, and return what it was.

    Args:
        url: the database's, of the role that owns the tables.
        kept: how long what is kept.
        now: the moment that it is due at.
        on_step: told of each committed step: of what, and its bytes.

    Raises:
        BusyElsewhere: another process does it.
        StorageError: the rest is still there, and waits for the next time.
    """
    with leading(url) as connection:
        found = [each for each in due(connection, kept, now) if not each.is_empty]
        for each in found:
            for step in throw_away(connection, each):
                on_step(each, step)
        upkeep_done(connection, MAINTENANCE)
    return found


def throw_away(connection: Connection, of_table: Due) -> Iterator[int]:
    """Throw away what is due of one table, yielding the bytes of each step that is committed.

    Args:
        connection: in autocommit, of the one process that does it (``leading``).
        of_table: what.

    Raises:
        StorageError: what was not yielded is still there, and waits for the next time.
    """
    with translated():
        if of_table.chunks is not None:
            yield from _drop_chunks(connection, of_table)
        elif of_table.relation in _OF_VEHICLES:
            yield from _delete_of_vehicles(connection, of_table, _OF_VEHICLES[of_table.relation])
        elif of_table.relation == REJECTIONS:
            yield from _thin_rejections(connection, of_table)
        elif of_table.relation == MESSAGES:
            until = of_table.until
            move_horizon(connection, MESSAGES, until)
            yield from _delete(connection, of_table, "delete_messages", {"until": until})
        else:
            yield _merge_hours(connection, of_table)


def move_horizon(connection: Connection, relation: str, until: datetime) -> None:
    """Say from when on a table's rows are kept, and keep what has to be known of older ones."""
    with connection.transaction():
        if relation == POSITIONS:
            connection.execute(SQL["keep_who_was_heard_later"], {"until": until})
        connection.execute(SQL["move_horizon"], {"relation": relation, "until": until})


def _drop_chunks(connection: Connection, of_table: Due) -> Iterator[int]:
    for chunk in of_table.chunks or ():
        binds = {"relation": of_table.relation, "start": chunk.start, "end": chunk.end}
        for turn in range(PATIENCE, 0, -1):
            try:
                with translated(), connection.transaction():
                    connection.execute(SQL["wait_little"])
                    move_horizon(connection, of_table.relation, chunk.end)
                    connection.execute(SQL["drop_chunk"], binds)
                break
            except DatabaseUnavailable:
                if connection.broken or turn == 1:
                    raise
                time.sleep(PAUSE_S)
        yield chunk.bytes


def _delete_of_vehicles(connection: Connection, of_table: Due, delete: str) -> Iterator[int]:
    # What is known of positions goes after them.
    move_horizon(connection, POSITIONS, of_table.until)
    restored = restored_days(connection)
    for vehicle_key in vehicles(connection):
        binds = {"vehicle_key": vehicle_key, "until": of_table.until, "restored": restored}
        yield from _delete(connection, of_table, delete, binds)


def _thin_rejections(connection: Connection, of_table: Due) -> Iterator[int]:
    # A KPI of the day needs the last one, and a moment of which no position is kept is asked no
    # more: that has to be on record first.
    move_horizon(connection, POSITIONS, of_table.until)
    yield from _delete(connection, of_table, "delete_rejections", {"until": of_table.until})
    move_horizon(connection, REJECTIONS, of_table.until)


def _delete(
    connection: Connection, of_table: Due, delete: str, binds: dict[str, object]
) -> Iterator[int]:
    row_bytes = of_table.bytes / of_table.rows if of_table.rows else 0
    deleted = BATCH
    while deleted == BATCH:
        deleted = connection.execute(SQL[delete], {**binds, "limit": BATCH}).rowcount
        yield round(deleted * row_bytes)


def _merge_hours(connection: Connection, of_table: Due) -> int:
    with connection.transaction():
        connection.execute(SQL["merge_hours"], {"until": of_table.until})
        connection.execute(SQL["merge_rejected_hours"], {"until": of_table.until})
        move_horizon(connection, HOURS, of_table.until)
    return of_table.bytes
