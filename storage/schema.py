"""Which schema this program needs, and whether the database has it."""

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import psycopg

from storage.connection import Connection, connect
from storage.errors import NOT_PRELOADED, DatabaseUnusable, SchemaOutdated, translated
from storage.sql import scripts

_APPLIED: Final = """
select name, checksum from schema_script where kind = %(kind)s order by name
"""

_LETTERS: Final = "Ёё—"
"""What any encoding must have that is not UTF8: Russian letters, and a dash of the views."""

_TIMESCALEDB_UNLOADED: Final = """
select exists (select from pg_extension where extname = 'timescaledb')
       and current_setting('timescaledb.disable_load', true) is null
"""

OLDEST: Final = 15
"""The major version of PostgreSQL that is needed: 14 has no ``unique nulls not distinct``."""

_THERE: Final = "select to_regclass('schema_script') is not null"


class Applied(NamedTuple):
    """The scripts that a database has, each with the checksum it was applied with."""

    versioned: Mapping[str, str]
    repeatable: Mapping[str, str]

    @property
    def version(self) -> str | None:
        """The newest version; None: the database has no schema of ours."""
        return max(self.versioned, default=None)

    @property
    def fingerprint(self) -> str:
        """What tells these scripts from others, in 12 letters."""
        both = [sorted(scripts.items()) for scripts in (self.versioned, self.repeatable)]
        return checksum(str(both))[:12]


def needed() -> Applied:
    """Return what this program needs."""
    return Applied(*(_checksums(scripts(kind)) for kind in Applied._fields))


def check_database(connection: Connection) -> None:
    """Pass if this program can work with the database, whatever its schema.

    Raises:
        DatabaseUnusable: it cannot; the message says what to do.
    """
    check_version(connection.info.server_version)
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        _check_encoding(connection, encoding)
    # The library's own setting is there only where the server has loaded it.
    row = connection.execute(_TIMESCALEDB_UNLOADED).fetchone()
    if row and row[0]:
        raise DatabaseUnusable(NOT_PRELOADED)


def check_version(server_version: int) -> None:
    """Pass if PostgreSQL is new enough.

    Args:
        server_version: as libpq has it: 150004 is 15.4.

    Raises:
        DatabaseUnusable: it is not.
    """
    major, minor = divmod(server_version, 10_000)
    if major < OLDEST:
        raise DatabaseUnusable(
            f"PostgreSQL {major}.{minor} is too old: {OLDEST} or newer is needed at "
            "FLEETGAUGE_DATABASE_URL"
        )


def _check_encoding(connection: Connection, encoding: str | None) -> None:
    # SQL_ASCII takes any bytes and knows no letters: JSON of it is rejected.
    try:
        connection.execute("select to_jsonb(%s::text)", (_LETTERS,))
    except psycopg.DataError:
        is_usable = False
    else:
        is_usable = encoding != "SQL_ASCII"
    if not is_usable:
        raise DatabaseUnusable(
            f"the database has the encoding {encoding}, in which names cannot be kept: make one "
            "with `createdb --encoding=UTF8 --template=template0 NAME` and name it in "
            "FLEETGAUGE_DATABASE_URL"
        )


def applied(connection: Connection) -> Applied:
    """Return what the database has."""
    there = connection.execute(_THERE).fetchone()
    if not (there and there[0]):
        return Applied({}, {})
    return Applied(
        *(dict(connection.execute(_APPLIED, {"kind": kind}).fetchall()) for kind in Applied._fields)
    )


def check_schema(url: str) -> None:
    """Pass if the schema is the one this program needs.

    Raises:
        SchemaOutdated: it is not; the message says what to do.
        DatabaseUnusable: this program cannot work with the database.
        StorageError: the database cannot be reached.
    """
    with translated(), connect(url, "fleetgauge check", autocommit=True) as connection:
        check_database(connection)
        check_applied(connection)


def check_applied(connection: Connection) -> Applied:
    """Return the scripts that the database has, if they are this program's.

    Raises:
        SchemaOutdated: they are not; the message says what to do.
    """
    found = applied(connection)
    if found != needed():
        what = f"from another version ({found.version})" if found.version else "missing"
        raise SchemaOutdated(f"the database's schema is {what}: run `fleetgauge migrate`")
    return found


def checksum(script: str) -> str:
    """Return what a script is known again by."""
    return hashlib.sha256(script.encode()).hexdigest()


def _checksums(of: Mapping[str, str]) -> dict[str, str]:
    return {name: checksum(script) for name, script in of.items()}
