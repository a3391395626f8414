"""The views against the shares, whatever came in whatever order."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from models.attribute import OPERATOR
from models.equipment import DEFAULT_KINDS, Flag
from models.indicator import DEFAULT_WINDOWS, DISPATCHER_WINDOW
from models.rejection import RejectReason
from models.report import Report
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.shares.shares import Asked, shares
from storage.shares.untrackable import untrackable
from tests.integration.storage.crowd import Crowds, same
from tests.integration.storage.crowd_writing import empty, moments_analyzed
from tests.integration.storage.fleet_history import (
    FIX,
    T0,
    Event,
    History,
    Received,
    RejectedReport,
)
from tests.integration.storage.random_histories import histories
from tests.integration.storage.test_histories import write

BUS = VehicleId("east", "1")
GROUPINGS = (OPERATOR, "depot", "municipality", "vehicle_type")


def test_views_of_histories_are_the_shares_of_now(database_url: str, crowds: Crowds) -> None:
    """Every window, reason, group and kind of equipment; and each bus's reason and times."""
    migrate(database_url)
    with connect(database_url, "test", autocommit=True) as database:

        def judge(analyzed: frozenset[int], several: Sequence[History]) -> None:
            empty(database)
            (now,) = database.execute("select now()").fetchone() or (None,)
            crowd = [_moved(each, now - T0).numbered(n) for n, each in enumerate(several)]
            write(database_url, database, crowd, analyzed)
            with database.transaction():
                (now,) = database.execute("select now()").fetchone() or (None,)
                _compare(database, now)

        crowds.check(moments_analyzed, lambda _: histories(), judge)


def test_what_a_bus_sent_is_shown_by_its_kind(timescaledb_url: str) -> None:
    """Each once: a position that was sent later, with flags, is no contact besides."""
    migrate(timescaledb_url)
    cctv = DEFAULT_KINDS.bits({"cctv": Flag(True, True)})
    sent_later = Report(BUS, T0 + timedelta(minutes=5), FIX, cctv, sent_at=T0 + timedelta(hours=1))
    reports = [
        Report(BUS, T0, FIX, cctv),
        Report(BUS, T0 + timedelta(minutes=1), None, cctv),
        Report(BUS, T0 + timedelta(minutes=2)),
        Report(BUS, T0 + timedelta(minutes=3), FIX),
        sent_later,
    ]
    rejected = RejectedReport(BUS, T0 + timedelta(minutes=4), RejectReason.SCHEMA)
    received = [Received(each, each.sent_at or each.observed_at) for each in reports]
    History((), [*received, rejected]).write(timescaledb_url)
    with connect(timescaledb_url, "test") as database:
        rows = database.execute("select at, kind from grafana.bus_report order by 1, 2").fetchall()
    assert [(at - T0, kind) for at, kind in rows] == [
        (timedelta(minutes=0), "cctv"),
        (timedelta(minutes=0), "position"),
        (timedelta(minutes=1), "cctv"),
        (timedelta(minutes=2), "contact"),
        (timedelta(minutes=3), "position"),
        (timedelta(minutes=4), "rejected"),
        (timedelta(minutes=5), "position"),
        (timedelta(hours=1), "cctv"),
    ]


def _compare(database: Connection, now: datetime) -> None:
    windows = _windows(database)
    found = shares(database, Asked(now), [*windows, *DEFAULT_WINDOWS])
    same(windows, {window: found.fleet.trackable[window] for window in windows})
    for window in DEFAULT_WINDOWS:
        rows = database.execute(
            "select operator, vehicle, reason, since, fix_at, contact_at, rejected_at"
            " from grafana.bus_now(%s) where not trackable"
            ' order by operator collate "C", vehicle collate "C"',
            [window],
        ).fetchall()
        listed = [
            (*each.vehicle, each.reason, each.since, each.fix_at, each.contact_at, each.rejected_at)
            for each in untrackable(database, Asked(now), window)
        ]
        same(rows, listed, f"not trackable within {window}")
    reasons = Counter(_column(database, "reason"))
    same(reasons.pop(None, 0), found.fleet.trackable[DISPATCHER_WINDOW], "trackable")
    same(reasons, {reason: n for reason, n in found.fleet.untrackable.items() if n}, "reasons")
    for by in GROUPINGS:
        groups = shares(database, Asked(now), [DISPATCHER_WINDOW], by).groups
        counted = {name or "—": counts.vehicles for name, counts in groups.items()}
        same(Counter(_column(database, by)), counted, by)
    equipment = database.execute(
        "select equipment, count(*) filter (where equipped),"
        " count(*) filter (where equipped and source = 'observed'),"
        " count(*) filter (where working) from grafana.equipment_now group by 1"
    ).fetchall()
    of_kinds = found.fleet.equipment if found.fleet.vehicles else {}
    expected = {name: tuple(counts) for name, counts in of_kinds.items()}
    same({name: tuple(counts) for name, *counts in equipment}, expected, "equipment")


def _windows(database: Connection) -> dict[timedelta, int]:
    rows = database.execute(
        "select window_s * interval '1 second', sum(trackable)::integer"
        " from grafana.window_share() group by 1"
    )
    return dict(rows.fetchall())


def _column(database: Connection, name: str) -> Iterable[str | None]:
    rows = database.execute("select to_jsonb(bus) ->> %s from grafana.bus_now() as bus", [name])
    return [value for (value,) in rows]


def _moved(history: History, by: timedelta) -> History:
    """Return the same history around another moment."""
    days = timedelta(days=by.days)
    entries = [
        entry._replace(
            in_service_from=entry.in_service_from and entry.in_service_from + days,
            in_service_to=entry.in_service_to and entry.in_service_to + days,
        )
        for entry in history.entries
    ]
    return replace(history, entries=entries, events=[_later(each, by) for each in history.events])


def _later(event: Event, by: timedelta) -> Event:
    if not isinstance(event, Received):
        return replace(event, received_at=event.received_at + by)
    report = event.report
    moved = report._replace(
        observed_at=report.observed_at + by, sent_at=report.sent_at and report.sent_at + by
    )
    return Received(moved, event.received_at + by)
