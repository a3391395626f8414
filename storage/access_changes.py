"""Changes of the broker's accounts, on record: who changed what when, by the database's clock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("access")

Change = Literal["added", "password", "revoked"]


class AccessChange(NamedTuple):
    """What became of an account."""

    changed_at: datetime
    account: str
    change: Change
    topics: tuple[str, ...]
    """Of one that was added: on which it may publish since."""
    changed_by: str


def record(
    connection: Connection, account: str, change: Change, author: str, topics: Sequence[str] = ()
) -> None:
    """Put a change on record.

    Raises:
        StorageError: it is not there.
    """
    binds = {"account": account, "change": change, "by": author, "topics": list(topics)}
    with translated():
        connection.execute(_SQL["record_change"], binds)


def access_changes(connection: Connection, account: str | None = None) -> list[AccessChange]:
    """Return the changes, of one account or of all, the newest first.

    Raises:
        StorageError: the database does not answer.
    """
    with translated():
        rows = connection.execute(_SQL["changes"], {"account": account}).fetchall()
    return [
        AccessChange(at, name, change, tuple(topics), by) for at, name, change, topics, by in rows
    ]
