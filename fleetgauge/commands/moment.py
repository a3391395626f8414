"""The options that say when, and within which window."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.dates import in_calendar
from fleetgauge.commands.errors import CommandError
from fleetgauge.setting_values import parse_duration
from fleetgauge.settings import Settings
from models.indicator import DISPATCHER_WINDOW, window_label
from storage.connection import Connection
from storage.snapshot import first_record, snapshot

LONGEST_WINDOW = timedelta(days=366)


def parse_moment(text: str) -> datetime:
    """Read an RFC 3339 time, for typer; one without an offset could be any of two dozen."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a time such as 2024-12-31T12:00:00+03:00."
        ) from error
    if moment.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} has no offset from UTC; write 2024-12-31T12:00:00+03:00, or Z for UTC."
        )
    return in_calendar(moment, text)


def parse_window(text: str) -> timedelta:
    """Read a window, for typer."""
    try:
        window = parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"{text!r} is not a window such as 90s, 5m or 1h.") from error
    if not timedelta() < window <= LONGEST_WINDOW:
        longest = window_label(LONGEST_WINDOW)
        raise typer.BadParameter(f"{text!r} is not a window above 0 and up to {longest}.")
    return window


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
    """What a question is asked of, and for when."""

    connection: Connection
    at: datetime
    is_past: bool


@contextmanager
def moment_asked(settings: Settings, given: datetime | None) -> Iterator[Moment]:
    """Yield a view of the database for the moment given, or for now.

    Raises:
        CommandError: the moment is not there yet, or nothing is known of it.
        StorageError: the database cannot be asked.
    """
    now = datetime.now(UTC)
    if given is not None and given > now:
        raise CommandError(f"{given.isoformat()} is in the future")
    with snapshot(settings.database_url.get_secret_value(), "fleetgauge") as connection:
        if given is not None:
            _check_recorded(given, first_record(connection), settings.time_zone)
        yield Moment(connection, given or now, given is not None)


def _check_recorded(moment: datetime, first: datetime | None, time_zone: str) -> None:
    if first is None:
        raise CommandError(f"nothing is known of {moment.isoformat()}: nothing is recorded yet")
    if moment < first:
        since = first.astimezone(ZoneInfo(time_zone)).isoformat()
        raise CommandError(f"nothing is known of {moment.isoformat()}: the records begin {since}")
