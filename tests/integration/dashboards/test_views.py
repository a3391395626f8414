"""The views say what the product says: the same figures as `share`, `untrackable` and `report`."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg import errors, sql
from psycopg.rows import dict_row

from models.indicator import DISPATCHER_WINDOW
from models.kpi import KpiRule
from simulator.fleet import Fleet
from storage.connection import Connection, connect
from storage.kpi.kpi import kpi_of_date
from storage.shares.shares import Asked
from storage.shares.untrackable import untrackable
from tests.integration.dashboards.simulated_hour import YEAR_AGO

RULE = KpiRule()
MOSCOW = ZoneInfo("Europe/Moscow")
"""The scenario's time zone."""


def _today(connection: Connection) -> date:
    row = connection.execute("select min(today) from grafana.operator").fetchone()
    assert row is not None
    today: date = row[0]
    return today


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), MOSCOW)


@pytest.fixture
def database(hour: Fleet, hour_url: str) -> Iterator[Connection]:
    with connect(hour_url, "test", autocommit=True) as connection:
        connection.execute("set role fleetgauge_reader")
        yield connection


@pytest.fixture
def owner(hour: Fleet, hour_url: str) -> Iterator[Connection]:
    with connect(hour_url, "test", autocommit=True) as connection:
        yield connection


def test_the_reader_sees_the_views_and_no_table(database: Connection) -> None:
    """What is granted is the contract, not the tables under it."""
    rows = database.execute(
        "select format('%s.%s', schemaname, viewname) from pg_views where schemaname = 'grafana'"
    ).fetchall()
    assert len(rows) >= 8
    for (name,) in rows:
        database.execute(sql.SQL("select * from {} limit 1").format(sql.SQL(name)))
    for table in ("vehicle", "report", "vehicle_state", "registry_entry", "rejected_message"):
        with pytest.raises(errors.InsufficientPrivilege):
            database.execute(sql.SQL("select from {}").format(sql.Identifier(table)))


def test_bus_now_counts_as_the_scenario_was_built(database: Connection, hour: Fleet) -> None:
    """Trackable vehicles, every reason, equipment: known by construction."""
    expected = hour.expected()
    rows = database.execute(
        "select coalesce(reason, 'trackable'), count(*) from grafana.bus_now() group by 1"
    ).fetchall()
    reasons = {"trackable": expected.trackable, **expected.reasons}
    assert dict(rows) == {reason: n for reason, n in reasons.items() if n}
    equipped = database.execute(
        "select equipment, count(*) filter (where equipped), count(*) filter (where working)"
        " from grafana.equipment_now group by 1 order by 1"
    ).fetchall()
    assert equipped == [
        ("cashless", expected.cashless, expected.cashless_working),
        ("cctv", expected.cctv, expected.cctv_working),
    ]


@pytest.mark.parametrize("window", [timedelta(seconds=90), DISPATCHER_WINDOW, timedelta(hours=1)])
def test_reasons_are_those_of_untrackable(
    database: Connection, owner: Connection, window: timedelta
) -> None:
    """Vehicle by vehicle the same reason, and since the same moment."""
    rows = database.execute(
        "select operator, vehicle, reason, since from grafana.bus_now(%s) where not trackable"
        " order by 1, 2",
        [window],
    ).fetchall()
    listed = untrackable(owner, Asked(datetime.now(UTC)), window)
    assert rows == [(*each.vehicle, each.reason.value, each.since) for each in listed]


@pytest.mark.parametrize("days_ago", [0, 1])
def test_kpi_is_that_of_the_report(database: Connection, owner: Connection, days_ago: int) -> None:
    """The same fleet, tracked days and equipment, operator by operator."""
    on = _today(owner) - timedelta(days=days_ago)
    rows = database.execute(
        "select indicator, sum(vehicles), sum(numerator) from grafana.kpi_on(%s) group by 1", [on]
    ).fetchall()
    vehicles = kpi_of_date(owner, on, RULE).vehicles
    numerators = {
        "trackable": sum(each.trackable for each in vehicles),
        "trackable_on_route": sum(each.trackable_on_route for each in vehicles),
        "cctv": sum(each.equipment["cctv"].equipped for each in vehicles),
        "cashless": sum(each.equipment["cashless"].equipped for each in vehicles),
    }
    assert {name: (whole, part) for name, whole, part in rows} == {
        name: (len(vehicles), part) for name, part in numerators.items()
    }


@pytest.mark.parametrize("days_ago", [0, 1])
def test_the_vehicles_behind_the_kpi_are_those_of_the_report(
    database: Connection, owner: Connection, days_ago: int
) -> None:
    """Each with its best day and what it stands on: what a tile counts can be looked at."""
    on = _today(owner) - timedelta(days=days_ago)
    rows = database.execute(
        "select operator, vehicle, trackable, trackable_on_route, only_late, motionless, minutes,"
        " best_day, live_minutes, route_minutes, moved_m from grafana.kpi_vehicle(%s)"
        ' order by operator collate "C", vehicle collate "C"',
        [_midnight(on + timedelta(days=1)) - timedelta(seconds=1)],
    ).fetchall()
    vehicles = sorted(kpi_of_date(owner, on, RULE).vehicles, key=lambda each: each.vehicle)
    assert rows == [
        (
            *each.vehicle, each.trackable, each.trackable_on_route, each.only_late,
            each.motionless, each.minutes, each.best_day, each.live_minutes,
            each.route_minutes, each.moved_m,
        )
        for each in vehicles
    ]  # fmt: skip


def test_who_publishes_unregistered_is_named(database: Connection, hour: Fleet) -> None:
    """As many as the scenario has, and none of the registry."""
    rows = database.execute("select operator, vehicle from grafana.unregistered_now()").fetchall()
    assert set(rows) == {tuple(bus.vehicle) for bus in hour.buses if bus.entry is None}


def test_months_end_today(database: Connection, owner: Connection) -> None:
    """The current month has today's figures, and months of which nothing is stored are absent."""
    rows = database.execute(
        "select on_date, sum(vehicles) from grafana.kpi_by_month(now() - interval '3 years', now())"
        " group by 1 order by 1"
    ).fetchall()
    days = [on_date for on_date, _ in rows]
    assert days[-1] == _today(owner)
    assert days[0] >= _today(owner) - YEAR_AGO
    assert len(days) in (12, 13)


def test_months_and_days_begin_at_the_operators_midnight(database: Connection) -> None:
    """In Moscow a month begins while it is the last one's last evening by UTC."""
    today = _today(database)
    period = [datetime(today.year, today.month, 1, tzinfo=MOSCOW), _midnight(today)]
    months = database.execute(
        "select distinct month, on_date from grafana.kpi_by_month(%s, %s)", period
    ).fetchall()
    assert months == [(datetime(today.year, today.month, 1, tzinfo=UTC), today)]


def test_a_bus_without_a_fix_has_no_age(database: Connection) -> None:
    """Not an age of 0, which would make it trackable by every window."""
    ages = database.execute(
        "select count(*) filter (where fix_at is null), count(fix_age_s) filter"
        " (where fix_at is null), count(*) filter (where fix_at is not null and fix_age_s is null)"
        " from grafana.bus_now()"
    ).fetchone()
    assert ages is not None
    assert ages[0] > 0
    assert ages[1:] == (0, 0)


def test_history_is_shown_vehicle_by_vehicle(database: Connection, hour: Fleet) -> None:
    """A good bus has the hour's positions, and what it sent is counted by kind."""
    bus = next(bus for bus in hour.buses if bus.entry and bus.mode is None and bus.observes)
    binds = [*bus.vehicle]
    # By its own end, since the hour was kept for the whole session: minutes ago on a busy machine.
    fixes = database.execute(
        "select count(*), min(latitude) > 50 from ("
        " select latitude, observed_at, max(observed_at) over () as newest from grafana.bus_fix"
        " where operator = %s and vehicle = %s) as fix"
        " where observed_at > newest - interval '1 hour'",
        binds,
    ).fetchone()
    assert fixes == (180, True)
    kinds = database.execute(
        "select distinct kind from grafana.bus_report where operator = %s and vehicle = %s"
        " and at > now() - interval '65 minutes' order by 1",
        binds,
    ).fetchall()
    assert {kind for (kind,) in kinds} >= {"position", "cctv", "cashless"}
    readings = database.execute(
        "select distinct equipment, fitted from grafana.equipment_reading"
        " where operator = %s and vehicle = %s and observed_at > now() - interval '65 minutes'",
        binds,
    ).fetchall()
    assert sorted(readings) == [
        ("cashless", bus.cashless.fitted),
        ("cctv", bus.cctv.fitted),
    ]


def test_broken_equipment_is_listed_with_its_beginning(database: Connection, hour: Fleet) -> None:
    """Every bus that says that its equipment does not work, since when."""
    broken = database.execute("select equipment, broken_since from grafana.equipment_broken()")
    rows = broken.fetchall()
    assert {equipment for equipment, _ in rows} == {"cctv", "cashless"}
    assert all(since is not None for _, since in rows)


def test_rejected_messages_are_legible(database: Connection) -> None:
    """Bytes become text, whatever they are."""
    cursor = database.cursor(row_factory=dict_row)
    rows = cursor.execute("select * from grafana.rejected_message").fetchall()
    assert {row["reason"] for row in rows} >= {"too_old", "in_future"}
    assert all(isinstance(row["payload"], str) for row in rows)
