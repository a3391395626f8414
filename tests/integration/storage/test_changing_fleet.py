"""Figures of fleets whose list, zones and rules change, against a slow computation."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from fleetgauge.figure_rules import figure_rules
from models.indicator import UntrackableReason
from models.kpi import KpiOfDate
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.kpi.fix_ages import PositionsNotKept
from storage.kpi.kpi import kpi_of_date
from storage.retention.throw_away import move_horizon
from storage.shares.shares import Asked, shares
from storage.shares.untrackable import untrackable
from tests.integration.storage.changing_fleet import (
    DAY,
    MIDNIGHT,
    MINUTE,
    OFFICE_HOURS,
    ON,
    ChangingFleet,
    Dated,
    changing_fleets,
    enter,
    figure_settings,
    set_rules,
)
from tests.integration.storage.crowd import Crowds, same
from tests.integration.storage.crowd_writing import analyzing, empty, moments_analyzed, write_crowd
from tests.integration.storage.slow_fleet import SlowFleet, SlowVehicle

days = st.integers(-3, 2).map(lambda number: ON + number * DAY)
moments = st.builds(
    lambda number, minutes: MIDNIGHT + number * DAY + minutes * MINUTE,
    st.integers(-3, 2),
    st.integers(0, 1500),
)
windows = st.sampled_from([timedelta(seconds=90), 5 * MINUTE, 60 * MINUTE, DAY])


class Terms(NamedTuple):
    """What a crowd is asked, by which rules, and what happens to it."""

    settings: Sequence[Mapping[str, Sequence[Dated]]]
    """One after the other."""
    reports: Sequence[tuple[date, int | None]]
    """Of which date, as known how many days after it; None: as known now."""
    moments: Sequence[tuple[datetime, timedelta]]
    """With a window."""
    horizon: datetime | None
    """What was observed before is thrown away."""
    analyzed: frozenset[int]


terms = st.builds(
    Terms,
    settings=st.lists(figure_settings, min_size=1, max_size=3),
    reports=st.lists(st.tuples(days, st.none() | st.integers(0, 3)), min_size=1, max_size=3),
    moments=st.lists(st.tuples(moments, windows), min_size=1, max_size=3),
    horizon=st.none() | OFFICE_HOURS,
    analyzed=moments_analyzed,
)


def test_figures_of_changing_histories_are_what_the_definitions_say(
    url: str, database: Connection, crowds: Crowds
) -> None:
    """The report of a date, as known now and on any day, and the share of a past moment."""

    def judge(asked: Terms, several: Sequence[ChangingFleet]) -> None:
        crowd = [fleet.numbered(number) for number, fleet in enumerate(several)]
        empty(database)
        enter(database, crowd)
        batches = [fleet.batches() for fleet in crowd]
        write_crowd(url, "UTC", batches, analyzing(database, asked.analyzed))
        if asked.horizon is not None:
            move_horizon(database, "report", asked.horizon)
            database.execute("delete from report where observed_at < %s", [asked.horizon])
        for settings in asked.settings:
            set_rules(database, settings)
            slow = [SlowFleet(fleet, settings) for fleet in crowd]
            for on, after in asked.reports:
                check_report(database, slow, on, None if after is None else on + after * DAY)
        for moment, window in asked.moments:
            check_moment(database, slow, asked.horizon, moment, window)

    crowds.check(terms, lambda _: changing_fleets, judge)


def check_report(
    database: Connection, crowd: Sequence[SlowFleet], on: date, known_on: date | None
) -> None:
    """By the rule in force on the date, whatever was thrown away."""
    rules = figure_rules(database, on, known_on, {})
    expected = {vehicle: each for slow in crowd for vehicle, each in slow.on(on, known_on).items()}
    kpi = kpi_of_date(database, on, rules.kpi, known_on)
    same(_found(kpi), expected, f"{on}, as known {known_on}")
    smallest = crowd[0].rule(on, known_on)["min_group_size"]
    own: dict[str, list[SlowVehicle]] = {}
    for vehicle, each in expected.items():
        own.setdefault(vehicle.operator_id, []).append(each)
    found = {
        operator: counts.ratio("trackable", rules.min_group_size)
        for operator, counts in kpi.groups("operator").items()
    }
    ratios = {
        operator: sum(each.trackable for each in fleet) / len(fleet)
        if len(fleet) >= smallest
        else None
        for operator, fleet in own.items()
    }
    same(found, ratios, f"ratios of {on}, as known {known_on}")


def _found(kpi: KpiOfDate) -> dict[VehicleId, SlowVehicle]:
    return {
        each.vehicle: SlowVehicle(
            each.trackable,
            each.trackable_on_route,
            each.only_late,
            each.minutes,
            each.best_day,
            each.equipment["cctv"].fitted,
            each.equipment["cctv"].working,
            each.equipment["cctv"].equipped,
            each.reason,
        )
        for each in kpi.vehicles
    }


def check_moment(
    database: Connection,
    crowd: Sequence[SlowFleet],
    horizon: datetime | None,
    moment: datetime,
    window: timedelta,
) -> None:
    """The right figures, or that what they rest on is no longer kept."""
    asked = Asked(moment, past=True)
    expected = {
        vehicle: each for slow in crowd for vehicle, each in slow.at(moment, window).items()
    }
    try:
        groups = shares(database, asked, [window], reason_window=window).groups
        listed = untrackable(database, asked, window)
    except PositionsNotKept:
        assert horizon is not None
        # Never for what is after the horizon, with the local day and the window before it.
        assert horizon > moment - max(window, timedelta(hours=30))
        return
    found = {
        name: (counts.vehicles, counts.trackable[window], counts.equipment["cctv"].equipped)
        for name, counts in groups.items()
    }
    own: dict[str | None, list[tuple[UntrackableReason | None, bool]]] = {}
    for vehicle, each in expected.items():
        own.setdefault(vehicle.operator_id, []).append(each)
    counted = {
        name: (
            len(fleet),
            sum(reason is None for reason, _ in fleet),
            sum(cctv for _, cctv in fleet),
        )
        for name, fleet in own.items()
    }
    same(found, counted, f"at {moment}")
    reasons = {vehicle: reason for vehicle, (reason, _) in expected.items() if reason is not None}
    same({each.vehicle: each.reason for each in listed}, reasons, f"at {moment}")
