"""The options that say when, and within which window."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.database import database_snapshot
from fleetgauge.commands.dates import parse_moment, parse_window
from fleetgauge.commands.errors import CommandError
from fleetgauge.settings import Settings
from models.indicator import DISPATCHER_WINDOW, window_label
from storage.connection import Connection
from storage.snapshot import first_record

At = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        metavar="TIME",
        parser=parse_moment,
        help="A past moment, RFC 3339 with its offset from UTC; by default now.",
    ),
]
Window = Annotated[
    timedelta,
    typer.Option(
        "--window",
        metavar="WINDOW",
        parser=parse_window,
        help="How old the newest fix of a trackable vehicle may be: 90s, 5m, 1h, …",
    ),
]
DEFAULT_WINDOW = window_label(DISPATCHER_WINDOW)


class Moment(NamedTuple):
    """The moment that a command is asked about, and a view of the database for it."""

    connection: Connection
    at: datetime
    is_past: bool


@contextmanager
def moment_asked(settings: Settings, given: datetime | None) -> Iterator[Moment]:
    """Yield a view of the database for the moment given, or for now.

    Raises:
        CommandError: the moment is in the future, or nothing is known of it.
        StorageError: the database cannot be reached, or its schema is not this program's.
    """
    now = datetime.now(UTC)
    if given is not None and given > now:
        raise CommandError(f"{given.isoformat()} is in the future")
    with database_snapshot(settings, "figures") as connection:
        if given is not None:
            _check_recorded(given, first_record(connection), settings.time_zone)
        yield Moment(connection, given or now, given is not None)


def _check_recorded(moment: datetime, first: datetime | None, time_zone: str) -> None:
    if first is None:
        raise CommandError(f"nothing is known of {moment.isoformat()}: nothing is recorded yet")
    if moment < first:
        since = first.astimezone(ZoneInfo(time_zone)).isoformat()
        raise CommandError(f"nothing is known of {moment.isoformat()}: the records begin {since}")
