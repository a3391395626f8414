"""From when on positions are kept."""

from datetime import datetime

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries


def positions_kept_from(connection: Connection) -> datetime | None:
    """Return from when on positions are kept; None: none was ever thrown away.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(queries("archive")["horizon"]).fetchone()
    return row[0] if row else None
