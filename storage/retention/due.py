"""What is old enough to be thrown away, with its rows and bytes; nothing is changed."""

from datetime import datetime
from typing import Final, NamedTuple

from models.retention import Retention, horizon
from storage.archive.manifest import archived_until, begins, restored_days
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

SQL: Final = queries("retention")

POSITIONS: Final = "report"
RECORDED_LATER: Final = "recorded_later"
REJECTIONS: Final = "rejection"
MESSAGES: Final = "rejected_message"
HOURS: Final = "reception"


class Chunk(NamedTuple):
    """A chunk of TimescaleDB's, which goes as a whole."""

    start: datetime
    end: datetime
    bytes: int


class Due(NamedTuple):
    """What of a table is old enough."""

    relation: str
    until: datetime
    """The rows before this moment."""
    chunks: tuple[Chunk, ...] | None
    """None: the table has none, and its rows go in batches."""
    rows: int | None
    """None: not counted, for they go with their chunks."""
    bytes: int
    """On disk; of a table without chunks an estimate, and room for new rows of the same table."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to throw away."""
        return not (self.rows or self.chunks)


def due(connection: Connection, kept: Retention, now: datetime) -> list[Due]:
    """List what is old enough, table by table, in the order in which it should go.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        found = []
        if positions := horizon(now, kept.positions):
            if kept.only_archived:
                positions = archived_until(connection, positions)
            of_table = _chunks if has_chunks(connection) else _rows_of_vehicles
            found.append(of_table(connection, POSITIONS, positions))
            found.append(_rows(connection, RECORDED_LATER, "count_recorded_later", positions))
            found.append(_rows(connection, REJECTIONS, "count_rejections", positions))
        if messages := horizon(now, kept.rejected):
            found.append(_rows(connection, MESSAGES, "count_messages", messages))
        if hours := horizon(now, kept.hours):
            found.append(_rows(connection, HOURS, "count_hours", hours))
    return found


def has_chunks(connection: Connection) -> bool:
    """Tell whether TimescaleDB keeps the positions."""
    return all(
        connection.execute(SQL[question]).fetchone() is not None
        for question in ("is_timescaledb", "is_hypertable")
    )


def _chunks(connection: Connection, relation: str, until: datetime) -> Due:
    binds = {"relation": relation, "until": until}
    stay = {begins(day) for day in restored_days(connection)} if relation == POSITIONS else ()
    with connection.transaction():
        connection.execute(SQL["wait_little"])
        found = [Chunk(*row) for row in connection.execute(SQL["chunks"], binds)]
    chunks = tuple(chunk for chunk in found if chunk.start not in stay)
    return Due(relation, until, chunks, None, sum(each.bytes for each in chunks))


def _rows_of_vehicles(connection: Connection, relation: str, until: datetime) -> Due:
    binds = {"until": until, "restored": restored_days(connection)}
    rows = 0
    for vehicle_key in vehicles(connection):
        found = connection.execute(
            SQL["count_reports"], {**binds, "vehicle_key": vehicle_key}
        ).fetchone()
        rows += found[0] if found else 0
    return Due(relation, until, None, rows, _bytes(connection, relation, rows))


def _rows(connection: Connection, relation: str, count: str, until: datetime) -> Due:
    binds = {"until": until, "restored": restored_days(connection)}
    found = connection.execute(SQL[count], binds).fetchone()
    rows = found[0] if found else 0
    return Due(relation, until, None, rows, _bytes(connection, relation, rows))


def _bytes(connection: Connection, relation: str, rows: int) -> int:
    binds = {"relation": relation, "counted": rows}
    row = connection.execute(SQL["row_bytes"], binds).fetchone()
    return round(rows * float(row[0])) if row and row[0] else 0


def vehicles(connection: Connection) -> list[int]:
    """Return the keys of all vehicles; of each the rows of a time are found by an index."""
    return [key for (key,) in connection.execute(SQL["vehicles"])]
