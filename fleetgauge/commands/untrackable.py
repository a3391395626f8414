"""``fleetgauge untrackable``."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from fleetgauge.commands.moment import DEFAULT_WINDOW, At, Moment, Window, moment_asked
from fleetgauge.settings import load_settings
from models.indicator import UntrackableReason, window_label
from models.share import Shares
from reports.tables import console, heading, table
from storage.shares import shares_at, shares_now
from storage.shares.untrackable import Untrackable, untrackable_at, untrackable_now


def untrackable(
    at: At = None,
    window: Window = DEFAULT_WINDOW,  # type: ignore[assignment]  # typer parses it
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a table.")
    ] = False,
) -> None:
    """List each vehicle that is not trackable, why, and since when.

    never_seen: never heard in any way. Otherwise what was heard last within the window decides:
    a report rejected for its time is bad_clock, one rejected for another reason rejected, a
    contact without a position no_fix; silent if there was nothing.
    """
    settings = load_settings()
    with moment_asked(settings, at) as moment:
        shares, vehicles = _asked(moment, window)
    if as_json:
        typer.echo(json.dumps(_document(shares, window, vehicles), ensure_ascii=False))
    else:
        _show(shares, window, vehicles, ZoneInfo(settings.time_zone))


def _asked(moment: Moment, window: timedelta) -> tuple[Shares, list[Untrackable]]:
    count, listed = (shares_at, untrackable_at) if moment.is_past else (shares_now, untrackable_now)
    shares = count(moment.connection, moment.at, [window], reason_window=window)
    return shares, listed(moment.connection, moment.at, window)


def _document(shares: Shares, window: timedelta, vehicles: Sequence[Untrackable]) -> dict[str, Any]:
    seconds = window.total_seconds()
    return {
        "at": shares.at.astimezone(UTC).isoformat(),
        "window_seconds": int(seconds) if seconds.is_integer() else seconds,
        "vehicles": shares.fleet.vehicles,
        "trackable": shares.fleet.trackable[window],
        "reasons": dict(shares.fleet.untrackable),
        "untrackable": [_entry(vehicle) for vehicle in vehicles],
    }


def _entry(untrackable: Untrackable) -> dict[str, Any]:
    vehicle, *_ = untrackable
    values = untrackable._asdict()
    del values["vehicle"]
    texts = {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    return vehicle._asdict() | texts


def _show(
    shares: Shares, window: timedelta, vehicles: Sequence[Untrackable], zone: ZoneInfo
) -> None:
    fleet = shares.fleet
    out = console()
    at = shares.at.astimezone(zone).isoformat(timespec="seconds")
    out.print(
        f"{len(vehicles):,} of {fleet.vehicles:,} vehicles are not trackable within "
        f"{window_label(window)} at {at}"
    )
    if vehicles:
        found = Counter(vehicle.reason for vehicle in vehicles)
        reasons = [f"{found[reason]:,} {reason}" for reason in UntrackableReason if found[reason]]
        out.print(" + ".join(reasons))
        _print_table(out, vehicles, shares.at.astimezone(zone))


def _print_table(out: Console, vehicles: Sequence[Untrackable], at: datetime) -> None:
    columns = ("operator", "vehicle", "reason", "since", "last contact", "last fix", "last rejected")
    rows = (
        (
            *each.vehicle,
            each.reason.value,
            local_time(each.since, at),
            local_time(each.contact_at, at),
            local_time(each.fix_at, at),
            f"{local_time(each.rejected_at, at)} {each.rejected_reason or ''}".strip(),
        )
        for each in vehicles
    )
    out.print(heading(f"times in {at.tzinfo}, {_offset(at)} where no other offset is told"))
    out.print(table(columns, rows))


def local_time(moment: datetime | None, at: datetime) -> str:
    """Return a time in the time zone of ``at``, with its offset where that is another."""
    if moment is None:
        return "–"
    local = moment.astimezone(at.tzinfo)
    offset = "" if local.utcoffset() == at.utcoffset() else _offset(local)
    return f"{local:%Y-%m-%d %H:%M:%S}{offset}"


def _offset(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")[len("2026-03-01T08:00:00") :]
