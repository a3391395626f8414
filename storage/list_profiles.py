"""What the titles of somebody's lists mean, remembered under a name, with its history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from psycopg.types.json import Jsonb

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("list_profiles")


class ListProfile(NamedTuple):
    """What the titles of lists mean, under a name."""

    list: str
    """Which kind of list: ``fleet``, ``targets``, ``hours``."""
    name: str
    columns: Mapping[str, str]
    """By title, the column; empty: it is left out."""
    known_from: datetime
    entered_by: str
    known_to: datetime | None
    """None: it still holds."""
    ended_by: str | None


def list_profiles(
    connection: Connection,
    kind: str | None = None,
    name: str | None = None,
    *,
    history: bool = False,
) -> list[ListProfile]:
    """Return the profiles, by kind of list and name.

    Args:
        history: those that were replaced, too.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {"list": kind, "name": name, "history": history}
    with translated():
        return [ListProfile(*row) for row in connection.execute(_SQL["list"], binds)]


def remember(
    connection: Connection, kind: str, name: str, columns: Mapping[str, str], *, entered_by: str
) -> None:
    """Remember what titles mean from now on; what was remembered before stays on record.

    Raises:
        StorageError: the database failed; nothing was changed.
    """
    binds = {"list": kind, "name": name, "columns": Jsonb(dict(columns)), "author": entered_by}
    with translated(), connection.transaction():
        connection.execute(_SQL["take_turn"])
        connection.execute(_SQL["end"], binds)
        connection.execute(_SQL["add"], binds)
