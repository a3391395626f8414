"""The shares and reasons on real databases, against a slow computation from the definitions."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from models.attribute import GROUPINGS
from models.equipment import DEFAULT_KINDS, Flag
from models.indicator import DEFAULT_WINDOWS, DISPATCHER_WINDOW, UntrackableReason
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Fix, Report
from models.share import Counts, EquipmentCounts, Shares
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.kpi.fix_ages import PositionsNotKept
from storage.retention.throw_away import move_horizon
from storage.shares.shares import Asked, shares
from storage.shares.untrackable import Untrackable, untrackable
from storage.snapshot import first_record
from tests.integration.storage.budget import Budget
from tests.integration.storage.fleet_history import (
    FIX,
    T0,
    Event,
    History,
    Received,
    RejectedReport,
    Seen,
    fleet,
    live,
    seen,
    unregistered,
)

SECOND = timedelta(seconds=1)
TODAY = date(2024, 6, 13)
"""The local day of T0 in the east; in the west it is the day before."""
BUS = VehicleId("east", "1")
OTHER = VehicleId("east", "2")
GATEWAYS = VehicleId("west", "traccar")
"""Whose gateway says when it was heard."""
VEHICLES = [BUS, OTHER, VehicleId("west", "1")]
"""Few, so that much happens to each of them."""


def empty(connection: Connection) -> None:
    # Rows and not tables: the chunks stay, and the next history finds them.
    for table in (
        "registry_entry", "registry_change", "report", "rejection", "vehicle_state", "vehicle_day",
        "rejected_message", "vehicle", "operator_history", "operator",
        "horizon",
    ):  # fmt: skip
        connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))


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
            kind: EquipmentCounts(
                sum(each.equipped(kind) for each in vehicles),
                sum(each.observed(kind) for each in vehicles),
                sum(each.working(kind) for each in vehicles),
            )
            for kind in DEFAULT_KINDS.names
        },
        untrackable={reason: reasons.count(reason) for reason in UntrackableReason},
    )


def expected(vehicles: Sequence[Seen], at: datetime, by: str) -> Shares:
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
delays = st.sampled_from([2, 2, 2, 2, 2, 10 * 60, 3 * 3600, 2 * 86400]).map(lambda s: s * SECOND)
"""From being observed to being received; reports that come at once are all as quick."""
routes = st.sampled_from([None, "7", "12"])
spoken = st.dictionaries(
    st.sampled_from(DEFAULT_KINDS.names),
    st.builds(Flag, st.booleans(), st.none() | st.booleans()),
)
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
        attributes = {
            "route_id": draw(routes),
            "depot": draw(names),
            "municipality": draw(names),
            "vehicle_type": draw(names),
        }
        declared = {kind: draw(truths) for kind in DEFAULT_KINDS.names}
        entries.append(
            RegistryEntry(
                vehicle,
                None,
                begins,
                ends,
                {name: value for name, value in attributes.items() if value is not None},
                {kind: fitted for kind, fitted in declared.items() if fitted is not None},
            )
        )
        begins = ends + timedelta(days=draw(st.integers(1, 3)))
    if draw(st.booleans()):
        entries[0] = entries[0]._replace(in_service_from=None)
    if draw(st.booleans()):
        entries[-1] = entries[-1]._replace(in_service_to=None)
    return entries


def _fix(drawn: tuple[float, str | None]) -> Fix:
    latitude, route_id = drawn
    return Fix(latitude, 41.0, route_id=route_id)


@st.composite
def received(draw: st.DrawFn) -> Received:
    """A report of any kind: live or late, timed by a gateway, or retained by the broker."""
    fix = draw(st.none() | st.tuples(st.sampled_from([57.0, 57.1]), routes).map(_fix))
    observed_at, delay = draw(moments), draw(delays)
    bits = DEFAULT_KINDS.bits(draw(spoken))
    if draw(st.integers(0, 5)):
        return Received(Report(draw(vehicles), observed_at, fix, bits), observed_at + delay)
    # A gateway's word is of its own vehicle: it does not tell its time in one report only.
    sent_at = observed_at + draw(st.sampled_from([0, 5, 40, 7200])) * SECOND
    report = Report(GATEWAYS, observed_at, fix, bits, sent_at=sent_at)
    return Received(report, sent_at + delay)


@st.composite
def rejections(draw: st.DrawFn) -> RejectedReport:
    reason = draw(st.sampled_from([RejectReason.IN_FUTURE, RejectReason.SCHEMA]))
    return RejectedReport(draw(vehicles), draw(moments.filter(lambda moment: moment <= T0)), reason)


@st.composite
def histories(draw: st.DrawFn) -> History:
    # Some of it again, late, in any order, and some of it of an instant that is there already.
    said = draw(st.lists(received(), max_size=25))
    rejected = draw(
        st.lists(rejections(), max_size=8, unique_by=lambda r: (r.vehicle, r.received_at))
    )
    again = draw(st.lists(st.sampled_from(said), max_size=5)) if said else []
    registered = draw(st.lists(vehicles | st.just(GATEWAYS), unique=True))
    return History(
        entries=[entry for vehicle in registered for entry in draw(periods(vehicle))],
        events=draw(st.permutations([*said, *again, *rejected])),
        batch_size=draw(st.integers(1, 12)),
    )


def test_shares_of_histories_are_what_the_definitions_say(
    url: str, database: Connection, budget: Budget
) -> None:
    """Whatever came in whatever order: counts, reasons and groups, now and at a past moment."""

    @budget.settings(0.2)
    @given(history=histories(), present=presents, moment=moments, by=st.sampled_from(GROUPINGS))
    def check(history: History, present: datetime, moment: datetime, by: str) -> None:
        with budget.history() as within:
            if within:
                check_shares(url, database, history, present, moment, by)

    check()


def check_shares(
    url: str, database: Connection, history: History, present: datetime, moment: datetime, by: str
) -> None:
    empty(database)
    history.write(url)

    now = seen(history, present, ahead=True)
    assert shares(database, Asked(present), DEFAULT_WINDOWS, by) == expected(now, present, by)
    then = seen(history, moment, ahead=False)
    assert shares(database, Asked(moment, past=True), DEFAULT_WINDOWS, by) == expected(
        then, moment, by
    )


def test_what_is_kept_of_histories_is_answered_and_the_rest_is_not(
    url: str, database: Connection, budget: Budget
) -> None:
    """Of reports thrown away: either the figures of before, or that they are no longer kept."""

    @budget.settings(0.1)
    @given(history=histories(), moment=moments, horizon=moments)
    def check(history: History, moment: datetime, horizon: datetime) -> None:
        with budget.history() as within:
            if within:
                check_kept(url, database, history, moment, horizon)

    check()


def check_kept(
    url: str, database: Connection, history: History, moment: datetime, horizon: datetime
) -> None:
    empty(database)
    history.write(url)
    move_horizon(database, "report", horizon)
    database.execute("delete from report where observed_at < %s", (horizon,))
    windows = [DISPATCHER_WINDOW]
    try:
        found = shares(database, Asked(moment, past=True), windows)
    except PositionsNotKept:
        # Never for what is after the horizon, with the local day and the window before it.
        assert horizon > moment - timedelta(hours=26)
        return
    then = expected(seen(history, moment, ahead=False), moment, "operator")
    assert found.fleet.vehicles == then.fleet.vehicles
    assert found.fleet.trackable == {w: then.fleet.trackable[w] for w in windows}
    assert found.fleet.trackable_on_route == {w: then.fleet.trackable_on_route[w] for w in windows}
    assert found.fleet.equipment == then.fleet.equipment
    assert found.fleet.untrackable == then.fleet.untrackable


def test_each_untrackable_vehicle_of_histories_has_one_reason(
    url: str, database: Connection, budget: Budget
) -> None:
    """The list names the vehicles, their reasons and times; with the trackable it is the fleet."""

    @budget.settings(0.1)
    @given(history=histories(), moment=moments, window=st.sampled_from(DEFAULT_WINDOWS))
    def check(history: History, moment: datetime, window: timedelta) -> None:
        with budget.history() as within:
            if within:
                check_reasons(url, database, history, moment, window)

    check()


def check_reasons(
    url: str, database: Connection, history: History, moment: datetime, window: timedelta
) -> None:
    empty(database)
    history.write(url)

    for asked in (Asked(T0), Asked(moment, past=True)):
        of_fleet = fleet(seen(history, asked.at, ahead=not asked.past))
        listed = untrackable(database, asked, window)
        assert [_told(each, asked.at, window) for each in listed] == [
            (
                each.vehicle,
                each.reason(window),
                each.fix_at + window if each.fix_at else None,
                each.fix_at,
                each.rejection.received_at if each.rejection else None,
                each.rejection.reason if each.rejection else None,
                _within(each.contact_at, each.at, window),
            )
            for each in of_fleet
            if not each.trackable(window)
        ]
        trackable = sum(each.trackable(window) for each in of_fleet)
        assert trackable + len(listed) == len(of_fleet)


def _told(each: Untrackable, at: datetime, window: timedelta) -> tuple[object, ...]:
    contact_at = _within(each.contact_at, at, window)
    return (*each[:3], *each[4:7], contact_at)


def _within(contact_at: datetime | None, at: datetime, window: timedelta) -> datetime | None:
    """Return a contact within the window; an older one is only known by the newest report."""
    return contact_at if contact_at is not None and contact_at >= at - window else None


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
