"""Dates, times and windows given on the command line: one grammar for all commands.

A date is ``2026-03-01``, ``01.03.2026``, ``today`` or ``yesterday``. A time is a date, ``T`` or a
space, and ``08:30`` with or without seconds; or ``08:30`` alone, which is today's. It may
have ``Z`` or an offset such as ``+03:00`` (RFC 3339). What has no offset is in
FLEETGAUGE_TIME_ZONE.
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
    "parse_as_known_on",
    "parse_change_day",
    "parse_date",
    "parse_moment",
    "parse_name",
    "parse_window",
    "system_user",
]

LONGEST_WINDOW: Final = timedelta(days=366)
EARLIEST_CHANGE: Final = date(1950, 1, 1)
"""No bus in service is older."""
LATEST_CHANGE: Final = timedelta(days=5 * 365)
"""From today on; nobody plans a fleet further ahead."""

_DATE: Final = re.compile(
    r"(?P<iso>\d{4}-\d{2}-\d{2})|(?P<day>\d{2})\.(?P<month>\d{2})\.(?P<year>\d{4})"
    r"|(?P<word>[A-Z]+)",
    re.ASCII,
)
_TIME: Final = r"\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?"
_MOMENT: Final = re.compile(
    rf"(?:(?P<date>{_DATE.pattern})(?:[T ](?P<time>{_TIME}))?|(?P<today>{_TIME}))", re.ASCII
)
_DAYS_AGO: Final = {"TODAY": 0, "YESTERDAY": 1}


def parse_date(text: str) -> date:
    """Read a date, for typer."""
    match = _DATE.fullmatch(text.strip().upper())
    iso = match and _iso_date(match)
    moment = _from_iso(iso) if iso else None
    if moment is None:
        raise typer.BadParameter(
            f"{text!r} is not a date such as 2024-12-31, 31.12.2024, today or yesterday."
        )
    return moment.date()


def parse_change_day(text: str) -> date:
    """Read the day from which, or up to which, a change of the registry holds, for typer.

    A year that nobody means, such as 2204, would end a fleet or let it begin unnoticed.
    """
    day = parse_date(text)
    first, last = EARLIEST_CHANGE, datetime.now(_zone()).date() + LATEST_CHANGE
    if not first <= day <= last:
        raise typer.BadParameter(f"{text!r} is not a day from {first} to {last}.")
    return day


def parse_moment(text: str) -> datetime:
    """Read a date or a time, for typer; without an offset it is in FLEETGAUGE_TIME_ZONE."""
    moment = _read(text)
    if moment is None:
        raise typer.BadParameter(
            f"{text!r} is not a date or a time such as 2024-12-31, 31.12.2024 10:00, 10:00, "
            "yesterday or 2024-12-31T12:00:00+03:00."
        )
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone())
    return _in_calendar(moment, text)


def parse_as_known_on(text: str) -> datetime:
    """Read the time as of which something was known, for typer; of a date, its last moment."""
    moment = parse_moment(text)
    if _DATE.fullmatch(text.strip().upper()) is None:
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


def _read(text: str) -> datetime | None:
    match = _MOMENT.fullmatch(text.strip().upper())
    if match is None:
        return None
    day = _iso_date(match) if match["date"] else _days_ago(0)
    clock = match["time"] or match["today"]
    if day is None:
        return None
    return _from_iso(f"{day}T{clock}" if clock else day)


def _iso_date(match: re.Match[str]) -> str | None:
    if match["word"]:
        days = _DAYS_AGO.get(match["word"])
        return None if days is None else _days_ago(days)
    return match["iso"] or "{year}-{month}-{day}".format(**match.groupdict())


def _days_ago(days: int) -> str:
    return (datetime.now(_zone()).date() - timedelta(days=days)).isoformat()


def _zone() -> ZoneInfo:
    return ZoneInfo(load_settings().time_zone)


def _from_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
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
