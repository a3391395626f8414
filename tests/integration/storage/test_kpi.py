"""The KPI of a date on real databases, against a slow computation report by report."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.kpi import KpiRule, disagreements
from models.report import Equipment, Fix, Flag, Report
from models.share import EquipmentState
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.fix_ages import fix_ages
from storage.kpi import StoredDays, kpi_of_date, stored_days
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

FIX: Final = Fix(57.0, 41.0)
EVER: Final = datetime.max.replace(tzinfo=UTC)


class Entry(NamedTuple):
    """A row of the registry: days in service, both included, and when it was known."""

    vehicle_id: str
    begins: date
    ends: date
    declared: bool | None
    known_from: datetime
    known_to: datetime = EVER


class Received(NamedTuple):
    """A report and when it came."""

    report: Report
    received_at: datetime


class Expected(NamedTuple):
    """What the slow computation finds of a vehicle."""

    minutes: int
    best_day: date | None
    cctv: EquipmentState


def of_operator(operator: str, history: Sequence[Received]) -> list[Received]:
    return [
        Received(
            each.report._replace(vehicle=each.report.vehicle._replace(operator_id=operator)),
            each.received_at,
        )
        for each in history
    ]


def write(url: str, zone: str, history: Sequence[Received]) -> None:
    """Keep reports in the order in which they came, one batch each day of reception."""
    with Writer(url, "test", zone) as writer:
        for day in sorted({received.received_at.date() for received in history}):
            batch = Batch()
            for report, received_at in history:
                if received_at.date() == day:
                    batch.add(Message(b"t", b"p", received_at), [report], [])
            writer.write(batch)


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
        database.execute(
            """
            with named as (
                insert into vehicle (operator_id, vehicle_id) values (%(operator)s, %(vehicle)s)
                on conflict (operator_id, vehicle_id) do update set vehicle_id = %(vehicle)s
                returning vehicle_key
            )
            insert into registry_entry (vehicle_key, in_service_from, in_service_to, cctv,
                                        known_from, known_to, change_id, superseded_by)
            select vehicle_key, %(begins)s, %(ends)s, %(declared)s, %(known_from)s,
                   %(known_to)s::timestamptz, %(change)s, %(superseded_by)s
            from named
            """,
            entry._asdict()
            | {"operator": operator, "vehicle": entry.vehicle_id, "change": change[0]}
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
    return {
        vehicle_id: _vehicle(
            [each for each in history if each.report.vehicle.vehicle_id == vehicle_id],
            declared,
            zone,
            on,
            rule,
            known_end,
        )
        for vehicle_id, declared in fleet.items()
    }


def _vehicle(
    history: Sequence[Received],
    declared: bool | None,
    zone: str,
    on: date,
    rule: KpiRule,
    known_end: datetime,
) -> Expected:
    fixes: dict[datetime, datetime] = {}
    flags: dict[datetime, tuple[Flag, datetime]] = {}
    for report, received_at in history:
        if report.fix:
            fixes.setdefault(report.observed_at, received_at)
        if report.cctv:
            flags.setdefault(report.observed_at, (report.cctv, received_at))
    best: tuple[int, date | None] = (0, None)
    for back in reversed(range(rule.trailing_days)):
        day = on - timedelta(days=back)
        begins, ends = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        minutes = {
            (observed_at - begins) // timedelta(minutes=1)
            for observed_at, received_at in fixes.items()
            if begins <= observed_at < ends and received_at < known_end
        }
        if len(minutes) >= max(best[0], 1):
            best = (len(minutes), day)
    end = midnight(on + timedelta(days=1), zone)
    said = [
        flag
        for observed_at, (flag, received_at) in sorted(flags.items())
        if observed_at < end and received_at < known_end
    ]
    working = [flag.working for flag in said if flag.working is not None]
    state = EquipmentState(
        said[-1].fitted if said else None, declared, working[-1] if working else None
    )
    return Expected(*best, state)


ZONES = st.sampled_from(["Europe/Helsinki", "Europe/Moscow", "America/Santiago", "Asia/Kamchatka"])
DAYS = st.sampled_from(
    [date(2024, 3, 31), date(2024, 10, 27), date(2024, 4, 7), date(2024, 9, 8), date(2024, 12, 31)]
)
OFFSETS = st.integers(-4, 4).map(lambda days: timedelta(days=days))
VEHICLES = st.sampled_from("abc")
FLAGS = st.none() | st.builds(Flag, st.booleans(), st.none() | st.booleans())


@st.composite
def histories(draw: st.DrawFn, on: date, zone: str) -> list[Received]:
    """Reports about some days, dense about their midnights; late, doubled, in any order.

    Most are of one vehicle and few days, so that a day has fixes that came on several days.
    """
    received = []
    busy_day = midnight(on + draw(OFFSETS), zone)
    for _ in range(draw(st.integers(0, 25))):
        busy = draw(st.booleans())
        near = busy_day if busy else midnight(on + draw(OFFSETS), zone)
        observed_at = near + timedelta(minutes=draw(st.integers(-8, 8) | st.integers(0, 1499)))
        report = Report(
            VehicleId("", "a" if busy else draw(VEHICLES)),
            observed_at + timedelta(seconds=draw(st.sampled_from([0, 1, 59]))),
            draw(st.sampled_from([FIX, FIX, None])),
            draw(FLAGS),
        )
        late = draw(st.sampled_from([timedelta(), timedelta(seconds=2), timedelta(days=2)]))
        received.append(Received(report, report.observed_at + late))
        if draw(st.booleans()):
            again = timedelta(minutes=draw(st.integers(0, 3000)))
            received.append(Received(report, report.observed_at + late + again))
    return sorted(received, key=lambda each: each.received_at)


@st.composite
def registries(draw: st.DrawFn, on: date, zone: str) -> list[Entry]:
    """Vehicles that enter and leave about the date, and are corrected about some midnight."""
    entries = []
    for vehicle_id in draw(st.sets(VEHICLES)):
        known_from = midnight(on - timedelta(days=20), zone)
        learnt = midnight(on + draw(OFFSETS), zone) + timedelta(seconds=draw(st.integers(-1, 1)))
        declared = st.none() | st.booleans()
        for since, until in ((known_from, learnt), (learnt, EVER)):
            begins, ends = sorted([on + draw(OFFSETS), on + draw(OFFSETS)])
            entries.append(Entry(vehicle_id, begins, ends, draw(declared), since, until))
    return entries


numbers = count()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), on=DAYS, zone=ZONES)
def test_the_kpi_agrees_with_a_slow_computation(
    url: str, database: Connection, data: st.DataObject, on: date, zone: str
) -> None:
    """Whatever comes late, twice or in disorder, on days of 23 to 25 hours, as known on any day."""
    operator = f"op{next(numbers)}"
    entries = data.draw(registries(on, zone))
    history = of_operator(operator, data.draw(histories(on, zone)))
    rule = KpiRule(data.draw(st.integers(1, 4)), data.draw(st.integers(1, 9)))
    register(database, operator, zone, entries)
    write(url, zone, history)
    for known_on in (None, on, on + data.draw(OFFSETS)):
        kpi = kpi_of_date(database, on, rule, known_on).of_operator(operator)
        found = {
            each.vehicle.vehicle_id: Expected(
                each.minutes, each.best_day, each.equipment[Equipment.CCTV]
            )
            for each in kpi.vehicles
        }
        expected = slowly(entries, history, zone, on, rule, known_on)
        assert found == expected
        enough = [each for each in expected.values() if each.minutes >= rule.minimum_minutes]
        assert (kpi.counts.vehicles, kpi.counts.trackable) == (len(expected), len(enough))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), on=DAYS, zone=ZONES, hour=st.integers(0, 23))
def test_the_ages_of_fixes_agree_with_a_slow_computation(
    url: str, database: Connection, data: st.DataObject, on: date, zone: str, hour: int
) -> None:
    """Of the date's fleet, at a local time, as known on any day."""
    operator = f"op{next(numbers)}"
    entries = data.draw(registries(on, zone))
    history = of_operator(operator, data.draw(histories(on, zone)))
    register(database, operator, zone, entries)
    write(url, zone, history)
    at, longest = time(hour), timedelta(days=1)
    local = datetime.combine(on, at, ZoneInfo(zone))
    # As PostgreSQL takes them: a local time that the clocks jump over by the offset from before,
    # and of one that comes twice the second.
    moment = max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    for known_on in (None, on):
        known_end = EVER if known_on is None else midnight(known_on + timedelta(days=1), zone)
        newest: dict[str, datetime] = {}
        kept: dict[tuple[VehicleId, datetime], datetime] = {}
        for report, received_at in history:
            if report.fix:
                kept.setdefault((report.vehicle, report.observed_at), received_at)
        for (vehicle, observed_at), received_at in kept.items():
            if moment - longest <= observed_at <= moment and received_at < known_end:
                before = newest.get(vehicle.vehicle_id, observed_at)
                newest[vehicle.vehicle_id] = max(before, observed_at)
        fleet = slowly(entries, history, zone, on, KpiRule(), known_on)
        expected = [moment - fix_at for name, fix_at in newest.items() if name in fleet]
        ages = fix_ages(database, on, at, longest, known_on, operator)
        assert sorted(ages) == sorted(expected)


def test_a_replayed_flag_was_not_known_before(url: str, database: Connection) -> None:
    """A replay keeps when a report was received, and when it was recorded beside it."""
    on = date(2024, 12, 31)
    noon = datetime(2024, 12, 31, 9, tzinfo=UTC)
    bus = VehicleId("op", "a")
    known_from = noon - timedelta(days=9)
    register(database, "op", "Europe/Moscow", [Entry("a", on, on, False, known_from)])
    write(url, "Europe/Moscow", [Received(Report(bus, noon, FIX, Flag(True)), noon)])
    database.execute("update equipment_report set recorded_at = '2025-02-01'")
    seen = [
        kpi_of_date(database, on, KpiRule(), known_on).vehicles[0].equipment[Equipment.CCTV].fitted
        for known_on in (None, on, date(2025, 2, 1))
    ]
    assert seen == [True, None, True]


def test_a_day_counts_the_minutes_that_came_late(url: str, database: Connection) -> None:
    """Its fixes were recorded on several days: each minute counts once, from when it is known."""
    on = date(2024, 12, 31)
    noon = datetime(2024, 12, 31, 9, tzinfo=UTC)
    bus = VehicleId("op", "a")
    register(database, "op", "Europe/Moscow", [Entry("a", on, on, None, noon - timedelta(days=9))])
    # Of the day itself the minutes 0, 1 and 2; a day later 2 and 3; two days later 4.
    came = {0: (0, 1, 2), 1: (2, 3), 2: (4,)}
    history = [
        Received(Report(bus, noon + timedelta(minutes=m, seconds=d), FIX), noon + timedelta(days=d))
        for d, minutes in came.items()
        for m in minutes
    ]
    write(url, "Europe/Moscow", history)
    # A day that is as good as what was known at first.
    good = [noon - timedelta(days=1) + timedelta(minutes=minute) for minute in range(4)]
    write(url, "Europe/Moscow", [Received(Report(bus, at, FIX), at) for at in good])
    for known_on, best in (
        (on, (4, on - timedelta(days=1))),
        (on + timedelta(days=1), (4, on)),
        (on + timedelta(days=2), (5, on)),
        (None, (5, on)),
    ):
        (vehicle,) = kpi_of_date(database, on, KpiRule(), known_on).vehicles
        assert (vehicle.minutes, vehicle.best_day) == best
    trackable = "select sum(trackable) from grafana.kpi_on(%s, 7, %s)"
    assert database.execute(trackable, [on, 5]).fetchone() == (1,)
    assert database.execute(trackable, [on, 6]).fetchone() == (0,)


def test_observed_against_declared(url: str, database: Connection) -> None:
    """A vehicle is listed where both have a word, and not the same."""
    on = date(2024, 12, 31)
    noon = datetime(2024, 12, 31, 9, tzinfo=UTC)
    words = {"a": (True, False), "b": (False, True), "c": (True, True), "d": (True, None)}
    known_from = noon - timedelta(days=9)
    entries = [Entry(name, on, on, said[1], known_from) for name, said in words.items()]
    register(database, "op", "Europe/Moscow", entries)
    history = [
        Received(Report(VehicleId("op", name), noon, None, Flag(said[0])), noon)
        for name, said in words.items()
    ]
    write(url, "Europe/Moscow", history)
    kpi = kpi_of_date(database, on, KpiRule())
    differing = disagreements(kpi.vehicles)
    assert [(each.vehicle.vehicle_id, each.observed) for each in differing] == [
        ("a", True),
        ("b", False),
    ]
    assert kpi.counts.equipment[Equipment.CCTV].equipped == 3


def test_the_stored_days(url: str, database: Connection) -> None:
    """They are those of which anything is known, or was known on a date."""
    assert stored_days(database) is None
    assert stored_days(database, date(2024, 12, 31)) is None
    first, last = (datetime(2024, 12, day, 22, tzinfo=UTC) for day in (1, 9))
    bus = VehicleId("op", "a")
    history = [Received(Report(bus, at, FIX), at) for at in (first, last)]
    write(url, "Europe/Moscow", history)
    assert stored_days(database) == StoredDays(date(2024, 12, 2), date(2024, 12, 10))
    assert stored_days(database, date(2024, 12, 5)) == StoredDays(
        date(2024, 12, 2), date(2024, 12, 2)
    )
