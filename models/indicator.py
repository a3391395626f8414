"""What the shares are made of: windows, indicators, reasons why not trackable, counts."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Indicator(StrEnum):
    """The figures that a region reports (DEFINITIONS.md, indicator)."""

    TRACKABLE = "trackable"
    TRACKABLE_ON_ROUTE = "trackable_on_route"
    CCTV = "cctv"
    CASHLESS = "cashless"


class UntrackableReason(StrEnum):
    """Why a vehicle of the fleet is not trackable: exactly one each.

    In this order: never heard in any way; within the window, what was heard last decides: a
    refused report is ``bad_clock`` or ``rejected``, a contact ``no_fix``; nothing, ``silent``.
    """

    NEVER_SEEN = "never_seen"
    SILENT = "silent"
    NO_FIX = "no_fix"
    BAD_CLOCK = "bad_clock"
    REJECTED = "rejected"


class Grouping(StrEnum):
    """By what the fleet can be split."""

    OPERATOR = "operator"
    ROUTE = "route"
    DEPOT = "depot"
    MUNICIPALITY = "municipality"


DISPATCHER_WINDOW: Final = timedelta(minutes=5)
"""The window of the dispatcher, and of the reasons that are exported."""

DEFAULT_WINDOWS: Final = (
    timedelta(seconds=90),
    DISPATCHER_WINDOW,
    timedelta(hours=1),
    timedelta(hours=24),
)

_UNITS_S: Final = {"h": 3600, "m": 60, "s": 1}
_WINDOW: Final = re.compile(r"([1-9][0-9]{0,8})([hms])")


def window_label(window: timedelta) -> str:
    """Return a window of whole seconds as people write it: ``90s``, ``5m``, ``1h``, ``24h``."""
    seconds = int(window.total_seconds())
    return next(f"{seconds // s}{unit}" for unit, s in _UNITS_S.items() if seconds % s == 0)


def parse_window(text: str) -> timedelta:
    """Read a window: a whole number and ``s``, ``m`` or ``h``.

    Raises:
        ValueError: it is not one; the text says what would be.
    """
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no window; one is a number and s, m or h, such as 90s or 5m")
    return timedelta(seconds=int(match[1]) * _UNITS_S[match[2]])
