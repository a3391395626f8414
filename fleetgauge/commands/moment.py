"""The options that say when, and within which window."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer

from fleetgauge.archive_store import return_archived
from fleetgauge.commands.database import database_scratch, database_snapshot
from fleetgauge.commands.dates import parse_moment, parse_window
from fleetgauge.commands.errors import CommandError
from fleetgauge.settings import Settings
from models.attribute import GROUPINGS, attribute_of
from models.indicator import DISPATCHER_WINDOW, window_label
from storage.connection import Connection
from storage.replica import known_now
from storage.shares.shares import Asked, registered_attributes
from storage.snapshot import first_record

At = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        metavar="TIME",
        parser=parse_moment,
        help="A past moment: 2024-12-31T12:00+03:00, 'yesterday 10:00', 10:00 (default: now).",
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
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="|".join(GROUPINGS),
        help="List each group of the fleet, too; any other column of the fleet list is taken.",
    ),
]
"""To be checked by ``check_grouping`` once there is a connection."""
DEFAULT_WINDOW = window_label(DISPATCHER_WINDOW)


class Moment(NamedTuple):
    """The moment that a command is asked about, and a view of the database for it."""

    connection: Connection
    asked: Asked


@contextmanager
def moment_asked(settings: Settings, given: datetime | None, window: timedelta) -> Iterator[Moment]:
    """Yield a view of the database for the moment given, or for now.

    What was thrown away of that moment is read from the archive, where there is one.

    Args:
        settings: name the database and the archive.
        given: the moment; None: now.
        window: how long before the moment a vehicle may have been seen.

    Raises:
        CommandError: the moment is in the future, or nothing is known of it.
        StorageError: the database cannot be reached, or its schema is not this program's.
    """
    now = datetime.now(UTC)
    if given is not None and given > now:
        raise CommandError(f"{given.isoformat()} is in the future")
    look = database_snapshot if given is None or settings.archive is None else database_scratch
    with look(settings, "figures") as connection:
        is_complete = False
        if given is not None:
            _check_recorded(given, first_record(connection), settings.time_zone)
            if settings.archive is not None:
                is_complete = return_archived(connection, settings, given, window)
        asked = Asked(
            given or known_now(connection), past=given is not None, is_complete=is_complete
        )
        yield Moment(connection, asked)


def _check_recorded(moment: datetime, first: datetime | None, time_zone: str) -> None:
    if first is None:
        raise CommandError(f"nothing is known of {moment.isoformat()}: nothing is recorded yet")
    if moment < first:
        since = first.astimezone(ZoneInfo(time_zone)).isoformat()
        raise CommandError(f"nothing is known of {moment.isoformat()}: the records begin {since}")


def check_grouping(connection: Connection, by: str | None) -> None:
    """Pass if the fleet can be grouped so.

    Raises:
        typer.BadParameter: no vehicle of the registry has such an attribute.
    """
    if by is not None:
        check_attribute(connection, by, "--by")


def check_attribute(connection: Connection, name: str, option: str) -> None:
    """Pass if the registry has a column of this name.

    Args:
        option: where it was named.

    Raises:
        typer.BadParameter: no vehicle of the registry has such an attribute.
    """
    built_in = (*GROUPINGS, *map(attribute_of, GROUPINGS))
    if name in built_in:
        return
    known = registered_attributes(connection)
    if name not in known:
        taken = ", ".join(dict.fromkeys((*GROUPINGS, *known)))
        raise typer.BadParameter(
            f"{name!r} is not in the fleet list; taken: {taken}.", param_hint=option
        )
