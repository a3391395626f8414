"""The shares and reasons on real databases, against a slow computation from the definitions."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.equipment import DEFAULT_KINDS, Flag
from models.indicator import DEFAULT_WINDOWS, DISPATCHER_WINDOW, UntrackableReason
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Fix, Report
from models.share import EquipmentCounts, Shares
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.registry.importing import import_registry
from storage.shares.day import day_share
from storage.shares.shares import Asked, shares
from storage.snapshot import first_record
from tests.integration.storage.fleet_history import (
    FIX,
    T0,
    Event,
    History,
    Received,
    RejectedReport,
    live,
)
from tests.integration.storage.test_histories import counted

SECOND = timedelta(seconds=1)
TODAY = date(2024, 6, 13)
"""The local day of T0 in the east; in the west it is the day before."""
BUS = VehicleId("east", "1")
OTHER = VehicleId("east", "2")
GATEWAYS = VehicleId("west", "traccar")
"""Whose gateway says when it was heard."""
VEHICLES = [BUS, OTHER, VehicleId("west", "1")]
"""Few, so that much happens to each of them."""


def shares_of(url: str, database: Connection, *events: Event) -> Shares:
    History([RegistryEntry(BUS, equipment={"cctv": True})], events).write(url)
    return shares(database, Asked(T0), DEFAULT_WINDOWS)


def reason_of(found: Shares) -> UntrackableReason:
    return next(reason for reason, vehicles in found.fleet.untrackable.items() if vehicles)


@pytest.mark.parametrize(("age", "trackable"), [(300 * SECOND, 1), (300.000001 * SECOND, 0)])
def test_window_includes_its_end(
    url: str, database: Connection, age: timedelta, trackable: int
) -> None:
    """A fix exactly as old as the window counts, a microsecond older does not."""
    found = shares_of(url, database, live(Report(BUS, T0 - age, FIX)))
    assert found.fleet.trackable[DISPATCHER_WINDOW] == trackable


def test_fix_ahead_of_now_counts(url: str, database: Connection) -> None:
    """A clock that is ahead within what is tolerated makes no bus untrackable."""
    found = shares_of(url, database, live(Report(BUS, T0 + 59 * SECOND, FIX)))
    assert found.fleet.trackable[DISPATCHER_WINDOW] == 1


def test_empty_fleet_has_no_ratio(database: Connection) -> None:
    """Nothing registered: no ratio, no group, all reasons 0."""
    assert shares(database, Asked(T0), DEFAULT_WINDOWS) == Shares(T0, counted([]), {}, {})
    assert first_record(database) is None


def test_never_seen_is_never_heard_in_any_way(url: str, database: Connection) -> None:
    """A bus of which only rejected reports came long ago is silent, not never seen."""
    assert reason_of(shares_of(url, database)) is UntrackableReason.NEVER_SEEN
    long_ago = RejectedReport(BUS, T0 - timedelta(days=3), RejectReason.SCHEMA)
    assert reason_of(shares_of(url, database, long_ago)) is UntrackableReason.SILENT


def test_what_was_heard_last_decides_the_reason(url: str, database: Connection) -> None:
    """A rejection after a contact is the reason, and a contact after it is."""
    contact = live(Report(BUS, T0 - 60 * SECOND))
    clock = RejectedReport(BUS, T0 - 30 * SECOND, RejectReason.IN_FUTURE)
    assert reason_of(shares_of(url, database, contact, clock)) is UntrackableReason.BAD_CLOCK
    later = live(Report(BUS, T0 - 10 * SECOND))
    assert reason_of(shares_of(url, database, later)) is UntrackableReason.NO_FIX


def test_of_a_minute_the_first_and_the_last_rejection_count(url: str, database: Connection) -> None:
    """However many come in it: a moment between the two takes the first, one after it the last."""
    minute = (T0 - timedelta(minutes=10)).replace(second=0)
    clock = [
        RejectedReport(BUS, minute + at * timedelta(milliseconds=100), RejectReason.IN_FUTURE)
        for at in range(10, 300)
    ]
    last = RejectedReport(BUS, minute + 30 * SECOND, RejectReason.SCHEMA)
    assert reason_of(shares_of(url, database, *clock, last)) is UntrackableReason.SILENT
    assert database.execute("select count(*) from rejection").fetchone() == (1,)
    for seconds, reason in (
        (0, UntrackableReason.NEVER_SEEN),
        (1, UntrackableReason.BAD_CLOCK),
        (20, UntrackableReason.BAD_CLOCK),
        (30, UntrackableReason.REJECTED),
        (300, UntrackableReason.REJECTED),
        (331, UntrackableReason.SILENT),
    ):
        then = Asked(minute + seconds * SECOND, past=True)
        assert reason_of(shares(database, then, DEFAULT_WINDOWS)) is reason


def test_heard_now_with_old_positions_is_late(url: str, database: Connection) -> None:
    """A clock three hours behind, or a backlog: not silent, and not without a fix."""
    behind = Received(Report(BUS, T0 - timedelta(hours=3), FIX), T0 - 10 * SECOND)
    assert reason_of(shares_of(url, database, behind)) is UntrackableReason.LATE


def test_a_clock_that_stands_still_is_late(url: str, database: Connection) -> None:
    """The same instant again and again is a duplicate, and yet the bus is heard; then, too."""
    frozen = Report(BUS, T0 - timedelta(hours=3), FIX)
    again = [Received(frozen, T0 - 10 * SECOND * turn) for turn in range(60, 0, -1)]
    assert reason_of(shares_of(url, database, *again)) is UntrackableReason.LATE
    then = shares(database, Asked(T0 - timedelta(minutes=2), past=True), DEFAULT_WINDOWS)
    assert reason_of(then) is UntrackableReason.LATE


def test_a_retained_message_is_no_contact(url: str, database: Connection) -> None:
    """What the broker remembers says nothing of the bus being there now."""
    remembered = Report(BUS, T0 - timedelta(hours=3), FIX, heard=False)
    assert (
        reason_of(shares_of(url, database, Received(remembered, T0 - SECOND)))
        is UntrackableReason.NEVER_SEEN
    )


def test_retired_and_silent_is_not_unregistered(url: str, database: Connection) -> None:
    """A bus that was last heard in its service is history; one that still publishes is not."""
    yesterday, earlier = TODAY - timedelta(days=1), T0 - timedelta(days=1)
    retired = [RegistryEntry(bus, in_service_to=yesterday) for bus in (BUS, OTHER)]
    reports = [Report(BUS, earlier, FIX), Report(OTHER, T0 - SECOND, FIX)]
    History(retired, list(map(live, reports))).write(url)
    assert shares(database, Asked(T0), DEFAULT_WINDOWS).unregistered == {"east": 1}


def test_records_begin_with_the_first_observation(url: str, database: Connection) -> None:
    """A late report moves the beginning back: what it observed is known."""
    first = T0 - timedelta(days=2)
    shares_of(url, database, live(Report(BUS, T0, FIX)), Received(Report(BUS, first, FIX), T0))
    assert first_record(database) == first


def test_past_knows_the_route_of_then(url: str, database: Connection) -> None:
    """The route that counts at a past moment is the one that the bus was on then."""
    before, after = T0 - 100 * SECOND, T0 - 10 * SECOND
    on_route = live(Report(BUS, before, Fix(57.0, 41.0, route_id="7")))
    now = shares_of(url, database, on_route, live(Report(BUS, after, FIX)))
    then = shares(database, Asked(before, past=True), DEFAULT_WINDOWS, "route")
    assert now.fleet.trackable_on_route[DISPATCHER_WINDOW] == 0
    assert then.fleet.trackable_on_route[DISPATCHER_WINDOW] == 1
    assert list(then.groups) == ["7"]


@pytest.mark.parametrize("kinds", [("cctv", "cashless"), ("cashless", "cctv")])
def test_past_knows_what_an_older_report_said_of_another_kind(
    url: str, database: Connection, kinds: tuple[str, str]
) -> None:
    """A bus need not say everything at once: of each kind its newest word until then counts."""
    works = Flag(fitted=True, working=True)
    first, second = (DEFAULT_KINDS.bits({kind: works}) for kind in kinds)
    shares_of(
        url,
        database,
        live(Report(BUS, T0 - 100 * SECOND, FIX, first)),
        live(Report(BUS, T0 - 90 * SECOND, FIX, second)),
        live(Report(BUS, T0 - 10 * SECOND, FIX, first | second)),
    )
    then = shares(database, Asked(T0 - 60 * SECOND, past=True), DEFAULT_WINDOWS)
    assert set(then.fleet.equipment.values()) == {EquipmentCounts(1, 1, 1)}


def test_the_past_of_a_list_just_imported_is_looked_up_once(url: str, database: Connection) -> None:
    """And not once for each vehicle: the planner takes a fleet it does not know for one vehicle."""
    vehicles = [VehicleId("east", str(number)) for number in range(300)]
    reports = [live(Report(vehicle, T0, FIX)) for vehicle in vehicles]
    later = [live(Report(vehicle, T0 + 60 * SECOND, FIX)) for vehicle in vehicles]
    History(list(map(RegistryEntry, vehicles)), [*reports, *later]).write(url)
    row = database.execute(
        "explain (analyze, format json)"
        " select count(reason), max(fix_at)"
        " from figures(%s::timestamptz, '5 minutes', true)",
        [T0],
    ).fetchone()
    assert row is not None
    assert max(_loops(row[0][0]["Plan"])) <= len(vehicles)


def _loops(node: dict[str, Any]) -> Iterator[int]:
    yield node["Actual Loops"]
    for child in node.get("Plans", ()):
        yield from _loops(child)


def test_a_day_of_25_hours_is_shown_for_24(url: str, database: Connection) -> None:
    """Its minutes are those since its beginning; what comes after the last one is left out."""
    zone, midnight = "Europe/Helsinki", datetime(2024, 10, 26, 21, tzinfo=UTC)
    import_registry(
        database, [RegistryEntry(BUS)], time_zone=zone, changed_by="test", source="test"
    )
    minutes = (0, 700, 1439, 1450)
    History(
        (), [live(Report(BUS, midnight + timedelta(minutes=minute), FIX)) for minute in minutes]
    ).write(url)
    found = day_share(database, date(2024, 10, 27), timedelta(minutes=1))
    seen = [minute for minute, trackable in enumerate(found.trackable) if trackable]
    assert (found.fleet, len(found.trackable), seen) == (1, 1440, [0, 700, 1439])
