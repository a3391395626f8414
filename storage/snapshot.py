"""One view of the database for several questions, whose answers then agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from psycopg import IsolationLevel

from storage.connection import Connection, connect
from storage.errors import translated
from storage.sql import queries

_PREPARE = """
-- A fleet of 100,000 fits in the memory, and needs no second on compiling the query.
select set_config('statement_timeout', %(timeout_ms)s, true),
       set_config('work_mem', '64MB', true),
       set_config('jit', 'off', true)
"""

STATEMENT_TIMEOUT = timedelta(minutes=5)
"""Longer than any question of a person's; it ends what was left behind by a lost connection."""


@contextmanager
def snapshot(url: str, application: str) -> Iterator[Connection]:
    """Yield a connection that only reads, and sees nothing of what is written meanwhile.

    Raises:
        StorageError: the database cannot be reached, or does not answer.
    """
    with translated(), connect(url, application) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        prepare(connection, STATEMENT_TIMEOUT)
        yield connection


@contextmanager
def scratch(url: str, application: str) -> Iterator[Connection]:
    """Yield a connection with one view of the database, in which nothing that is written stays.

    Raises:
        StorageError: the database cannot be reached, or does not answer.
    """
    with translated(), connect(url, application) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        prepare(connection, STATEMENT_TIMEOUT)
        yield connection
        connection.rollback()


def prepare(connection: Connection, timeout: timedelta) -> None:
    """Set up the running transaction for questions about a whole fleet.

    Args:
        timeout: what a statement may take.
    """
    milliseconds = timeout // timedelta(milliseconds=1)
    connection.execute(_PREPARE, {"timeout_ms": str(milliseconds)})


def first_record(connection: Connection) -> datetime | None:
    """Return the first moment of which anything is known of any vehicle; None: of none."""
    row = connection.execute(queries("shares")["first_record"]).fetchone()
    return row[0] if row else None
