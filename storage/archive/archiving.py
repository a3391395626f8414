"""Write days into the archive: each file is read back and verified before it is on record."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Final

from psycopg import IsolationLevel

from storage.archive import files
from storage.archive.loading import returned_before
from storage.archive.manifest import (
    DAY,
    SQL,
    ArchivedFile,
    Part,
    archived,
    begins,
    days_between,
    first_day,
    forgotten,
)
from storage.archive.store import ArchiveUnusable, Store
from storage.connection import Connection, connect
from storage.errors import translated
from storage.schema import needed

_COPIES: Final[dict[Part, tuple[str, Callable[[Any, Any], int]]]] = {
    Part.POSITIONS: ("copy_positions", files.write_reports),
    Part.BEFORE: ("copy_before", files.write_reports),
    Part.REJECTIONS: ("copy_rejections", files.write_rejections),
}


def due_days(connection: Connection, until: datetime) -> list[date]:
    """Return the days that have ended by a moment and are not in the archive, oldest first."""
    done = archived(connection)
    return [day for day in days_between(first_day(connection), until) if day not in done]


def archive_days(url: str, store: Store, days: list[date]) -> Iterator[list[ArchivedFile]]:
    """Write days into the archive, yielding the files of each once they are on record.

    What was archived of the time before a day is taken into account, although it may have been
    thrown away since: a bus that has been silent for years keeps its last position. Where a vehicle
    is forgotten meanwhile, the day is written again.

    Raises:
        ArchiveUnusable: a file cannot be written, or reads otherwise than it was written.
        StorageError: the database cannot be asked. What was yielded is archived.
    """
    for day in days:
        while (of_day := _of_day(url, store, day)) is None:
            pass
        yield of_day


def _of_day(url: str, store: Store, day: date) -> list[ArchivedFile] | None:
    """Write a day's files and put them on record; None: a vehicle was forgotten meanwhile."""
    with translated(), connect(url, "fleetgauge archive") as reading:
        reading.isolation_level = IsolationLevel.REPEATABLE_READ
        left_out = forgotten(reading)
        returned_before(reading, store, day - DAY)
        of_day = [_written(reading, store, day, part) for part in Part]
        # What was returned is for this look alone.
        reading.rollback()
    with translated(), connect(url, "fleetgauge archive") as writing:
        writing.execute(SQL["keep_from_forgetting"])
        if forgotten(writing) != left_out:
            return None
        for file in of_day:
            writing.execute(SQL["record"], file._asdict())
        writing.commit()
    return of_day


def _written(connection: Connection, store: Store, day: date, part: Part) -> ArchivedFile:
    query, write = _COPIES[part]
    path = f"{part}/{day:%Y}/{day.isoformat()}.parquet"
    rows = 0

    def stream_rows(stream: Any) -> None:
        nonlocal rows
        binds = {"begin": begins(day), "end": begins(day + DAY)}
        with connection.cursor() as cursor, cursor.copy(SQL[query], binds) as copied:
            rows = write(stream, copied)

    verified = store.write(path, stream_rows)
    file = ArchivedFile(
        day, part, path, rows, verified.size, verified.sha256, max(needed().versioned),
        archived_at=datetime.now().astimezone(),
    )  # fmt: skip
    if files.rows_of(store.read(file)) != rows:
        raise ArchiveUnusable(f"the archive {store.place}: {path} has other rows than were written")
    return file
