"""Which days are in the archive, by the database's record of it, and which may be thrown away."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

SQL: Final = queries("archive")

DAY: Final = timedelta(days=1)


class Part(StrEnum):
    """What a day's file holds."""

    POSITIONS = "positions"
    """The reports of the day."""
    BEFORE = "before"
    """The older reports that states of the day rest on."""
    REJECTIONS = "rejections"
    """When messages of vehicles were rejected on the day, and last before it."""


class ArchivedFile(NamedTuple):
    """A file of the archive, as it was verified."""

    day: date
    part: Part
    path: str
    """Within the archive."""
    rows: int
    size: int
    """Bytes."""
    sha256: bytes
    schema_version: str
    archived_at: datetime


def begins(day: date) -> datetime:
    """Return the first moment of a day of the archive, which are those of UTC."""
    return datetime.combine(day, time(), UTC)


def archived(connection: Connection) -> dict[date, dict[Part, ArchivedFile]]:
    """Return the files of each day in the archive.

    Raises:
        StorageError: the database cannot be asked.
    """
    days: dict[date, dict[Part, ArchivedFile]] = {}
    with translated():
        for row in connection.execute(SQL["archived"]):
            file = ArchivedFile(*row)
            part = Part(file.part)
            days.setdefault(file.day, {})[part] = file._replace(part=part)
    return days


def first_day(connection: Connection) -> date | None:
    """Return the first day of which a report is stored; None: of none."""
    with translated():
        row = connection.execute(SQL["first_report"]).fetchone()
    return row[0].astimezone(UTC).date() if row and row[0] else None


def days_between(first: date | None, until: datetime) -> list[date]:
    """Return the days from the first one on that have ended by a moment."""
    if first is None:
        return []
    number = (until.astimezone(UTC).date() - first).days
    return [first + turn * DAY for turn in range(number)]


def restored_days(connection: Connection) -> list[date]:
    """Return the days whose positions are in the database again, and stay for a while."""
    with translated():
        return [day for (day,) in connection.execute(SQL["restored_days"])]


def archived_until(connection: Connection, until: datetime) -> datetime:
    """Return up to when what is stored may go, at most a moment: it is in the archive.

    The last day that is archived stays: what is before it is in its files, and itself is not.
    A day of which more is stored than was archived, as after a backfill, is taken off the record:
    the next `fleetgauge archive` writes it again.

    Raises:
        StorageError: the database cannot be asked.
    """
    days = archived(connection)
    for day in days_between(first_day(connection), until):
        if day not in days:
            return begins(day - DAY)
        if count_of(connection, day) > days[day][Part.POSITIONS].rows:
            with translated():
                connection.execute(SQL["forget"], {"day": day})
            return begins(day - DAY)
    return until


def count_of(connection: Connection, day: date) -> int:
    """Return how many reports of a day are stored."""
    with translated():
        row = connection.execute(
            SQL["count_day"], {"begin": begins(day), "end": begins(day + DAY)}
        ).fetchone()
    return int(row[0]) if row else 0


def forgotten(connection: Connection) -> dict[int, datetime]:
    """Return the keys of the vehicles whose reports of before a moment are to be in no file.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return dict(connection.execute(SQL["forgotten"]).fetchall())
