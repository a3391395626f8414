"""What is registered and sent about a date: late, twice, reprocessed, corrected."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from models.equipment import Flag
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.writing.batch import Batch, Message
from tests.integration.storage.crowd_writing import Reprocessed, Told, write_crowd
from tests.integration.storage.fleet_history import flags

EVER: Final = datetime.max.replace(tzinfo=UTC)


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


@dataclass(frozen=True)
class KpiHistory:
    """An operator's zone, fleet list and reports."""

    zone: str
    entries: Sequence[Entry]
    received: Sequence[Received]
    """In the order in which they were recorded."""
    cuts: frozenset[int]
    """Before which of them a batch ends, beside the moments of reprocessing."""
    operator: str = "op"

    def numbered(self, number: int) -> "KpiHistory":
        """Return the same of an operator of its own."""
        operator = f"{self.operator}{number}"
        received = [
            each._replace(
                report=each.report._replace(
                    vehicle=each.report.vehicle._replace(operator_id=operator)
                )
            )
            for each in self.received
        ]
        return replace(self, received=received, operator=operator)

    def batches(self) -> list[Told]:
        """Return what was sent, as it was kept."""
        return list(_batches(self.received, self.cuts))


def received(report: Report, at: datetime, recorded_at: datetime | None = None) -> Received:
    return Received(report, at, recorded_at or at)


def write(url: str, zone: str, history: Sequence[Received], cuts: Iterable[int] = ()) -> None:
    """Keep reports in the order in which they were recorded.

    Args:
        cuts: where the batches end, beside the moments of reprocessing.
    """
    write_crowd(url, zone, [list(_batches(history, frozenset(cuts)))])


def _batches(history: Sequence[Received], cuts: frozenset[int]) -> Iterator[Told]:
    batch, before = Batch(), None
    for place, (report, received_at, recorded_at) in enumerate(history):
        late = None if recorded_at == received_at else recorded_at
        if place in cuts or late != before:
            yield batch if before is None else Reprocessed(batch, before)
            batch = Batch()
        batch.add(Message(b"t", b"p", received_at), [report], [])
        before = late
    yield batch if before is None else Reprocessed(batch, before)


def register(database: Connection, operator: str, zone: str, entries: Sequence[Entry]) -> None:
    """Write the registry's rows as they are."""
    database.execute(
        "insert into operator values (%s, null, %s) on conflict do nothing", [operator, zone]
    )
    change = database.execute(
        "insert into registry_change (changed_by, source) values ('t', 't') returning change_id"
    ).fetchone()
    assert change is not None
    with database.cursor() as cursor:
        cursor.executemany(
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
            [_row(entry, operator, change[0]) for entry in entries],
        )


def _row(entry: Entry, operator: str, change_id: int) -> dict[str, object]:
    gone = entry.known_to != EVER
    return {
        **entry._asdict(),
        "operator": operator,
        "vehicle": entry.vehicle_id,
        "equipment": 0 if entry.declared is None else flags(cctv=Flag(entry.declared)),
        "attributes": Jsonb({"route_id": entry.route_id} if entry.route_id else {}),
        "known_to": entry.known_to.isoformat() if gone else "infinity",
        "change": change_id,
        "superseded_by": change_id if gone else None,
    }


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


ZONES = [
    *("Europe/Helsinki", "Europe/Moscow", "Asia/Kamchatka", "Atlantic/Azores"),
    # Whose clocks are changed about midnight: it comes twice, or not at all.
    *("America/Santiago", "America/Havana", "Asia/Beirut", "Africa/Cairo", "Asia/Almaty"),
]
DAYS = [
    *(date(2024, 3, 1), date(2024, 3, 10), date(2024, 3, 31), date(2024, 4, 7)),
    *(date(2024, 4, 26), date(2024, 9, 8), date(2024, 10, 26), date(2024, 10, 27)),
    *(date(2024, 11, 1), date(2024, 11, 3), date(2024, 12, 31)),
]
OFFSETS = st.integers(-4, 4).map(lambda days: timedelta(days=days))
VEHICLES = st.sampled_from("abc")
# One draw each: what a history costs is draws.
FLAGS = st.sampled_from(
    [
        *(0, 0, 0),
        *(flags(cctv=Flag(*flag)) for flag in product((False, True), (None, False, True))),
    ]
)
FIXES = st.sampled_from(
    [
        *(None, None, None, None, None, None),
        *(
            Fix(latitude, longitude, route_id=route_id)
            for latitude, longitude, route_id in product(
                (57.0, 57.001, 57.5), (41.0, 41.0025), (None, "7")
            )
        ),
    ]
)
DELAYS = st.sampled_from(
    [
        *(timedelta(seconds=-30), timedelta(), timedelta(seconds=2), timedelta(minutes=15)),
        *(timedelta(minutes=15, seconds=1), timedelta(hours=20), timedelta(days=2)),
    ]
)


def reprocessings(on: date) -> st.SearchStrategy[list[datetime]]:
    """Return moments about a date at which rejected messages are reprocessed."""
    noon = datetime.combine(on, time(12), UTC)
    minutes = st.integers(-5 * 1440, 6 * 1440)
    return st.lists(minutes, max_size=5, unique=True).map(
        lambda drawn: sorted(noon + timedelta(minutes=each) for each in drawn)
    )


@st.composite
def kpi_histories(draw: st.DrawFn, on: date, reprocessed: Sequence[datetime]) -> KpiHistory:
    """What there is about a date; some of it was rejected until the next of the moments."""
    zone = draw(st.sampled_from(ZONES))
    return KpiHistory(
        zone,
        entries=draw(registries(on, zone)),
        received=draw(reports(on, zone, reprocessed)),
        cuts=draw(st.frozensets(st.integers(0, 50))),
    )


@st.composite
def reports(
    draw: st.DrawFn, on: date, zone: str, reprocessed: Sequence[datetime]
) -> list[Received]:
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
        vehicle = VehicleId("op", "a" if busy else draw(VEHICLES))
        report = Report(vehicle, observed_at, draw(FIXES), draw(FLAGS))
        received_at = observed_at + draw(DELAYS)
        later = [moment for moment in reprocessed if moment > received_at]
        rejected = later and draw(st.integers(0, 5)) == 0
        recorded_at = later[0] if rejected else received_at
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
