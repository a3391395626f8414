"""Dates, times and windows given on the command line: one grammar for all commands.

A date is ``2026-03-01``. A time is a date, ``T`` or a space, ``08:30`` with or without seconds, and
``Z`` or an offset such as ``+03:00`` (RFC 3339).
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.author import parse_name, system_user
from fleetgauge.setting_values import parse_duration
from fleetgauge.settings import load_settings
from models.indicator import window_label

# Who gives the command has a module of its own; the commands that look for it here are moving.
__all__ = [
    "end_of_day",
    "local_moment",
    "parse_as_known_on",
    "parse_date",
    "parse_moment",
    "parse_name",
    "parse_window",
    "system_user",
]

LONGEST_WINDOW: Final = timedelta(days=366)

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(
    rf"{_DATE.pattern}([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?(Z|[+-]\d{{2}}:\d{{2}})?)?", re.ASCII
)


def parse_date(text: str) -> date:
    """Read a date, for typer."""
    moment = _read(text, _DATE)
    if moment is None:
        raise typer.BadParameter(f"{text!r} is not a date such as 2024-12-31.")
    return moment.date()


def parse_moment(text: str) -> datetime:
    """Read a time with its offset, for typer; without one it could be any of two dozen."""
    moment = _read(text, _MOMENT)
    if moment is None:
        raise typer.BadParameter(f"{text!r} is not a time such as 2024-12-31T12:00:00+03:00.")
    if moment.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} has no offset from UTC; write 2024-12-31T12:00:00+03:00, or Z for UTC."
        )
    return _in_calendar(moment, text)


def local_moment(text: str) -> datetime:
    """Read a date or a time, for typer; without an offset it is in FLEETGAUGE_TIME_ZONE."""
    moment = _read(text, _MOMENT)
    if moment is None:
        raise typer.BadParameter(
            f"{text!r} is not a date or a time such as 2024-12-31 or 2024-12-31T12:00:00+03:00."
        )
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(load_settings().time_zone))
    return _in_calendar(moment, text)


def parse_as_known_on(text: str) -> datetime:
    """Read the time as of which something was known, for typer; of a date, its last moment."""
    moment = local_moment(text)
    if _read(text, _DATE) is None:
        return moment
    # The database counts in microseconds.
    try:
        return end_of_day(moment.date(), moment.tzinfo) - timedelta(microseconds=1)
    except OverflowError:
        raise _outside_calendar(text) from None


def end_of_day(day: date, zone: tzinfo | None) -> datetime:
    """Return the first moment after a day of a time zone, in UTC.

    Raises:
        OverflowError: that would be in the year 10000.
    """
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def parse_window(text: str) -> timedelta:
    """Read a window, for typer."""
    try:
        window = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a window such as 90s, 5m or 1h.") from error
    if not timedelta() < window <= LONGEST_WINDOW:
        longest = window_label(LONGEST_WINDOW)
        raise typer.BadParameter(f"{text!r} is not a window above 0 and up to {longest}.")
    return window


def _read(text: str, grammar: re.Pattern[str]) -> datetime | None:
    written = text.strip().upper()
    try:
        return datetime.fromisoformat(written) if grammar.fullmatch(written) else None
    except ValueError:
        return None


def _in_calendar(moment: datetime, text: str) -> datetime:
    # What has no date in UTC can be neither compared with times in UTC nor stored.
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise _outside_calendar(text) from None
    return moment


def _outside_calendar(text: str) -> typer.BadParameter:
    return typer.BadParameter(f"{text!r} is outside the years 1 to 9999.")
