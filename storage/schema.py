"""Which schema this program needs, and whether the database has it."""

import re
from importlib.resources import files
from typing import Final

from psycopg import sql

from storage.connection import Connection, connect
from storage.errors import SchemaOutdated, translated

VERSION_TABLE: Final = "schema_version"
"""Where the migrations keep the revision that the schema is at."""

_CURRENT: Final = sql.SQL("select version_num from {}").format(sql.Identifier(VERSION_TABLE))

_MIGRATION: Final = re.compile(r"v(\d{4})_\w+\.py")


def head() -> str:
    """Return the revision that this program needs: that of its last migration."""
    names = [each.name for each in files("storage").joinpath("migrations", "versions").iterdir()]
    return max(found[1] for name in names if (found := _MIGRATION.fullmatch(name)))


def check_schema(url: str) -> None:
    """Pass if the schema is the one this program needs.

    Raises:
        SchemaOutdated: it is not; the message says what to do.
        StorageError: the database cannot be reached.
    """
    with translated(), connect(url, "fleetgauge check", autocommit=True) as connection:
        current = _current(connection)
    if current != head():
        found = f"at revision {current}" if current else "not there"
        raise SchemaOutdated(
            f"the database's schema is {found}, {head()} is needed: run `fleetgauge migrate`"
        )


def _current(connection: Connection) -> str | None:
    there = connection.execute("select to_regclass(%s)", (VERSION_TABLE,)).fetchone()
    if there is None or there[0] is None:
        return None
    row = connection.execute(_CURRENT).fetchone()
    return row[0] if row else None
