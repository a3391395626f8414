"""Which database engine is at the other end."""

from typing import NamedTuple

from storage.connection import Connection
from storage.errors import translated


class Engine(NamedTuple):
    """The database engine as a user knows it."""

    engine: str
    """``timescaledb`` or ``postgresql``."""
    version: str


def engine_of(connection: Connection) -> Engine:
    """Name the engine that a connection leads to.

    Raises:
        StorageError: the database did not answer.
    """
    with translated():
        row = connection.execute(
            "select extversion from pg_extension where extname = 'timescaledb'"
        ).fetchone()
        if row:
            return Engine("timescaledb", row[0])
        version = connection.execute("select current_setting('server_version')").fetchone()
    return Engine("postgresql", version[0] if version else "unknown")
