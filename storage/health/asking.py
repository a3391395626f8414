"""One question of ``queries/health.sql``, its answer a row with names."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from psycopg.rows import namedtuple_row

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries


def rows(connection: Connection, question: str, **binds: object) -> Sequence[Any]:
    """Return the rows of an answer; each has the names of its columns.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated(), connection.cursor(row_factory=namedtuple_row) as cursor:
        return cast(
            "Sequence[NamedTuple]",
            cursor.execute(queries("health")[question], binds or None).fetchall(),
        )


def row(connection: Connection, question: str) -> Any:
    """Return the one row of an answer.

    Raises:
        StorageError: the database cannot be asked.
    """
    return rows(connection, question)[0]
