"""``fleetgauge share``."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from fleetgauge.commands.moment import DEFAULT_WINDOW, At, Moment, Window, moment_asked
from fleetgauge.settings import Settings, load_settings
from models.indicator import Grouping, Indicator, window_label
from models.report import Equipment
from models.service_hours import ExpectedOut, expected_out
from models.share import Counts, Shares
from models.uptime import Span
from reports.share_document import share_document
from reports.tables import console, heading, table
from storage.service_hours import operators_in_service
from storage.shares import shares_at, shares_now
from storage.worker_uptime import deaf_at

NAMES = {
    Indicator.TRACKABLE: "trackable",
    Indicator.TRACKABLE_ON_ROUTE: "trackable on route",
    Indicator.CCTV: "CCTV",
    Indicator.CASHLESS: "cashless payment",
}


def share(
    at: At = None,
    window: Window = DEFAULT_WINDOW,  # type: ignore[assignment]  # typer parses it
    by: Annotated[
        Grouping | None, typer.Option("--by", help="Tell of each group of the fleet, too.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a table.")
    ] = False,
) -> None:
    """Show the indicators at a moment: counts, ratios, and what they are of."""
    settings = load_settings()
    with moment_asked(settings, at) as moment:
        shares = _counted(moment, window, by)
        expected = _expected(moment, window, by, shares)
        downtime = deaf_at(moment.connection, moment.at, window, settings.deaf_limit)
    if as_json:
        document = share_document(
            shares, window, by, settings.min_group_size, expected=expected, downtime=downtime
        )
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        _show(shares, window, by, settings)
        for line in _asides(expected, downtime, settings):
            console().print(line, soft_wrap=True)


def _counted(moment: Moment, window: timedelta, by: Grouping | None) -> Shares:
    count = shares_at if moment.is_past else shares_now
    return count(moment.connection, moment.at, [window], by or Grouping.OPERATOR, window)


def _expected(
    moment: Moment, window: timedelta, by: Grouping | None, shares: Shares
) -> ExpectedOut | None:
    in_service = operators_in_service(moment.connection, moment.at)
    if all(known is None for known in in_service.values()):
        return None
    by_operator = by in (None, Grouping.OPERATOR)
    of_operators = shares if by_operator else _counted(moment, window, Grouping.OPERATOR)
    return expected_out(of_operators, in_service, window)


def _asides(
    expected: ExpectedOut | None, downtime: Span | None, settings: Settings
) -> Iterator[str]:
    if expected:
        percent = _percent(expected.ratio(expected.trackable))
        yield (
            f"expected out then, by the service hours of {expected.operators_with_hours:,} "
            f"operators: {expected.vehicles:,} vehicles of {expected.operators:,}; trackable "
            f"{expected.trackable:,} of {expected.vehicles:,}, {percent}"
        )
    if downtime:
        zone = ZoneInfo(settings.time_zone)
        begins, ends = (at.astimezone(zone).isoformat(timespec="seconds") for at in downtime)
        yield (f"ingest was down from {begins} to {ends}: gaps are not the operators' fault")


def _show(shares: Shares, window: timedelta, by: Grouping | None, settings: Settings) -> None:
    out = console()
    _print_fleet(out, shares, window)
    if by:
        _print_groups(out, shares, window, by, settings.min_group_size)
    if unregistered := sum(shares.unregistered.values()):
        out.print(f"unregistered: {unregistered:,} publish and are not in the fleet")


def _print_fleet(out: Console, shares: Shares, window: timedelta) -> None:
    fleet = shares.fleet
    at = shares.at.isoformat(timespec="seconds")
    rows = (
        (
            NAMES[indicator],
            f"{fleet.numerator(indicator, window):,} of {fleet.vehicles:,}",
            _percent(fleet.ratio(indicator, window)),
            _rule(fleet, indicator, window),
        )
        for indicator in Indicator
    )
    out.print(heading(f"{fleet.vehicles:,} vehicles in the fleet at {at}"))
    columns = ("indicator", "vehicles", "share", "window or rule")
    out.print(table(columns, rows, right=("vehicles", "share")))


def _print_groups(
    out: Console, shares: Shares, window: timedelta, by: Grouping, minimum: int
) -> None:
    told = [NAMES[indicator] + _of_window(indicator, window) for indicator in Indicator]
    numbers = ["vehicles", *told]
    rows = (
        (
            name or "(none)",
            f"{counts.vehicles:,}",
            *(_cell(counts, indicator, window, minimum) for indicator in Indicator),
        )
        for name, counts in shares.groups.items()
    )
    out.print(heading(f"by {by}; no share for fewer than {minimum} vehicles"))
    out.print(table([by.value, *numbers], rows, right=numbers))


def _of_window(indicator: Indicator, window: timedelta) -> str:
    windowed = indicator in (Indicator.TRACKABLE, Indicator.TRACKABLE_ON_ROUTE)
    return f" ({window_label(window)})" if windowed else ""


def _cell(counts: Counts, indicator: Indicator, window: timedelta, minimum: int) -> str:
    percent = _percent(counts.ratio(indicator, window, minimum))
    return f"{counts.numerator(indicator, window):,} · {percent}"


def _percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio * 100:.2f} %"


def _rule(fleet: Counts, indicator: Indicator, window: timedelta) -> str:
    match indicator:
        case Indicator.TRACKABLE:
            return f"newest fix no older than {window_label(window)}"
        case Indicator.TRACKABLE_ON_ROUTE:
            return f"the same within {window_label(window)}, and the route is known"
    equipment = fleet.equipment[Equipment(indicator.value)]
    declared = equipment.equipped - equipment.observed
    return f"{equipment.observed:,} as observed, {declared:,} as declared"
