"""Whether vacuum keeps up, and what holds it back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from models.finding import Finding, fault, ok, warning
from storage.connection import Connection
from storage.health.asking import row, rows

_OLD: Final = 1_000_000_000
_TOO_OLD: Final = 1_600_000_000
"""At 2.1 billion PostgreSQL takes no more commands that write (its manual, 24.1.5)."""


_LONG: Final = timedelta(minutes=10)


def upkeep_findings(connection: Connection, long: timedelta = _LONG) -> Iterator[Finding]:
    """Yield dead rows, the age of the oldest transaction, and who holds vacuum back.

    Args:
        long: how long a transaction has to be open to be named.

    Raises:
        StorageError: the database cannot be asked.
    """
    found = [
        warning("database.dead_rows", **each._asdict()) for each in rows(connection, "dead_rows")
    ]
    age = row(connection, "oldest_transaction_id").age
    if age > _OLD:
        found.append((fault if age > _TOO_OLD else warning)("database.wraparound", age=age))
    found += [
        warning("database.long_snapshot", **each._asdict())
        for each in rows(connection, "long_snapshots", limit=long)
    ]
    found += [
        warning(f"database.{each.kind}", name=each.name, held_bytes=each.bytes)
        for each in rows(connection, "held_back", limit=long)
    ]
    yield from found or [ok("database.upkeep")]
    if not row(connection, "server").sees_sessions:
        yield ok("database.sessions_hidden")
