"""The KPI of a date on real databases, against a slow computation report by report."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from math import cos, hypot, radians
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from models.equipment import DEFAULT_KINDS, Flag
from models.kpi import KpiReason, KpiRule, VehicleKpi, disagreements
from models.report import Fix, Report
from models.share import EquipmentState
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.kpi.fix_ages import PositionsNotKept, fix_ages
from storage.kpi.kpi import kpi_of_date, operator_time_zones
from storage.kpi.stored_days import StoredDays, first_day_known_on, stored_days
from storage.sql import queries
from storage.writing.batch import Batch, Message
from storage.writing.keep import keep, learn_keys
from storage.writing.keys import Keys
from storage.writing.writer import Writer

FIX: Final = Fix(57.0, 41.0)
EVER: Final = datetime.max.replace(tzinfo=UTC)
LIVE: Final = timedelta(minutes=15)


class Entry(NamedTuple):
    """A row of the registry: days in service, both included, and when it was known."""

    vehicle_id: str
    begins: date
    ends: date
    declared: bool | None
    known_from: datetime
    known_to: datetime = EVER
    route_id: str | None = None


class Received(NamedTuple):
    """A report, when it came, and when it was recorded."""

    report: Report
    received_at: datetime
    recorded_at: datetime
    """The same, or later: where it was rejected at first, and then reprocessed."""


class Expected(NamedTuple):
    """What the slow computation finds of a vehicle."""

    minutes: int
    best_day: date | None
    live_minutes: int
    route_minutes: int
    moved_m: int | None
    trackable: bool
    trackable_on_route: bool
    only_late: bool
    motionless: bool
    reason: KpiReason | None
    last_day: date | None
    cctv: EquipmentState


def _found(vehicle: VehicleKpi) -> Expected:
    names = [name for name in Expected._fields if name != "cctv"]
    values: dict[str, Any] = {name: getattr(vehicle, name) for name in names}
    return Expected(**values, cctv=vehicle.equipment["cctv"])


class Moved(int):
    """Metres; of a computation of another program, one more or less is the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and abs(int(self) - int(other)) <= 1

    __hash__ = int.__hash__


def received(report: Report, at: datetime, recorded_at: datetime | None = None) -> Received:
    return Received(report, at, recorded_at or at)


def of_operator(operator: str, history: Sequence[Received]) -> list[Received]:
    return [
        each._replace(
            report=each.report._replace(vehicle=each.report.vehicle._replace(operator_id=operator))
        )
        for each in history
    ]


def write(url: str, zone: str, history: Sequence[Received], cuts: Iterable[int] = ()) -> None:
    """Keep reports in the order in which they were recorded.

    Args:
        cuts: where the batches end, beside the days of recording.
    """
    with Writer(url, "test", zone) as writer:
        for batch, recorded_at in _batches(history, set(cuts)):
            if recorded_at is None:
                writer.write(batch)
            elif batch.reports:
                _reprocess(url, zone, batch, recorded_at)


def _batches(
    history: Sequence[Received], cuts: set[int]
) -> Iterable[tuple[Batch, datetime | None]]:
    batch, before = Batch(), None
    for place, (report, received_at, recorded_at) in enumerate(history):
        late = None if recorded_at == received_at else recorded_at
        if place in cuts or late != before:
            yield batch, before
            batch = Batch()
        batch.add(Message(b"t", b"p", received_at), [report], [])
        before = late
    yield batch, before


def _reprocess(url: str, zone: str, batch: Batch, recorded_at: datetime) -> None:
    keys = Keys(zone)
    with connect(url, "test", autocommit=True) as connection:
        connection.execute(queries("writing")["create_staged"])
        learn_keys(connection, keys, batch)
        with connection.transaction():
            keep(connection, keys, batch, lambda written: None, recorded_at)


def register(database: Connection, operator: str, zone: str, entries: Sequence[Entry]) -> None:
    """Write the registry's rows as they are."""
    database.execute(
        "insert into operator values (%s, null, %s) on conflict do nothing", [operator, zone]
    )
    change = database.execute(
        "insert into registry_change (changed_by, source) values ('t', 't') returning change_id"
    ).fetchone()
    assert change is not None
    for entry in entries:
        gone = entry.known_to != EVER
        declared = None if entry.declared is None else Flag(entry.declared)
        database.execute(
            """
            with named as (
                insert into vehicle (operator_id, vehicle_id) values (%(operator)s, %(vehicle)s)
                on conflict (operator_id, vehicle_id) do update set vehicle_id = %(vehicle)s
                returning vehicle_key
            )
            insert into registry_entry (vehicle_key, operator_id, in_service_from, in_service_to,
                                        equipment, attributes, known_from, known_to, change_id,
                                        superseded_by)
            select vehicle_key, %(operator)s, %(begins)s, %(ends)s, %(equipment)s, %(attributes)s,
                   %(known_from)s, %(known_to)s::timestamptz, %(change)s, %(superseded_by)s
            from named
            """,
            entry._asdict()
            | {"operator": operator, "vehicle": entry.vehicle_id, "change": change[0]}
            | {"equipment": DEFAULT_KINDS.bits({"cctv": declared} if declared else {})}
            | {"attributes": Jsonb({"route_id": entry.route_id} if entry.route_id else {})}
            | {"known_to": entry.known_to if gone else "infinity"}
            | {"superseded_by": change[0] if gone else None},
        )


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def slowly(
    entries: Sequence[Entry],
    history: Sequence[Received],
    zone: str,
    on: date,
    rule: KpiRule,
    known_on: date | None,
) -> dict[str, Expected]:
    """Compute the KPI one report after the other, with no database."""
    known_end = EVER if known_on is None else midnight(known_on + timedelta(days=1), zone)
    fleet = {
        entry.vehicle_id: entry.declared
        for entry in entries
        if entry.begins <= on <= entry.ends and entry.known_from < known_end <= entry.known_to
    }
    known = [each for each in history if each.recorded_at < known_end]
    return {
        vehicle_id: _vehicle(
            [each for each in known if each.report.vehicle.vehicle_id == vehicle_id],
            declared,
            zone,
            on,
            rule,
        )
        for vehicle_id, declared in fleet.items()
    }


class Day(NamedTuple):
    """What a vehicle sent on a local day."""

    day: date
    minutes: set[int]
    live: set[int]
    on_route: set[int]
    moved_m: int


def _days(history: Sequence[Received], zone: str, on: date, rule: KpiRule) -> Iterable[Day]:
    for back in reversed(range(rule.trailing_days)):
        day = on - timedelta(days=back)
        begins, ends = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        fixes = [
            ((report.observed_at - begins) // timedelta(minutes=1), report.fix, delay)
            for report, received_at, _ in history
            if report.fix and begins <= report.observed_at < ends
            for delay in [received_at - report.observed_at]
        ]
        if fixes:
            yield Day(
                day,
                {minute for minute, _, _ in fixes},
                {minute for minute, _, delay in fixes if delay <= LIVE},
                {minute for minute, fix, _ in fixes if fix.route_id is not None},
                _moved([fix for _, fix, _ in fixes]),
            )


def _moved(fixes: Sequence[Fix]) -> int:
    degree = 111_319
    south, north = min(fix.latitude for fix in fixes), max(fix.latitude for fix in fixes)
    west, east = min(fix.longitude for fix in fixes), max(fix.longitude for fix in fixes)
    wide = (east - west) * cos(radians((south + north) / 2))
    return Moved(round(degree * hypot(north - south, wide)))


def _vehicle(
    history: Sequence[Received], declared: bool | None, zone: str, on: date, rule: KpiRule
) -> Expected:
    days = list(_days(history, zone, on, rule))
    lively = [day for day in days if len(day.live) >= rule.minimum_live]
    best = max(lively, key=lambda day: (len(day.minutes), day.day), default=None)
    minutes = len(best.minutes) if best else 0
    live = max((len(day.live) for day in days), default=0)
    on_route = max((len(day.on_route) for day in lively), default=0)
    moved = max((day.moved_m for day in days), default=None)
    trackable = minutes >= rule.minimum_minutes
    missing = None if trackable else _missing(history, days, zone, on, rule)
    reason, last_day = missing or (None, None)
    return Expected(
        minutes,
        best.day if best else None,
        live,
        on_route,
        moved,
        trackable,
        on_route >= rule.minimum_minutes,
        trackable and live < rule.minimum_minutes,
        trackable and moved is not None and moved < 200,
        reason,
        last_day,
        _cctv(history, declared, midnight(on + timedelta(days=1), zone)),
    )


def _missing(
    history: Sequence[Received], days: Sequence[Day], zone: str, on: date, rule: KpiRule
) -> tuple[KpiReason, date | None]:
    until = midnight(on + timedelta(days=1), zone)
    moments = [
        report.observed_at
        for report, _, _ in history
        if report.observed_at < until and (report.fix or report.equipment)
    ]
    if not moments:
        return KpiReason.NEVER_SEEN, None
    last_day = max(moments).astimezone(ZoneInfo(zone)).date()
    if any(len(day.minutes) >= rule.minimum_minutes for day in days):
        return KpiReason.LATE, last_day
    if days:
        return KpiReason.FEW_MINUTES, last_day
    within = last_day > on - timedelta(days=rule.trailing_days)
    return KpiReason.NO_FIX if within else KpiReason.SILENT, last_day


def _cctv(history: Sequence[Received], declared: bool | None, ends: datetime) -> EquipmentState:
    fitted: dict[datetime, list[bool]] = {}
    working: dict[datetime, list[bool]] = {}
    for report, _, _ in history:
        flag = DEFAULT_KINDS.flags(report.equipment).get("cctv")
        if flag is not None and report.observed_at < ends:
            fitted.setdefault(report.observed_at, []).append(flag.fitted)
            if flag.working is not None:
                working.setdefault(report.observed_at, []).append(flag.working)
    # Of one instant the worse counts.
    says = all(fitted[max(fitted)]) if fitted else None
    works = all(working[max(working)]) if working else None
    return EquipmentState(bool(declared) if says is None else says, says, declared, works)


ZONES = st.sampled_from(
    ["Europe/Helsinki", "Europe/Moscow", "America/Santiago", "Asia/Kamchatka", "Atlantic/Azores"]
)
DAYS = st.sampled_from(
    [
        *(date(2024, 3, 31), date(2024, 10, 26), date(2024, 10, 27), date(2024, 4, 7)),
        *(date(2024, 9, 8), date(2024, 12, 31)),
    ]
)
OFFSETS = st.integers(-4, 4).map(lambda days: timedelta(days=days))
VEHICLES = st.sampled_from("abc")
FLAGS = st.none() | st.builds(Flag, st.booleans(), st.none() | st.booleans())
FIXES = st.none() | st.tuples(
    st.sampled_from([57.0, 57.001, 57.5]),
    st.sampled_from([41.0, 41.0025]),
    st.sampled_from([None, "7"]),
).map(lambda drawn: Fix(*drawn[:2], route_id=drawn[2]))
DELAYS = st.sampled_from(
    [
        *(timedelta(seconds=-30), timedelta(), timedelta(seconds=2), timedelta(minutes=15)),
        *(timedelta(minutes=15, seconds=1), timedelta(hours=20), timedelta(days=2)),
    ]
)


def _bits(cctv: Flag | None) -> int:
    return DEFAULT_KINDS.bits({"cctv": cctv} if cctv else {})


@st.composite
def histories(draw: st.DrawFn, on: date, zone: str, *, reprocessed: bool) -> list[Received]:
    """Reports about some days, dense about their midnights; late, doubled, in any order.

    Most are of one vehicle and one day, so that it has fixes and flags that came on several days;
    some instants have several.
    """
    found: list[Received] = []
    busy_day = midnight(on - timedelta(days=draw(st.integers(0, 2))), zone)
    for _ in range(draw(st.integers(0, 5) | st.integers(10, 30))):
        busy = draw(st.integers(0, 3)) > 0
        near = busy_day if busy else midnight(on + draw(OFFSETS), zone)
        observed_at = near + timedelta(minutes=draw(st.integers(-8, 8) | st.integers(0, 1499)))
        observed_at += timedelta(seconds=draw(st.sampled_from([0, 1, 59])))
        if found and draw(st.integers(0, 9)) == 0:
            observed_at = draw(st.sampled_from(found)).report.observed_at
        vehicle = VehicleId("", "a" if busy else draw(VEHICLES))
        report = Report(vehicle, observed_at, draw(FIXES), _bits(draw(FLAGS)))
        received_at = observed_at + draw(DELAYS)
        recorded_at = received_at
        if reprocessed and draw(st.integers(0, 5)) == 0:
            recorded_at += timedelta(hours=draw(st.integers(1, 60)))
        found.append(Received(report, received_at, recorded_at))
        if draw(st.booleans()):
            again = received_at + timedelta(minutes=draw(st.integers(0, 3000)))
            found.append(Received(report, again, max(again, recorded_at)))
    return sorted(found, key=lambda each: each.recorded_at)


@st.composite
def registries(draw: st.DrawFn, on: date, zone: str) -> list[Entry]:
    """Vehicles that enter and leave about the date, and are corrected about some midnight."""
    entries = []
    for vehicle_id in sorted({"a"} | draw(st.sets(VEHICLES))):
        known_from = midnight(on - timedelta(days=20), zone)
        learnt = midnight(on + draw(OFFSETS), zone) + timedelta(seconds=draw(st.integers(-1, 1)))
        declared = st.none() | st.booleans()
        for since, until in ((known_from, learnt), (learnt, EVER)):
            begins, ends = sorted([on + draw(OFFSETS), on + draw(OFFSETS)])
            if draw(st.booleans()):
                begins, ends = min(begins, on), max(ends, on)
            entries.append(Entry(vehicle_id, begins, ends, draw(declared), since, until))
    return entries


CUTS = st.sets(st.integers(0, 50))
numbers = count()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), on=DAYS, zone=ZONES, cuts=CUTS)
def test_the_kpi_agrees_with_a_slow_computation(
    url: str, database: Connection, data: st.DataObject, on: date, zone: str, cuts: set[int]
) -> None:
    """Whatever comes late, twice or in disorder, on days of 23 to 25 hours, as known on any day."""
    operator = f"op{next(numbers)}"
    entries = data.draw(registries(on, zone))
    history = of_operator(operator, data.draw(histories(on, zone, reprocessed=True)))
    rule = KpiRule(*(data.draw(st.integers(*span)) for span in ((1, 4), (1, 9), (0, 3))))
    register(database, operator, zone, entries)
    write(url, zone, history, cuts)
    for known_on in (None, on, on + data.draw(OFFSETS)):
        kpi = kpi_of_date(database, on, rule, known_on).of_operator(operator)
        found = {each.vehicle.vehicle_id: _found(each) for each in kpi.vehicles}
        expected = slowly(entries, history, zone, on, rule, known_on)
        assert found == expected
        for figure in ("trackable", "trackable_on_route", "only_late", "motionless"):
            behind = sum(getattr(each, figure) for each in expected.values())
            assert getattr(kpi.counts, figure) == behind
        assert kpi.counts.vehicles == len(expected)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), on=DAYS, zone=ZONES, hour=st.integers(0, 23), cuts=CUTS)
def test_the_ages_of_fixes_agree_with_a_slow_computation(
    url: str,
    database: Connection,
    data: st.DataObject,
    on: date,
    zone: str,
    hour: int,
    cuts: set[int],
) -> None:
    """Of the date's fleet, at a local time, as known on any day."""
    operator = f"op{next(numbers)}"
    entries = data.draw(registries(on, zone))
    history = of_operator(operator, data.draw(histories(on, zone, reprocessed=True)))
    register(database, operator, zone, entries)
    write(url, zone, history, cuts)
    at, longest = time(hour), timedelta(days=1)
    local = datetime.combine(on, at, ZoneInfo(zone))
    # As PostgreSQL takes them: a local time that the clocks jump over by the offset from before,
    # and of one that comes twice the second.
    moment = max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    for known_on in (None, on):
        known_end = EVER if known_on is None else midnight(known_on + timedelta(days=1), zone)
        newest: dict[str, datetime] = {}
        for report, _, recorded_at in history:
            is_within = moment - longest <= report.observed_at <= moment
            if report.fix and is_within and recorded_at < known_end:
                name = report.vehicle.vehicle_id
                newest[name] = max(newest.get(name, report.observed_at), report.observed_at)
        fleet = slowly(entries, history, zone, on, KpiRule(), known_on)
        expected = [moment - fix_at for name, fix_at in newest.items() if name in fleet]
        ages = fix_ages(database, on, at, longest, known_on, operator)
        assert sorted(ages) == sorted(expected)


ON: Final = date(2024, 12, 31)
NOON: Final = datetime(2024, 12, 31, 9, tzinfo=UTC)
BUS: Final = VehicleId("op", "a")
MOSCOW: Final = "Europe/Moscow"


def test_a_reprocessed_flag_was_not_known_before(url: str, database: Connection) -> None:
    """It counts from the day on which it was recorded, and not from its reception."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, False, NOON - timedelta(days=9))])
    report = Report(BUS, NOON, FIX, _bits(Flag(True)))
    write(url, MOSCOW, [received(report, NOON, datetime(2025, 2, 1, tzinfo=UTC))])
    seen = [
        kpi_of_date(database, ON, KpiRule(), known_on).vehicles[0].equipment["cctv"].fitted
        for known_on in (None, ON, date(2025, 2, 1))
    ]
    assert seen == [True, None, True]


def test_a_position_reprocessed_again_was_known_before(url: str, database: Connection) -> None:
    """A message may have been accepted in part, or come twice: what was known stays known."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    report, later = Report(BUS, NOON, FIX), NOON + timedelta(days=40)
    write(url, MOSCOW, [received(report, NOON), received(report, NOON, later)])
    asked = (database, ON, time(12), timedelta(hours=1))
    assert fix_ages(*asked, known_on=ON) == [timedelta()]
    # One that was not known is known from its reprocessing on.
    newer = Report(BUS, NOON + timedelta(seconds=30), FIX)
    write(url, MOSCOW, [received(newer, NOON + timedelta(minutes=1), later)])
    half_a_minute_later = (database, ON, time(12, 0, 30), timedelta(hours=1))
    for known_on, age in ((ON, 30), (later.date(), 0), (None, 0)):
        assert fix_ages(*half_a_minute_later, known_on) == [timedelta(seconds=age)]


def test_a_position_that_joins_older_flags_was_not_known_with_them(
    url: str, database: Connection
) -> None:
    """Their row bears the first reception; another position of that minute was known by then."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    minute_before = NOON - timedelta(seconds=20)
    day_later = NOON + timedelta(days=1)
    write(
        url,
        MOSCOW,
        [
            received(Report(BUS, minute_before - timedelta(seconds=10), FIX), NOON),
            received(Report(BUS, minute_before, None, _bits(Flag(True))), NOON),
            received(Report(BUS, minute_before, FIX), day_later),
        ],
    )
    for known_on, age in ((ON, 30), (day_later.date(), 20), (None, 20)):
        ages = fix_ages(database, ON, time(12), timedelta(hours=1), known_on)
        assert ages == [timedelta(seconds=age)]


@pytest.mark.parametrize("newest_is_late", [False, True])
def test_of_a_days_readings_the_newest_counts_whenever_it_was_recorded(
    url: str, database: Connection, newest_is_late: bool
) -> None:
    """The day has a row for each day of recording, of which the last need not have the newest."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    newest, older = NOON, NOON - timedelta(hours=2)
    late, known = (newest, older) if newest_is_late else (older, newest)
    write(
        url,
        MOSCOW,
        [
            received(Report(BUS, known, None, _bits(Flag(known == newest))), NOON),
            received(
                Report(BUS, late, None, _bits(Flag(late == newest))), NOON + timedelta(days=1)
            ),
        ],
    )
    (vehicle,) = kpi_of_date(database, ON, KpiRule()).vehicles
    assert vehicle.equipment["cctv"].fitted is True
    (before,) = kpi_of_date(database, ON, KpiRule(), ON).vehicles
    assert before.equipment["cctv"].fitted is (not newest_is_late)


def test_a_kind_first_reported_later_costs_no_walk_through_the_days(
    url: str, database: Connection
) -> None:
    """Of a date before its first reading no day is looked at for it, however many there are."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    write(url, MOSCOW, [received(Report(BUS, NOON, None, _bits(Flag(True))), NOON)])
    cashless = DEFAULT_KINDS.bits({"cashless": Flag(True)})
    later = NOON + timedelta(days=3)
    write(url, MOSCOW, [received(Report(BUS, later, None, cashless), later)])
    database.execute(
        """
        insert into vehicle_day (vehicle_key, day, recorded_on, equipment)
        select vehicle_key, day - back, day - back, equipment
        from vehicle_day cross join generate_series(1, 2000) as back
        where day = %s
        """,
        [ON],
    )
    database.execute("vacuum analyze vehicle_day")
    row = database.execute(
        "explain (analyze, buffers, format json) select * from flags_on('2024-12-31')"
    ).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 30
    (vehicle,) = kpi_of_date(database, ON, KpiRule()).vehicles
    assert (vehicle.equipment["cctv"].fitted, vehicle.equipment["cashless"].fitted) == (True, None)


def test_a_day_counts_the_minutes_that_came_late(url: str, database: Connection) -> None:
    """Its fixes were recorded on several days: each minute counts once, from when it is known."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    # Of the day itself the minutes 0, 1 and 2; a day later 2 and 3; two days later 4.
    came = {0: (0, 1, 2), 1: (2, 3), 2: (4,)}
    history = [
        received(Report(BUS, NOON + timedelta(minutes=m, seconds=d), FIX), NOON + timedelta(days=d))
        for d, minutes in came.items()
        for m in minutes
    ]
    write(url, MOSCOW, history)
    # A day that is as good as what was known at first.
    good = [NOON - timedelta(days=1) + timedelta(minutes=minute) for minute in range(4)]
    write(url, MOSCOW, [received(Report(BUS, at, FIX), at) for at in good])
    for known_on, best in (
        (ON, (4, ON - timedelta(days=1))),
        (ON + timedelta(days=1), (4, ON)),
        (ON + timedelta(days=2), (5, ON)),
        (None, (5, ON)),
    ):
        (vehicle,) = kpi_of_date(database, ON, KpiRule(), known_on).vehicles
        assert (vehicle.minutes, vehicle.best_day) == best
    for minimum, trackable in ((5, 1), (6, 0)):
        assert kpi_of_date(database, ON, KpiRule(minimum)).counts.trackable == trackable


def test_one_array_of_old_positions_is_known_for_late(url: str, database: Connection) -> None:
    """It makes a tracked day, and one that has no live minute; a rule can demand them."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    reports = [Report(BUS, NOON - timedelta(hours=5, minutes=m), FIX) for m in range(12)]
    write(url, MOSCOW, [received(each, NOON) for each in reports])
    counts = kpi_of_date(database, ON, KpiRule()).counts
    assert (counts.trackable, counts.only_late, counts.motionless) == (1, 1, 1)
    kpi = kpi_of_date(database, ON, KpiRule(minimum_live=1))
    assert (kpi.counts.trackable, kpi.counts.only_late) == (0, 0)
    assert (kpi.vehicles[0].minutes, kpi.vehicles[0].live_minutes) == (0, 0)


def test_observed_against_declared(url: str, database: Connection) -> None:
    """A vehicle is listed where it reports and the registry declares, and not the same."""
    says = {"a": (True, False), "b": (False, True), "c": (True, True), "d": (True, None)}
    known_from = NOON - timedelta(days=9)
    entries = [Entry(name, ON, ON, said[1], known_from) for name, said in says.items()]
    register(database, "op", MOSCOW, entries)
    history = [
        received(Report(VehicleId("op", name), NOON, None, _bits(Flag(said[0]))), NOON)
        for name, said in says.items()
    ]
    write(url, MOSCOW, history)
    kpi = kpi_of_date(database, ON, KpiRule())
    differing = disagreements(kpi.vehicles)
    assert [(each.vehicle.vehicle_id, each.observed) for each in differing] == [
        ("a", True),
        ("b", False),
    ]
    assert kpi.counts.equipment["cctv"].equipped == 3


def test_a_kind_and_an_attribute_of_ones_own(url: str, database: Connection) -> None:
    """Both are data: nothing but their rows is needed to find them in the figures."""
    database.execute("insert into equipment_kind values (2, 'air_conditioning')")
    entries = [Entry(name, ON, ON, None, NOON - timedelta(days=9)) for name in "ab"]
    register(database, "op", MOSCOW, entries)
    database.execute(
        """
        update registry_entry
        set equipment = 1 << 8, attributes = '{"colour": "red", "route_id": "7"}'
        where vehicle_key = (select vehicle_key from vehicle where vehicle_id = 'b')
        """
    )
    kpi = kpi_of_date(database, ON, KpiRule())
    assert kpi.counts.indicators[2:] == ("cctv", "cashless", "air_conditioning")
    assert kpi.counts.numerator("air_conditioning") == 1
    groups = {by: kpi.groups(by) for by in ("colour", "route", "operator")}
    assert {by: list(found) for by, found in groups.items()} == {
        "colour": ["red", None],
        "route": ["7", None],
        "operator": ["op"],
    }
    assert groups["colour"]["red"].numerator("air_conditioning") == 1


def test_a_time_zone_set_later_moves_no_past_day(url: str, database: Connection) -> None:
    """What was known on a date ended at the midnight that the operator had then."""
    known_from = datetime(2024, 12, 31, 20, 30, tzinfo=UTC)  # half an hour before Moscow's midnight
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, known_from)])
    database.execute("update operator_history set known_from = '2024-01-01'")
    database.execute("update operator set time_zone = 'Asia/Yekaterinburg'")
    assert len(kpi_of_date(database, ON, KpiRule(), ON).vehicles) == 1
    assert operator_time_zones(database, ON) == {"op": MOSCOW}
    assert operator_time_zones(database, date(2999, 1, 1)) == {"op": "Asia/Yekaterinburg"}


def test_what_arrives_after_a_time_zone_was_set_is_of_the_day_that_it_was_then(
    url: str, database: Connection
) -> None:
    """A backlog of a day before counts by that day's midnights, whenever it comes."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    database.execute("update operator_history set known_from = '2024-01-01'")
    database.execute("update operator set time_zone = 'Asia/Kamchatka'")
    last = midnight(ON + timedelta(days=1), MOSCOW) - timedelta(minutes=1)
    late = received(Report(BUS, last, FIX, _bits(Flag(True))), datetime.now(UTC))
    write(url, MOSCOW, [late])
    (vehicle,) = kpi_of_date(database, ON, KpiRule(minimum_minutes=1)).vehicles
    assert (vehicle.best_day, vehicle.minutes, vehicle.live_minutes) == (ON, 1, 0)
    assert vehicle.equipment["cctv"].fitted


def test_a_day_whose_zone_was_set_counts_each_minute_once(url: str, database: Connection) -> None:
    """An hour of local time comes again where the zone is one further west, and is another hour."""
    register(database, "op", MOSCOW, [Entry("a", ON, ON, None, NOON - timedelta(days=9))])
    database.execute("delete from operator_history")
    for zone, known_from in (("Europe/Samara", NOON - timedelta(days=90)), (MOSCOW, NOON)):
        database.execute(
            "insert into operator_history (operator_id, time_zone, known_from)"
            " values ('op', %s, %s)",
            [zone, known_from],
        )
    moments = [NOON + timedelta(hours=hours, minutes=m) for hours in (-1, 0) for m in range(5)]
    history = [received(Report(BUS, at, FIX), at) for at in moments]
    write(url, MOSCOW, [*history, *history], cuts=[3, 12])
    (vehicle,) = kpi_of_date(database, ON, KpiRule()).vehicles
    assert (vehicle.best_day, vehicle.minutes, vehicle.trackable) == (ON, 10, True)


def test_the_age_of_a_position_that_is_not_kept_is_not_given(
    url: str, database: Connection
) -> None:
    """Neither where all were thrown away, nor where the newest were."""
    names = ("a", "b")
    entries = [Entry(name, ON, ON, None, NOON - timedelta(days=9)) for name in names]
    register(database, "op", MOSCOW, entries)
    moments = {name: NOON - timedelta(hours=8 * place) for place, name in enumerate(names)}
    reports = [
        Report(VehicleId("op", name), at - timedelta(minutes=back), FIX)
        for name, at in moments.items()
        for back in (5, 600)
    ]
    write(url, MOSCOW, [received(each, each.observed_at) for each in reports])
    asked = (database, ON, time(12), timedelta(days=1))
    assert sorted(fix_ages(*asked)) == [timedelta(minutes=5), timedelta(hours=8, minutes=5)]
    for known_on in (None, ON):
        database.execute("delete from report where observed_at >= %s", [moments["b"]])
        with pytest.raises(PositionsNotKept, match="positions of 2024-12-31 are no longer kept"):
            fix_ages(*asked, known_on)
    # Nor where they were of the moment's own minute, of which the day does not tell more.
    write(url, MOSCOW, [received(Report(BUS, NOON + timedelta(seconds=10), FIX), NOON)])
    half_a_minute_later = (database, ON, time(12, 0, 30), timedelta(minutes=1), None, "op")
    assert fix_ages(*half_a_minute_later) == [timedelta(seconds=20)]
    database.execute("delete from report")
    with pytest.raises(PositionsNotKept):
        fix_ages(*half_a_minute_later)
    # Of an older day there never was one within the window, and nothing is missing.
    assert fix_ages(database, ON - timedelta(days=3), time(12), timedelta(days=1)) == []


def test_the_stored_days(url: str, database: Connection) -> None:
    """They are those of which anything is known, or was known on a date."""
    assert stored_days(database) is None
    assert first_day_known_on(database, ON) is None
    first, last = (datetime(2024, 12, day, 22, tzinfo=UTC) for day in (1, 9))
    write(url, MOSCOW, [received(Report(BUS, at, FIX), at) for at in (first, last)])
    assert stored_days(database) == StoredDays(date(2024, 12, 2), date(2024, 12, 10))
    assert first_day_known_on(database, date(2024, 12, 1)) is None
    assert first_day_known_on(database, date(2024, 12, 5)) == date(2024, 12, 2)
