"""Which database engine is at the other end, and how migrations talk to it."""

from typing import NamedTuple

import psycopg
from sqlalchemy.engine import Connection

from storage.errors import translated


class Engine(NamedTuple):
    """The database engine as a user knows it."""

    engine: str
    """``timescaledb`` or ``postgresql``."""
    version: str


def engine_of(connection: psycopg.Connection) -> Engine:
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


def has_timescaledb(bind: Connection) -> bool:
    """Tell whether the extension is there, creating it where the server offers it."""
    driver = _driver(bind)
    offered = driver.execute(
        "select 1 from pg_available_extensions where name = 'timescaledb'"
    ).fetchone()
    if offered:
        driver.execute("create extension if not exists timescaledb")
    return offered is not None


def run_script(bind: Connection, script: str) -> None:
    """Run a script of many statements, which SQLAlchemy would send with parameters."""
    _driver(bind).execute(script.encode())


def _driver(bind: Connection) -> "psycopg.Connection[tuple[object, ...]]":
    driver = bind.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"migrations need psycopg, not {type(driver)}")
    return driver
