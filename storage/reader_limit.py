"""Ending what the readers leave running: a limit of time that they cannot lift.

A role's own `statement_timeout` is a default, which whoever logs in may set to 0.
"""

from datetime import timedelta
from typing import Final, NamedTuple

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("roles")


class Ended(NamedTuple):
    """A session that was ended."""

    role: str
    seconds: float
    state: str


def end_long_transactions(connection: Connection, limit: timedelta) -> list[Ended]:
    """End each session of a reader whose transaction has lasted longer; return them.

    Only of roles that ours is a member of, which PostgreSQL asks for; of no others.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        rows = connection.execute(_SQL["end_long_transactions"], {"limit": limit})
        return [Ended(*row) for row in rows]
