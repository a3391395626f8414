"""Figures of fleets whose list, zones and rules change, against a slow computation."""

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from fleetgauge.figure_rules import figure_rules
from models.kpi import KpiOfDate
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.kpi.fix_ages import PositionsNotKept
from storage.kpi.kpi import kpi_of_date
from storage.shares.shares import Asked, shares
from storage.shares.untrackable import untrackable
from tests.integration.storage.budget import Budget
from tests.integration.storage.changing_fleet import (
    DAY,
    MIDNIGHT,
    MINUTE,
    ON,
    ChangingFleet,
    changing_fleets,
)
from tests.integration.storage.slow_fleet import SlowFleet, SlowVehicle
from tests.integration.storage.test_shares import empty

days = st.integers(-3, 2).map(lambda number: ON + number * DAY)
moments = st.builds(
    lambda number, minutes: MIDNIGHT + number * DAY + minutes * MINUTE,
    st.integers(-3, 2),
    st.integers(0, 1500),
)
windows = st.sampled_from([timedelta(seconds=90), 5 * MINUTE, 60 * MINUTE, DAY])


def test_figures_of_changing_histories_are_what_the_definitions_say(
    url: str, database: Connection, budget: Budget
) -> None:
    """The report of a date, as known now and on any day, and the share of a past moment."""

    @budget.settings(0.4)
    @given(
        fleet=changing_fleets,
        on=days,
        known_after=st.none() | st.integers(0, 3),
        moment=moments,
        window=windows,
    )
    def check(
        fleet: ChangingFleet, on: date, known_after: int | None, moment: datetime, window: timedelta
    ) -> None:
        with budget.history() as within:
            if within:
                _empty(database)
                fleet.enter(url, database)
                slow = SlowFleet(fleet)
                known_on = None if known_after is None else on + known_after * DAY
                check_report(database, slow, on, known_on)
                check_moment(database, slow, fleet.horizon, moment, window)

    check()


def _empty(database: Connection) -> None:
    empty(database)
    for table in ("rule_setting", "recorded_later"):
        database.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))


def check_report(database: Connection, slow: SlowFleet, on: date, known_on: date | None) -> None:
    """By the rule in force on the date, whatever was thrown away."""
    rules = figure_rules(database, on, known_on, {})
    expected = slow.on(on, known_on)
    kpi = kpi_of_date(database, on, rules.kpi, known_on)
    assert _found(kpi) == expected
    for operator, counts in kpi.groups("operator").items():
        own = [found for vehicle, found in expected.items() if vehicle.operator_id == operator]
        large = len(own) >= slow.rule(on, known_on)["min_group_size"]
        ratio = sum(each.trackable for each in own) / len(own) if large else None
        assert counts.ratio("trackable", rules.min_group_size) == ratio


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
    slow: SlowFleet,
    horizon: datetime | None,
    moment: datetime,
    window: timedelta,
) -> None:
    """The right figures, or that what they rest on is no longer kept."""
    asked = Asked(moment, past=True)
    expected = slow.at(moment, window)
    try:
        found = shares(database, asked, [window], reason_window=window).fleet
        listed = untrackable(database, asked, window)
    except PositionsNotKept:
        assert horizon is not None
        # Never for what is after the horizon, with the local day and the window before it.
        assert horizon > moment - max(window, timedelta(hours=30))
        return
    reasons = {vehicle: reason for vehicle, (reason, _) in expected.items()}
    assert found.vehicles == len(expected)
    assert found.trackable[window] == sum(reason is None for reason in reasons.values())
    assert found.equipment["cctv"].equipped == sum(cctv for _, cctv in expected.values())
    assert {each.vehicle: each.reason for each in listed} == {
        vehicle: reason for vehicle, reason in reasons.items() if reason is not None
    }
