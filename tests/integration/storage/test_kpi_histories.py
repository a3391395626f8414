"""KPIs, periods and ages of fixes of random histories, against a slow computation."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from fleetgauge.commands.kpi_periods import PeriodDays
from fleetgauge.figure_rules import FigureRules
from models.attribute import OPERATOR
from models.kpi import KpiRule, VehicleKpi
from models.period import Over, PeriodPart, PeriodRule, period_rules_text
from models.series import Every
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.kpi.fix_ages import fix_ages
from storage.kpi.kpi import kpi_of_date
from storage.kpi.series import kpi_series
from storage.rules import RuleInForce
from tests.integration.storage.crowd import Crowds, same
from tests.integration.storage.crowd_writing import analyzing, empty, moments_analyzed, write_crowd
from tests.integration.storage.kpi_history import (
    DAYS,
    EVER,
    OFFSETS,
    KpiHistory,
    kpi_histories,
    midnight,
    register,
    reprocessings,
)
from tests.integration.storage.slow_kpi import Expected, slowly

INDICATORS: Final = ("trackable", "trackable_on_route")
LONGEST: Final = timedelta(days=1)
"""Fixes that were older have no age."""


class Terms(NamedTuple):
    """What a crowd is asked, by which rule, and what happens to it."""

    on: date
    reprocessed: Sequence[datetime]
    rule: KpiRule
    period: PeriodRule
    later: timedelta
    """How long after the date, or before it, something was known."""
    hour: int
    """Of the date, at which the fixes have an age."""
    analyzed: frozenset[int]

    def known_on(self) -> Sequence[date | None]:
        return None, self.on, self.on + self.later


terms = st.sampled_from(DAYS).flatmap(
    lambda on: st.builds(
        Terms,
        on=st.just(on),
        reprocessed=reprocessings(on),
        rule=st.builds(
            KpiRule, st.integers(1, 4), st.integers(1, 9), st.integers(0, 3), st.integers(1, 15)
        ),
        period=st.builds(PeriodRule, st.sampled_from(Over), st.sampled_from([Every.MONTH])),
        later=OFFSETS,
        hour=st.integers(0, 23),
        analyzed=moments_analyzed,
    )
)


def test_kpis_of_histories_are_what_the_definitions_say(
    url: str, database: Connection, crowds: Crowds
) -> None:
    """Whatever comes late, twice or in disorder, on days of 23 to 25 hours, as known on any day."""

    def judge(asked: Terms, several: Sequence[KpiHistory]) -> None:
        crowd = [history.numbered(number) for number, history in enumerate(several)]
        empty(database)
        with database.transaction():
            for each in crowd:
                register(database, each.operator, each.zone, each.entries)
        batches = [each.batches() for each in crowd]
        write_crowd(url, "UTC", batches, analyzing(database, asked.analyzed))
        for known_on in asked.known_on():
            check_kpi(database, crowd, asked, known_on)
            check_ages(database, crowd, asked, known_on)
            check_period(database, crowd, asked, known_on)

    crowds.check(terms, lambda asked: kpi_histories(asked.on, asked.reprocessed), judge)


def check_kpi(
    database: Connection, crowd: Sequence[KpiHistory], asked: Terms, known_on: date | None
) -> None:
    kpi = kpi_of_date(database, asked.on, asked.rule, known_on)
    of = f"{asked.on}, as known {known_on}"
    expected = fleet_of(crowd, asked.on, asked.rule, known_on)
    same({each.vehicle: _found(each) for each in kpi.vehicles}, expected, of)
    same(kpi.counts.vehicles, len(expected), of)
    for figure in (*INDICATORS, "only_late", "motionless"):
        behind = sum(getattr(each, figure) for each in expected.values())
        same(getattr(kpi.counts, figure), behind, f"{figure} of {of}")


def fleet_of(
    crowd: Sequence[KpiHistory], on: date, rule: KpiRule, known_on: date | None
) -> dict[VehicleId, Expected]:
    """Return what the slow computation finds of each vehicle of the crowd's fleet."""
    return {
        VehicleId(each.operator, vehicle_id): found
        for each in crowd
        for vehicle_id, found in slowly(
            each.entries, each.received, each.zone, on, rule, known_on
        ).items()
    }


def _found(vehicle: VehicleKpi) -> Expected:
    names = [name for name in Expected._fields if name != "cctv"]
    values: dict[str, Any] = {name: getattr(vehicle, name) for name in names}
    return Expected(**values, cctv=vehicle.equipment["cctv"])


def check_ages(
    database: Connection, crowd: Sequence[KpiHistory], asked: Terms, known_on: date | None
) -> None:
    """Of the whole fleet, and of one operator's."""
    at = time(asked.hour)
    expected = [ages_of(each, asked.on, at, known_on) for each in crowd]
    for operator, ages in (
        (None, [age for of_operator in expected for age in of_operator]),
        (crowd[-1].operator, expected[-1]),
    ):
        found = fix_ages(database, asked.on, at, LONGEST, known_on, operator)
        same(sorted(found), sorted(ages), f"at {at} of {asked.on}, as known {known_on}")


def ages_of(history: KpiHistory, on: date, at: time, known_on: date | None) -> list[timedelta]:
    local = datetime.combine(on, at, ZoneInfo(history.zone))
    # As PostgreSQL takes them: a local time that the clocks jump over by the offset from before,
    # and of one that comes twice the second.
    moment = max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    known_end = EVER if known_on is None else midnight(known_on + timedelta(days=1), history.zone)
    newest: dict[str, datetime] = {}
    for report, _, recorded_at in history.received:
        is_within = moment - LONGEST <= report.observed_at <= moment
        if report.fix and is_within and recorded_at < known_end:
            name = report.vehicle.vehicle_id
            newest[name] = max(newest.get(name, report.observed_at), report.observed_at)
    fleet = slowly(history.entries, history.received, history.zone, on, KpiRule(), known_on)
    return [moment - fix_at for name, fix_at in newest.items() if name in fleet]


def check_period(
    database: Connection, crowd: Sequence[KpiHistory], asked: Terms, known_on: date | None
) -> None:
    """Day by day, of the whole and of each operator."""
    rule = asked.rule
    in_force = {
        "tracked_minutes": str(rule.minimum_minutes),
        "trailing_days": str(rule.trailing_days),
        "live_minutes": str(rule.minimum_live),
        "published_minutes": str(rule.minimum_published),
        "period_rules": period_rules_text(dict.fromkeys(INDICATORS, asked.period)),
    }
    rules = FigureRules({name: RuleInForce(each, None) for name, each in in_force.items()}, {})
    first = asked.on - timedelta(days=4)
    count = partial(kpi_series, database, known_on=known_on)
    groups = {OPERATOR: partial(kpi_series, database, known_on=known_on, by=OPERATOR)}
    periods = PeriodDays(lambda _: rules, count, groups, first).of(asked.on, rules)
    assert periods is not None
    days = max(first, asked.on.replace(day=1)), asked.on
    of = f"{days}, as known {known_on}"
    same(_days(periods.of_fleet()), days_of(crowd, *days, rule, known_on), of)
    for each in crowd:
        found = _days(periods.of_group(OPERATOR, each.operator))
        same(found, days_of([each], *days, rule, known_on), f"{each.operator}, {of}")


def _days(parts: Mapping[str, PeriodPart]) -> dict[str, list[tuple[date, int, int]]]:
    return {
        name: [(day.on, day.vehicles, day.of) for day in part.days] for name, part in parts.items()
    }


def days_of(
    crowd: Sequence[KpiHistory], first: date, last: date, rule: KpiRule, known_on: date | None
) -> dict[str, list[tuple[date, int, int]]]:
    """Return how many of each day's fleet count; of days without a fleet nothing."""
    found: dict[str, list[tuple[date, int, int]]] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if fleet := fleet_of(crowd, day, rule, known_on):
            for name in INDICATORS:
                counted = sum(getattr(each, name) for each in fleet.values())
                found.setdefault(name, []).append((day, counted, len(fleet)))
    return found
