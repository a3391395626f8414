"""Compress days of positions, where TimescaleDB's community edition is; nothing depends on it."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from models.retention import Retention, horizon
from storage.connection import Connection
from storage.errors import DatabaseUnavailable, translated
from storage.retention.due import SQL, has_chunks
from storage.retention.throw_away import PATIENCE, PAUSE_S, leading
from storage.sql import queries

_COLUMNS: Final = queries("columnstore")


class Compressible(NamedTuple):
    """A chunk of positions that is old enough, and not compressed or not wholly so."""

    name: str
    start: datetime
    bytes: int


class Compressed(NamedTuple):
    """What was compressed."""

    chunks: int = 0
    before: int = 0
    """Bytes on disk."""
    after: int = 0


class _Offered(NamedTuple):
    version: str
    is_used: bool


def unused_version(connection: Connection) -> str | None:
    """Return the version of TimescaleDB that can compress and is not let; None: that is not so.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        offered = _offered(connection)
    return offered.version if offered and not offered.is_used else None


def why_uncompressed(connection: Connection, kept: Retention) -> str | None:
    """Say why positions stay uncompressed that should be; None: they do not.

    Raises:
        StorageError: the database cannot be asked.
    """
    if not kept.compressed:
        return None
    with translated():
        offered = _offered(connection)
    if offered is None:
        return "that takes TimescaleDB's community edition"
    if not offered.is_used:
        return (
            f"what TimescaleDB {offered.version} compresses cannot be restored from a backup; "
            "2.21 or later can"
        )
    return None


def _offered(connection: Connection) -> _Offered | None:
    row = connection.execute(_COLUMNS["offered"]).fetchone()
    return _Offered(*row) if row else None


def compressible(connection: Connection, kept: Retention, now: datetime) -> list[Compressible]:
    """List the days of positions that are due, oldest first; none where the server cannot.

    Raises:
        StorageError: the database cannot be asked.
    """
    until = horizon(now, kept.compressed)
    with translated(), connection.transaction():
        if until is None or not (offered := _offered(connection)) or not offered.is_used:
            return []
        if not has_chunks(connection):
            return []
        connection.execute(SQL["wait_little"])
        rows = connection.execute(_COLUMNS["chunks_to_compress"], {"until": until}).fetchall()
    return [Compressible(*row) for row in rows]


def compress(
    url: str, kept: Retention, now: datetime, on_step: Callable[[int], None] = lambda _: None
) -> Compressed:
    """Compress the days of positions that are due, and return how many bytes that saved.

    A day is a transaction: what writes a late report into it waits meanwhile, and readers do not.

    Args:
        url: the database's, of the role that owns the tables.
        kept: how old they are then.
        now: the moment that they are due at.
        on_step: told the bytes of each day that is done.

    Raises:
        BusyElsewhere: another process does the maintenance.
        StorageError: the rest waits for the next time.
    """
    done = Compressed()
    with leading(url) as connection:
        for chunk in compressible(connection, kept, now):
            after = _patiently(connection, chunk)
            done = Compressed(done.chunks + 1, done.before + chunk.bytes, done.after + after)
            on_step(chunk.bytes)
    return done


def _patiently(connection: Connection, chunk: Compressible) -> int:
    for turn in range(PATIENCE, 0, -1):
        try:
            return _compress(connection, chunk)
        except DatabaseUnavailable:
            if connection.broken or turn == 1:
                raise
            time.sleep(PAUSE_S)
    raise AssertionError("a turn returns or raises")


def _compress(connection: Connection, chunk: Compressible) -> int:
    with translated(), connection.transaction():
        connection.execute(SQL["wait_little"])
        if connection.execute(_COLUMNS["is_enabled"]).fetchone() is None:
            connection.execute(_COLUMNS["enable"])
        connection.execute(_COLUMNS["compress"], {"chunk": chunk.name})
        row = connection.execute(_COLUMNS["chunk_bytes"], {"chunk": chunk.name}).fetchone()
    return int(row[0]) if row else 0
