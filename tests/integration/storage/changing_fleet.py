"""Two operators whose fleet list, time zones and rules change while their buses report."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from models.decode import decode
from models.equipment import DEFAULT_KINDS, Flag
from models.rules import Rules, ServiceArea
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.retention.throw_away import move_horizon
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

ON = date(2024, 10, 27)
"""On which the clocks go back in Helsinki."""
MIDNIGHT = datetime(2024, 10, 26, 21, tzinfo=UTC)
"""Where ON begins in Moscow."""
EVER = datetime.max.replace(tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
AREA = ServiceArea(40.0, 56.0, 42.0, 58.0)
MOVED = VehicleId("east", "1"), VehicleId("west", "1")
"""One bus, and then at the other operator."""
VEHICLES = (*MOVED, VehicleId("east", "2"))


class Dated(NamedTuple):
    """A value that holds from a moment on, by the server's clock."""

    known_from: datetime
    value: Any


class Entry(NamedTuple):
    """A row of the registry: days in service, both included, and when it was known."""

    vehicle: VehicleId
    begins: date
    ends: date
    cctv: bool | None
    known_from: datetime
    known_to: datetime


@dataclass(frozen=True)
class Sent:
    """A report as it came: its message's fields, and when we received it."""

    vehicle: VehicleId
    observed_at: datetime
    received_at: datetime
    place: tuple[float, float] | None
    route: str | None = None
    cctv: Flag | None = None

    @property
    def message(self) -> Message:
        """The message that it came in."""
        latitude, longitude = self.place or (None, None)
        fields: dict[str, Any] = {
            "observed_at": self.observed_at.isoformat(),
            "latitude": latitude,
            "longitude": longitude,
            "route_id": self.route,
        }
        if self.cctv is not None:
            fields["cctv"] = self.cctv._asdict()
        topic = f"fleet/{self.vehicle.operator_id}/{self.vehicle.vehicle_id}/position"
        return Message(topic.encode(), json.dumps(fields).encode(), self.received_at)


@dataclass
class ChangingFleet:
    """All that is entered, set and sent."""

    zones: Mapping[str, Sequence[Dated]]
    """By operator."""
    rules: Mapping[str, Sequence[Dated]]
    """By setting, as text."""
    entries: Sequence[Entry]
    sent: Sequence[Sent]
    """In the order of reception."""
    cuts: frozenset[int] = frozenset()
    """Before which of the sent a batch ends."""
    horizon: datetime | None = None
    """What was observed before is thrown away in the end."""

    def enter(self, url: str, database: Connection) -> None:
        """Write all of it, each with its moment, and the reports by the rules of their time."""
        for operator, zones in self.zones.items():
            database.execute("insert into operator values (%s, null, %s)", [operator, "UTC"])
            database.execute("delete from operator_history where operator_id = %s", [operator])
            for known_from, zone in zones:
                database.execute(
                    "insert into operator_history (operator_id, known_from, time_zone)"
                    " values (%s, %s, %s)",
                    [operator, known_from, zone],
                )
        for name, values in self.rules.items():
            for known_from, value in values:
                database.execute(
                    "insert into rule_setting (name, known_from, value) values (%s, %s, %s)",
                    [name, known_from, value],
                )
        _register(database, self.entries)
        with Writer(url, "test", "UTC") as writer:
            for batch in self._batches():
                writer.write(batch)
        if self.horizon is not None:
            move_horizon(database, "report", self.horizon)
            database.execute("delete from report where observed_at < %s", [self.horizon])

    def _batches(self) -> Iterator[Batch]:
        batch = Batch()
        for place, each in enumerate(self.sent):
            if place in self.cuts:
                yield batch
                batch = Batch()
            batch.add(each.message, *decode(*each.message, self._rules_at(each.received_at)))
        yield batch

    def _rules_at(self, moment: datetime) -> Rules:
        named = {name: value_at(values, moment) for name, values in self.rules.items()}
        area = named["service_area"]
        return Rules(
            max_age=timedelta(seconds=int(named["max_age"])),
            max_skew=timedelta(seconds=int(named["max_skew"])),
            service_area=ServiceArea(*map(float, area.split(","))) if area else None,
        )


def value_at(values: Sequence[Dated], moment: datetime) -> Any:
    """Return what held at a moment: of the time before anything is known, the first."""
    before = [each for each in values if each.known_from <= moment]
    return (before[-1] if before else values[0]).value


def _register(database: Connection, entries: Iterable[Entry]) -> None:
    change = database.execute(
        "insert into registry_change (changed_by, source) values ('t', 't') returning change_id"
    ).fetchone()
    assert change is not None
    for vehicle in VEHICLES:
        database.execute("insert into vehicle (operator_id, vehicle_id) values (%s, %s)", vehicle)
    for each in entries:
        gone = each.known_to != EVER
        declared = {} if each.cctv is None else {"cctv": Flag(each.cctv)}
        database.execute(
            """
            insert into registry_entry (vehicle_key, operator_id, in_service_from, in_service_to,
                                        equipment, attributes, known_from, known_to, change_id,
                                        superseded_by)
            select vehicle_key, operator_id, %(begins)s, %(ends)s, %(equipment)s, %(attributes)s,
                   %(known_from)s, %(known_to)s::timestamptz, %(change)s, %(superseded_by)s
            from vehicle
            where operator_id = %(operator_id)s and vehicle_id = %(vehicle_id)s
            """,
            each._asdict()
            | each.vehicle._asdict()
            | {"vehicle": None, "change": change[0], "attributes": Jsonb({})}
            | {"equipment": DEFAULT_KINDS.bits(declared)}
            | {"known_to": each.known_to if gone else "infinity"}
            | {"superseded_by": change[0] if gone else None},
        )


OFFICE_HOURS = st.builds(
    lambda days, minutes: MIDNIGHT + days * DAY + timedelta(hours=9) + minutes * MINUTE,
    st.integers(-5, 2),
    st.integers(0, 10 * 60),
)
"""When somebody sets something: a new zone near a midnight could make a day end twice."""


def dated(values: Sequence[str]) -> st.SearchStrategy[list[Dated]]:
    """Return one value to three, each from a moment of its own on."""
    return st.builds(
        lambda moments, drawn: [Dated(*pair) for pair in zip(sorted(moments), drawn, strict=False)],
        st.sets(OFFICE_HOURS, min_size=1, max_size=3),
        st.lists(st.sampled_from(values), min_size=3, max_size=3),
    )


EAST = ["Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg"]
WEST = ["Europe/Helsinki", "Europe/Kaliningrad", "Europe/Moscow"]
RULES = {
    "tracked_minutes": ["1", "2", "4"],
    "trailing_days": ["1", "2", "5"],
    "live_minutes": ["0", "1", "3"],
    "min_group_size": ["1", "2", "5"],
    "time_zone": [*EAST, *WEST],
    "max_skew": ["0", "60"],
    "max_age": ["7200", "2592000"],
    "service_area": ["", ",".join(map(str, AREA))],
}


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """A bus that goes to the other operator, and one that stays; each corrected once."""
    leaves = ON + timedelta(days=draw(st.integers(-3, 1)))
    first, last = ON - timedelta(days=20), ON + timedelta(days=20)
    found = []
    for vehicle, begins, ends in (
        (MOVED[0], first, leaves),
        (MOVED[1], leaves + DAY, last),
        (VEHICLES[2], first, last),
    ):
        corrected = draw(OFFICE_HOURS)
        moved = timedelta(days=draw(st.sampled_from([0, 0, 1, 2])))
        cctv = draw(st.none() | st.booleans())
        found.append(Entry(vehicle, begins, ends, cctv, MIDNIGHT - 20 * DAY, corrected))
        if draw(st.integers(0, 4)):
            cctv = draw(st.none() | st.booleans())
            found.append(Entry(vehicle, begins - moved, ends - moved, cctv, corrected, EVER))
    return found


PLACES = st.none() | st.tuples(
    st.sampled_from([57.0, 57.0, 57.001, 57.5, 59.0, 0.0]), st.sampled_from([41.0, 41.0, 0.0])
)
DELAYS = st.sampled_from(
    [
        *(timedelta(seconds=s) for s in (1, 1, 1, 40, -5, -30, -200)),
        *(10 * MINUTE, 16 * MINUTE, timedelta(hours=3), 2 * DAY),
    ]
)
FLAGS = st.none() | st.builds(Flag, st.booleans(), st.none() | st.booleans())


@st.composite
def reports(draw: st.DrawFn) -> list[Sent]:
    """What is sent about some days: late, lagging, again, and several times of one instant."""
    found: list[Sent] = []
    busy_day = MIDNIGHT + draw(st.integers(-2, 0)) * DAY
    for number in range(draw(st.integers(0, 4) | st.integers(8, 20))):
        vehicle = draw(st.sampled_from([*VEHICLES, MOVED[0]]))
        near = busy_day if draw(st.integers(0, 2)) else MIDNIGHT + draw(st.integers(-4, 2)) * DAY
        minutes = st.integers(-70, 130) | st.integers(0, 1600)
        observed_at = near + draw(minutes) * MINUTE + timedelta(seconds=draw(st.integers(0, 2)))
        if found and draw(st.integers(0, 5)) == 0:
            observed_at = draw(st.sampled_from(found)).observed_at
        # No two are received at one moment, so that what was heard last is one.
        received_at = observed_at + draw(DELAYS) + timedelta(microseconds=number)
        each = Sent(
            vehicle, observed_at, received_at, draw(PLACES),
            draw(st.sampled_from([None, "7"])), draw(FLAGS),
        )  # fmt: skip
        found.append(each)
        if draw(st.integers(0, 3)) == 0:
            again = received_at + draw(st.integers(1, 900)) * MINUTE
            found.append(Sent(**{**each.__dict__, "received_at": again}))
    return sorted(found, key=lambda each: each.received_at)


changing_fleets = st.builds(
    ChangingFleet,
    zones=st.fixed_dictionaries({"east": dated(EAST), "west": dated(WEST)}),
    rules=st.fixed_dictionaries({name: dated(values) for name, values in RULES.items()}),
    entries=entries(),
    sent=reports(),
    cuts=st.frozensets(st.integers(1, 25), max_size=8),
    horizon=st.none() | OFFICE_HOURS,
)
