"""Dates given on the command line, and who gives the command."""

import getpass
import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import typer

from fleetgauge.settings import load_settings


def parse_date(text: str) -> date:
    """Read YYYY-MM-DD, for typer."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
            return date.fromisoformat(text.strip())
    except ValueError:
        pass
    raise typer.BadParameter(f"{text!r} is not a date such as 2024-12-31.")


def in_calendar(moment: datetime, text: str) -> datetime:
    """Return the moment if it lies, in UTC too, in the years 1 to 9999; `text` as it was given."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise typer.BadParameter(f"{text!r} is outside the years 1 to 9999.") from None
    return moment


def parse_name(text: str) -> str:
    """Read who gives the command, for typer: characters that nobody sees are no part of a name."""
    if not text.strip() or not text.isprintable():
        raise typer.BadParameter(f"{text!r} is no name to put on record.")
    return text


def system_user() -> str:
    """Return who gives the command, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def local_moment(text: str) -> datetime:
    """Read a date or a time; without an offset it is the settings' time zone's.

    Raises:
        typer.BadParameter: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        expected = "expected a date or a time such as 2026-03-01 or 2026-03-01T08:00:00+03:00"
        raise typer.BadParameter(f"{expected}, got {text!r}.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(load_settings().time_zone))
    return in_calendar(moment, text)
