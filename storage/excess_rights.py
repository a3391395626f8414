"""Whether a long-lived service is connected as somebody who may do more than it needs."""

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries


def excess_rights(connection: Connection) -> str | None:
    """Return ``superuser`` or ``owner`` where our role is one; None: it is neither.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(queries("roles")["excess"]).fetchone()
    return row[0] if row else None
