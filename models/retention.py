"""How long is kept what grows with every report; all else is kept for ever."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class Retention(NamedTuple):
    """How long the rows of each kind are kept; 0: for ever."""

    positions: timedelta
    """Reports, and the minutes in which messages of a vehicle were rejected."""
    rejected: timedelta
    """Rejected messages, whole."""
    hours: timedelta
    """The account of received reports by the hour; after that it is by the day."""
    compressed: timedelta = timedelta()
    """The age at which positions are compressed, where the server can; 0: never."""
    only_archived: bool = False
    """Whether positions have to be in the archive before they go."""


def horizon(now: datetime, kept: timedelta) -> datetime | None:
    """Return the UTC midnight before which rows are old enough to go; None: they never are."""
    if not kept:
        return None
    return (now - kept).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
