"""Between which days the history lies."""

from datetime import date
from typing import Final, NamedTuple

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("kpi")


class StoredDays(NamedTuple):
    """The first and the last local day of which anything is known."""

    first: date
    last: date


def stored_days(connection: Connection) -> StoredDays | None:
    """Return the days between which all that is known now lies; None: nothing is.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        first, last = connection.execute(_SQL["stored_days"]).fetchone() or (None, None)
    return None if first is None or last is None else StoredDays(first, last)


def first_day_known_on(connection: Connection, known_on: date) -> date | None:
    """Return the first day of which anything was known at a local day's end; None: nothing was.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(_SQL["first_day_known_on"], {"known_on": known_on}).fetchone()
    return row[0] if row else None
