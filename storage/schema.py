"""Which schema this program needs, and whether the database has it."""

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from storage.connection import Connection, connect
from storage.errors import SchemaOutdated, translated
from storage.sql import scripts

_APPLIED: Final = """
select name, checksum from schema_script where kind = %(kind)s order by name
"""

_THERE: Final = "select to_regclass('schema_script') is not null"


class Applied(NamedTuple):
    """The scripts that a database has, each with the checksum it was applied with."""

    versioned: Mapping[str, str]
    repeatable: Mapping[str, str]

    @property
    def version(self) -> str | None:
        """The newest version; None: the database has no schema of ours."""
        return max(self.versioned, default=None)


def needed() -> Applied:
    """Return what this program needs."""
    return Applied(*(_checksums(scripts(kind)) for kind in Applied._fields))


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
        StorageError: the database cannot be reached.
    """
    with translated(), connect(url, "fleetgauge check", autocommit=True) as connection:
        found = applied(connection)
    if found != needed():
        what = f"from another version ({found.version})" if found.version else "missing"
        raise SchemaOutdated(f"the database's schema is {what}: run `fleetgauge migrate`")


def checksum(script: str) -> str:
    """Return what a script is known again by."""
    return hashlib.sha256(script.encode()).hexdigest()


def _checksums(of: Mapping[str, str]) -> dict[str, str]:
    return {name: checksum(script) for name, script in of.items()}
