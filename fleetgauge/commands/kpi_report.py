"""The report of a date, out of the database: what was asked for, and all that it is made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.dates import end_of_day, parse_date
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.kpi_periods import PeriodDays
from fleetgauge.figure_rules import LATER, FigureRules, figure_rules
from fleetgauge.settings import Settings
from models.attribute import attribute_of
from models.correction import Corrections
from models.indicator import indicators_of
from models.kpi import KpiOfDate, year_before
from models.only import EVERYBODY, Only
from models.period import unknown_indicators
from models.sensitivity import WINDOWS, sensitivity
from models.series import Every, period_ends
from models.uptime import Span, downtime_days
from reports.groups import groupings_of
from reports.kpi_document import Compared, Downtime, KpiReport, Records, RuleSetting, SensitivityAt
from reports.kpi_notes import not_recorded
from reports.language import ENGLISH
from reports.series import SeriesFound
from reports.words import limited_to
from storage.connection import Connection
from storage.kpi.corrections import corrections
from storage.kpi.fix_ages import fix_ages
from storage.kpi.kpi import kpi_of_date, operator_time_zones
from storage.kpi.series import SeriesCounts, kpi_series
from storage.kpi.stored_days import first_day_known_on, stored_days
from storage.operators import operator_names
from storage.published import published_from
from storage.stated import stated_on
from storage.targets import targets_on
from storage.worker_uptime import connected_spans, recorded_from

AsKnownOn = Annotated[
    date | None,
    typer.Option(
        parser=parse_date,
        metavar="DATE",
        help="With what was known when this day ended; by default all that is known now.",
    ),
]
OfOperator = Annotated[
    str | None, typer.Option(metavar="ID", help="Of this operator's fleet alone.")
]


class EmptyFleet(CommandError):
    """The registry has no vehicle in service on a date."""


def check_known_on(known_on: date | None, on: date) -> None:
    """Pass if a date's end was over on the day of what was known.

    Raises:
        typer.BadParameter: it was not.
    """
    if known_on is not None and known_on < on:
        raise typer.BadParameter(f"on {known_on} nothing was known yet of {on}'s end.")


class Request(NamedTuple):
    """What the report is to be of."""

    on: date
    compare: date | None
    """None: the same date a year before, if anything is known of it."""
    known_on: date | None
    overridden: Mapping[str, str]
    """Settings for this report alone, in place of those in force on the date."""
    by: Sequence[str]
    """What the fleet is grouped by, each by itself."""
    operator: str | None
    at: time | None
    """At which local time the windows of the sensitivity end; None: not asked for."""
    months: int | None = None
    """Within how many months up to the date a series of dates lies; None: not asked for."""
    every: Every = Every.MONTH
    """How far the series' dates lie apart."""
    only: Only = EVERYBODY
    """To which vehicles the figures are limited."""


def check_dates(settings: Settings, days: Iterable[date]) -> None:
    """Pass if days have begun; say so of one that is not over.

    Raises:
        CommandError: one is in the future.
    """
    today = datetime.now(ZoneInfo(settings.time_zone)).date()
    for day in days:
        if day > today:
            raise CommandError(f"{day} is in the future")
        if day == today:
            typer.echo(f"fleetgauge: {day} is not over yet: the figures can change", err=True)


def request_of(document: Mapping[str, Any]) -> Request:
    """Return what was asked for when a report was made."""
    on, then = (date.fromisoformat(day) for day in (document["on"], document["comparison"]["on"]))
    known_on, sensitivity = document["as_known_on"], document["sensitivity"]
    settings, series = document["settings"].items(), document["series"]
    return Request(
        on,
        None if then == year_before(on) else then,
        date.fromisoformat(known_on) if known_on else None,
        {name: setting["value"] for name, setting in settings if setting["given"]},
        groupings_of(document["by"]),
        document["operator_id"],
        time.fromisoformat(sensitivity["at"]) if sensitivity else None,
        series["months"] if series else None,
        Every(series["every"]) if series else Every.MONTH,
        {name: tuple(values) for name, values in document.get("only", {}).items()},
    )


def kpi_report(connection: Connection, request: Request) -> KpiReport:
    """Return all that a report is made of.

    Args:
        connection: a view of the database in which nothing changes meanwhile.

    Raises:
        CommandError: there is no such report: nothing is known of the date.
        EmptyFleet: nobody was there.
        PositionsNotKept: it would need positions that were thrown away.
        StorageError: the database cannot be asked.
    """
    records = _records(connection, request)
    _check_operator(connection, request)
    rules = _rules(connection, request, request.on)
    kpi = _kpi(connection, request, request.on, rules)
    if not kpi.vehicles:
        raise EmptyFleet(_empty(request))
    _check_period_rules(request, rules, kpi)
    period_days = _period_days(connection, request, records)
    compared = _compared(connection, request, records, period_days)
    known_end = end_of_day(request.known_on, rules.zone) if request.known_on else None
    return KpiReport(
        kpi=kpi,
        compared=compared,
        targets=targets_on(connection, request.on, known_end),
        downtime=_downtime(connection, request, rules, compared, known_end),
        records=records,
        settings=_settings(rules),
        corrections=_corrections(connection, request, rules, known_end),
        stated=stated_on(connection, request.on, known_end),
        by=request.by,
        operator_id=request.operator,
        only=request.only,
        min_group_size=rules.min_group_size,
        sensitivity=_sensitivity(connection, request, kpi),
        series=_series(connection, request, records, known_end, period_days),
        operator_names=operator_names(connection, known_end),
        periods=period_days.of(request.on, rules),
        published_from=published_from(connection, str(rules.zone), known_end),
    )


def _check_period_rules(request: Request, rules: FigureRules, kpi: KpiOfDate) -> None:
    known = indicators_of(kpi.kinds)
    if "period_rules" in request.overridden and (
        unknown := unknown_indicators(rules.periods, known)
    ):
        raise CommandError(
            f"--period-rule: no indicator {', '.join(unknown)}; there are: {', '.join(known)}"
        )


def _records(connection: Connection, request: Request) -> Records:
    stored = stored_days(connection)
    if stored is None:
        raise CommandError(f"nothing is known of {request.on}: nothing is recorded")
    for day in filter(None, (request.on, request.compare)):
        if not stored.first <= day <= stored.last:
            interval = Records(*stored).interval
            raise CommandError(not_recorded(ENGLISH, day.isoformat(), interval))
    if request.known_on is None:
        return Records(*stored)
    # What is stored by now must not show in what was known then.
    first = first_day_known_on(connection, request.known_on)
    return Records(first or request.known_on, request.known_on)


def _check_operator(connection: Connection, request: Request) -> None:
    if request.operator is None:
        return
    known = operator_time_zones(connection, request.on, request.known_on)
    if request.operator not in known:
        names = ", ".join(list(known)[:20]) or "none"
        raise CommandError(f"there is no operator {request.operator}; known are: {names}")


def _empty(request: Request) -> str:
    whose = f"of operator {request.operator} " if request.operator else ""
    whose += f"limited to {limited_to(ENGLISH, request.only)} " if request.only else ""
    known = f", as known on {request.known_on}" if request.known_on else ""
    return (
        f"the fleet {whose}on {request.on} is empty{known}: the registry has no vehicle in service "
        "then, so no ratio can be given"
    )


def _kpi(connection: Connection, request: Request, on: date, rules: FigureRules) -> KpiOfDate:
    kpi = kpi_of_date(connection, on, rules.kpi, request.known_on)
    kpi = kpi if request.operator is None else kpi.of_operator(request.operator)
    return kpi.limited_to(request.only) if request.only else kpi


def _rules(connection: Connection, request: Request, day: date) -> FigureRules:
    return figure_rules(connection, day, request.known_on, request.overridden)


def _period_days(connection: Connection, request: Request, records: Records) -> PeriodDays:
    count = _counter(connection, request)
    return PeriodDays(
        partial(_rules, connection, request),
        count,
        {by: partial(count, by=attribute_of(by)) for by in request.by},
        records.first,
    )


def _counter(connection: Connection, request: Request) -> Callable[..., SeriesCounts]:
    return partial(
        kpi_series,
        connection,
        known_on=request.known_on,
        operator_id=request.operator,
        only=request.only,
    )


def _compared(
    connection: Connection, request: Request, records: Records, period_days: PeriodDays
) -> Compared:
    on = request.compare or year_before(request.on)
    if request.compare is None and on not in records:
        return Compared(on, None)
    # By the rule of its own date, or the figure would not be the one that was published then.
    rules = _rules(connection, request, on)
    kpi = _kpi(connection, request, on, rules)
    return Compared(on, kpi, period_days.of(on, rules)) if kpi.vehicles else Compared(on, None)


def _settings(rules: FigureRules) -> dict[str, RuleSetting]:
    return {
        name: RuleSetting(rules.overridden[name], None, given=True)
        if name in rules.overridden
        else RuleSetting(rule.value, rule.known_from, given=False)
        for name, rule in rules.in_force.items()
        if name not in LATER or name in rules.overridden or rule.known_from is not None
    }


def _corrections(
    connection: Connection, request: Request, rules: FigureRules, known_end: datetime | None
) -> Corrections:
    return corrections(
        connection,
        request.on,
        end_of_day(request.on, rules.zone),
        rules.kpi,
        known_on=request.known_on,
        known_end=known_end,
        operator_id=request.operator,
        only=request.only,
    )


def _downtime(
    connection: Connection,
    request: Request,
    rules: FigureRules,
    compared: Compared,
    known_end: datetime | None,
) -> Downtime:
    dates = {request.on, compared.on} if compared.kpi else {request.on}
    days = [
        day - timedelta(days=back)
        for day in sorted(dates)
        for back in reversed(range(rules.kpi.trailing_days))
    ]
    until = min(datetime.now(UTC), known_end or end_of_day(max(days), rules.zone))
    first = recorded_from(connection, until)
    spans = [] if first is None else connected_spans(connection, Span(first, until))
    return Downtime(
        rules.downtime_limit,
        first and first.astimezone(rules.zone).date(),
        downtime_days(spans, days, rules.zone, until, rules.downtime_limit),
    )


def _sensitivity(connection: Connection, request: Request, kpi: KpiOfDate) -> SensitivityAt | None:
    if request.at is None:
        return None
    ages = fix_ages(
        connection,
        request.on,
        request.at,
        _LONGEST,
        request.known_on,
        request.operator,
        request.only,
    )
    return SensitivityAt(request.at, sensitivity(kpi.vehicles, ages))


def _series(
    connection: Connection,
    request: Request,
    records: Records,
    known_end: datetime | None,
    period_days: PeriodDays,
) -> SeriesFound | None:
    if request.months is None:
        return None
    days = period_ends(request.on, request.months, request.every)
    recorded = [day for day in days if day in records]
    rules = {day: _rules(connection, request, day) for day in recorded}
    count = partial(_counter(connection, request), {day: each.kpi for day, each in rules.items()})
    return SeriesFound(
        request.every,
        request.months,
        days,
        recorded,
        whole=count(),
        groups={by: count(by=attribute_of(by)) for by in request.by},
        targets={day: targets_on(connection, day, known_end) for day in days},
        periods={
            day: periods for day, each in rules.items() if (periods := period_days.of(day, each))
        },
    )


_LONGEST: Final = max(WINDOWS)
