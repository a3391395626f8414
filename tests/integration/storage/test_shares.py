"""The shares and reasons on real databases, against a slow computation from the definitions."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.indicator import DEFAULT_WINDOWS, DISPATCHER_WINDOW, Grouping, UntrackableReason
from models.rejection import RejectReason
from models.registry import RegistryEntry
from models.report import Equipment, Fix, Flag, Report
from models.share import Counts, EquipmentCounts, Shares
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.shares import shares_at, shares_now
from storage.snapshot import first_record
from storage.untrackable import untrackable_at, untrackable_now
from tests.integration.storage.fleet_history import (
    FIX,
    T0,
    History,
    RejectedReport,
    Seen,
    fleet,
    seen,
    unregistered,
)

SECOND = timedelta(seconds=1)
TODAY = date(2024, 6, 13)
"""The local day of T0 in the east; in the west it is the day before."""
BUS = VehicleId("east", "1")
OTHER = VehicleId("east", "2")
VEHICLES = [BUS, OTHER, VehicleId("west", "1")]
"""Few, so that much happens to each of them."""


def empty(connection: Connection) -> None:
    connection.execute("""
        truncate operator, vehicle, registry_change, registry_entry, fix, equipment_report,
                 contact, rejection, vehicle_state, vehicle_day, rejected_message cascade
    """)


def counted(vehicles: Sequence[Seen]) -> Counts:
    reasons = [each.reason(DISPATCHER_WINDOW) for each in vehicles]
    return Counts(
        vehicles=len(vehicles),
        trackable={w: sum(each.trackable(w) for each in vehicles) for w in DEFAULT_WINDOWS},
        trackable_on_route={
            w: sum(each.trackable(w) and each.route is not None for each in vehicles)
            for w in DEFAULT_WINDOWS
        },
        equipment={
            equipment: EquipmentCounts(
                sum(each.equipped(equipment) for each in vehicles),
                sum(each.observed(equipment) for each in vehicles),
                sum(each.working(equipment) for each in vehicles),
            )
            for equipment in Equipment
        },
        untrackable={reason: reasons.count(reason) for reason in UntrackableReason},
    )


def expected(vehicles: Sequence[Seen], at: datetime, by: Grouping) -> Shares:
    of_fleet = fleet(vehicles)
    names = {each.group(by) for each in of_fleet}
    groups = {
        name: counted([each for each in of_fleet if each.group(by) == name]) for name in names
    }
    return Shares(at, counted(of_fleet), groups, unregistered(vehicles))


vehicles = st.sampled_from(VEHICLES)
offsets = st.one_of(
    st.integers(-31, 6).map(lambda tens: 10 * tens),
    st.sampled_from([-90, -91, -300, -301, -3600, -3601, -86400, -86401, -9 * 86400]),
)
moments = offsets.map(lambda seconds: T0 + seconds * SECOND)
routes = st.sampled_from([None, "7", "12"])
flags = st.none() | st.builds(Flag, st.booleans(), st.none() | st.booleans())
truths = st.none() | st.booleans()
presents = st.integers(-3, 4).map(lambda days: T0 + timedelta(days=days))
"""What now may be: before, between and after the periods in which the vehicles are in service."""


@st.composite
def periods(draw: st.DrawFn, vehicle: VehicleId) -> list[RegistryEntry]:
    """One after the other, with days between them or none; perhaps since ever and for ever."""
    names = st.sampled_from([None, "A", "B"])
    begins, entries = TODAY + timedelta(days=draw(st.integers(-4, 2))), []
    for _ in range(draw(st.integers(1, 3))):
        ends = begins + timedelta(days=draw(st.integers(0, 2)))
        entries.append(
            RegistryEntry(
                vehicle, None, draw(routes), draw(names), draw(names), begins, ends, draw(truths),
                draw(truths),
            )
        )  # fmt: skip
        begins = ends + timedelta(days=draw(st.integers(1, 3)))
    if draw(st.booleans()):
        entries[0] = entries[0]._replace(in_service_from=None)
    if draw(st.booleans()):
        entries[-1] = entries[-1]._replace(in_service_to=None)
    return entries


@st.composite
def reports(draw: st.DrawFn) -> Report:
    fix = draw(st.none() | routes.map(lambda route: Fix(57.0, 41.0, route_id=route)))
    return Report(draw(vehicles), draw(moments), fix, draw(flags), draw(flags))


@st.composite
def rejections(draw: st.DrawFn) -> RejectedReport:
    reason = draw(st.sampled_from([RejectReason.IN_FUTURE, RejectReason.SCHEMA]))
    return RejectedReport(draw(vehicles), draw(moments.filter(lambda moment: moment <= T0)), reason)


@st.composite
def histories(draw: st.DrawFn) -> History:
    # A vehicle says one thing at one instant; it may say it twice, late, in any order.
    said = draw(st.lists(reports(), max_size=25, unique_by=lambda r: (r.vehicle, r.observed_at)))
    rejected = draw(st.lists(rejections(), max_size=8, unique_by=lambda r: (r.vehicle, r.received_at)))
    again = draw(st.lists(st.sampled_from(said), max_size=5)) if said else []
    registered = draw(st.lists(vehicles, unique=True))
    return History(
        entries=[entry for vehicle in registered for entry in draw(periods(vehicle))],
        events=draw(st.permutations([*said, *again, *rejected])),
        batch_size=draw(st.integers(1, 12)),
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), present=presents, moment=moments, by=st.sampled_from(Grouping))
def test_shares_are_what_the_definitions_say(
    url: str,
    database: Connection,
    history: History,
    present: datetime,
    moment: datetime,
    by: Grouping,
) -> None:
    """Whatever came in whatever order: counts, reasons and groups, now and at a past moment."""
    empty(database)
    history.write(url)

    now = seen(history, present, ahead=True)
    assert shares_now(database, present, DEFAULT_WINDOWS, by) == expected(now, present, by)
    then = seen(history, moment, ahead=False)
    assert shares_at(database, moment, DEFAULT_WINDOWS, by) == expected(then, moment, by)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), moment=moments, window=st.sampled_from(DEFAULT_WINDOWS))
def test_each_untrackable_vehicle_has_one_reason(
    url: str, database: Connection, history: History, moment: datetime, window: timedelta
) -> None:
    """The list names the vehicles, their reasons and times; with the trackable it is the fleet."""
    empty(database)
    history.write(url)

    for vehicles_seen, listed in (
        (seen(history, T0, ahead=True), untrackable_now(database, T0, window)),
        (seen(history, moment, ahead=False), untrackable_at(database, moment, window)),
    ):
        of_fleet = fleet(vehicles_seen)
        assert [each[:7] for each in listed] == [
            (
                each.vehicle,
                each.reason(window),
                each.fix.observed_at + window if each.fix else None,
                each.contact_at,
                each.fix.observed_at if each.fix else None,
                each.rejection.received_at if each.rejection else None,
                each.rejection.reason if each.rejection else None,
            )
            for each in of_fleet
            if not each.trackable(window)
        ]
        trackable = sum(each.trackable(window) for each in of_fleet)
        assert trackable + len(listed) == len(of_fleet)


def shares_of(url: str, database: Connection, *events: Report | RejectedReport) -> Shares:
    History([RegistryEntry(BUS, cctv=True)], events).write(url)
    return shares_now(database, T0, DEFAULT_WINDOWS)


def reason_of(shares: Shares) -> UntrackableReason:
    return next(reason for reason, vehicles in shares.fleet.untrackable.items() if vehicles)


@pytest.mark.parametrize(("age", "trackable"), [(300 * SECOND, 1), (300.000001 * SECOND, 0)])
def test_window_includes_its_end(
    url: str, database: Connection, age: timedelta, trackable: int
) -> None:
    """A fix exactly as old as the window counts, a microsecond older does not."""
    shares = shares_of(url, database, Report(BUS, T0 - age, FIX))
    assert shares.fleet.trackable[DISPATCHER_WINDOW] == trackable


def test_fix_ahead_of_now_counts(url: str, database: Connection) -> None:
    """A clock that is ahead within what is tolerated makes no bus untrackable."""
    shares = shares_of(url, database, Report(BUS, T0 + 59 * SECOND, FIX))
    assert shares.fleet.trackable[DISPATCHER_WINDOW] == 1


def test_empty_fleet_has_no_ratio(database: Connection) -> None:
    """Nothing registered: no ratio, no group, all reasons 0."""
    shares = shares_now(database, T0, DEFAULT_WINDOWS)
    assert shares == Shares(T0, counted([]), {}, {})
    assert first_record(database) is None


def test_never_seen_is_never_heard_in_any_way(url: str, database: Connection) -> None:
    """A bus of which only rejected reports came long ago is silent, not never seen."""
    assert reason_of(shares_of(url, database)) is UntrackableReason.NEVER_SEEN
    long_ago = RejectedReport(BUS, T0 - timedelta(days=3), RejectReason.SCHEMA)
    assert reason_of(shares_of(url, database, long_ago)) is UntrackableReason.SILENT


def test_newest_word_decides_the_reason(url: str, database: Connection) -> None:
    """A rejection after a contact is the reason, and a contact after it is."""
    contact = Report(BUS, T0 - 60 * SECOND)
    clock = RejectedReport(BUS, T0 - 30 * SECOND, RejectReason.IN_FUTURE)
    assert reason_of(shares_of(url, database, contact, clock)) is UntrackableReason.BAD_CLOCK
    later = Report(BUS, T0 - 10 * SECOND)
    assert reason_of(shares_of(url, database, later)) is UntrackableReason.NO_FIX


def test_retired_and_silent_is_not_unregistered(url: str, database: Connection) -> None:
    """A bus that was last heard in its service is history; one that still publishes is not."""
    yesterday, earlier = TODAY - timedelta(days=1), T0 - timedelta(days=1)
    retired = [RegistryEntry(bus, in_service_to=yesterday) for bus in (BUS, OTHER)]
    History(retired, [Report(BUS, earlier, FIX), Report(OTHER, T0 - SECOND, FIX)]).write(url)
    assert shares_now(database, T0, DEFAULT_WINDOWS).unregistered == {"east": 1}


def test_records_begin_with_the_first_observation(url: str, database: Connection) -> None:
    """A late report moves the beginning back: what it observed is known."""
    shares_of(url, database, Report(BUS, T0, FIX), Report(BUS, T0 - timedelta(days=2)))
    assert first_record(database) == T0 - timedelta(days=2)


def test_past_knows_the_route_of_then(url: str, database: Connection) -> None:
    """The route that counts at a past moment is the one that the bus was on then."""
    before, after = T0 - 100 * SECOND, T0 - 10 * SECOND
    on_route = Report(BUS, before, Fix(57.0, 41.0, route_id="7"))
    now = shares_of(url, database, on_route, Report(BUS, after, FIX))
    then = shares_at(database, before, DEFAULT_WINDOWS, Grouping.ROUTE)
    assert now.fleet.trackable_on_route[DISPATCHER_WINDOW] == 0
    assert then.fleet.trackable_on_route[DISPATCHER_WINDOW] == 1
    assert list(then.groups) == ["7"]
