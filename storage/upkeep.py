"""When what an administrator has to do was last done, and what a backup may leave out."""

from typing import Final

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("upkeep")

ARCHIVE: Final = "archive"
BACKUP: Final = "backup"
MAINTENANCE: Final = "maintenance"


def upkeep_done(connection: Connection, task: str) -> None:
    """Put on record that a task was done just now."""
    with translated():
        connection.execute(_SQL["upkeep_done"], {"task": task})


def tables_to_dump(connection: Connection) -> int:
    """Return how many tables with rows a whole dump has, by the server's catalogue."""
    with translated():
        row = connection.execute(_SQL["tables_to_dump"]).fetchone()
    return row[0] if row else 0


def relations_of_positions(connection: Connection) -> list[str]:
    """Return the tables, chunks among them, whose rows no figure of a date rests on."""
    with translated():
        return [name for (name,) in connection.execute(_SQL["relations_of_positions"])]
