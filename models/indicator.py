"""The words of the shares: windows, indicators, reasons why not trackable."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from models.equipment import Kinds

TRACKABLE: Final = "trackable"
TRACKABLE_ON_ROUTE: Final = "trackable_on_route"
OPENLY_PUBLISHED: Final = "openly_published"


def indicators_of(kinds: Kinds) -> tuple[str, ...]:
    """Return the figures that are reported (docs/definitions.md): an equipment's is its kind."""
    return (TRACKABLE, TRACKABLE_ON_ROUTE, *kinds.names, OPENLY_PUBLISHED)


class UntrackableReason(StrEnum):
    """Why a vehicle of the fleet is not trackable: exactly one each.

    In this order: never heard in any way; within the window, what was heard last decides: a
    rejected report is ``bad_clock`` or ``rejected``, a contact ``late`` where a position was heard
    that is older than the window, else ``no_fix``; nothing, ``silent``.
    """

    NEVER_SEEN = "never_seen"
    SILENT = "silent"
    NO_FIX = "no_fix"
    LATE = "late"
    BAD_CLOCK = "bad_clock"
    REJECTED = "rejected"


DISPATCHER_WINDOW: Final = timedelta(minutes=5)
"""The window of the dispatcher, and of the reasons that are exported."""

DEFAULT_WINDOWS: Final = (
    timedelta(seconds=90),
    DISPATCHER_WINDOW,
    timedelta(hours=1),
    timedelta(hours=24),
)

_UNITS_S: Final = {"h": 3600, "m": 60, "s": 1}


def window_label(window: timedelta) -> str:
    """Return a window as people write it, in its largest whole unit: ``90s``, ``5m``, ``24h``."""
    seconds = window.total_seconds()
    return next(
        (f"{seconds / s:.0f}{unit}" for unit, s in _UNITS_S.items() if seconds % s == 0),
        f"{seconds:g}s",
    )
