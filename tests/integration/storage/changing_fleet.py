"""Two operators whose fleet list, time zones and rules change while their buses report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from models.decode import decode
from models.equipment import DEFAULT_KINDS, Flag
from models.rules import Rules, ServiceArea
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.writing.batch import Batch, Message

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
    """All that is entered and sent."""

    zones: Mapping[str, Sequence[Dated]]
    """By operator."""
    reception: Mapping[str, Sequence[Dated]]
    """The settings that reports are judged by, as text."""
    entries: Sequence[Entry]
    sent: Sequence[Sent]
    """In the order of reception."""
    cuts: frozenset[int] = frozenset()
    """Before which of the sent a batch ends."""

    def numbered(self, number: int) -> "ChangingFleet":
        """Return the same with operators of its own."""
        return replace(
            self,
            zones={f"{operator}{number}": zones for operator, zones in self.zones.items()},
            entries=[e._replace(vehicle=_numbered(e.vehicle, number)) for e in self.entries],
            sent=[replace(each, vehicle=_numbered(each.vehicle, number)) for each in self.sent],
        )

    def batches(self) -> list[Batch]:
        """Return what was sent, by the rules of the time of its reception."""
        batches = [Batch()]
        for place, each in enumerate(self.sent):
            if place in self.cuts:
                batches.append(Batch())
            rules = self._rules_at(each.received_at)
            batches[-1].add(each.message, *decode(*each.message, rules))
        return batches

    def _rules_at(self, moment: datetime) -> Rules:
        named = {name: value_at(values, moment) for name, values in self.reception.items()}
        area = named["service_area"]
        return Rules(
            max_age=timedelta(seconds=int(named["max_age"])),
            max_skew=timedelta(seconds=int(named["max_skew"])),
            service_area=ServiceArea(*map(float, area.split(","))) if area else None,
        )


def _numbered(vehicle: VehicleId, number: int) -> VehicleId:
    return vehicle._replace(operator_id=f"{vehicle.operator_id}{number}")


def value_at(values: Sequence[Dated], moment: datetime) -> Any:
    """Return what held at a moment: of the time before anything is known, the first."""
    before = [each for each in values if each.known_from <= moment]
    return (before[-1] if before else values[0]).value


def enter(database: Connection, fleets: Sequence[ChangingFleet]) -> None:
    """Enter operators, their zones and the fleet list, each with its moment."""
    zones = [
        (operator, known_from, zone)
        for fleet in fleets
        for operator, dated in fleet.zones.items()
        for known_from, zone in dated
    ]
    entries = [entry for fleet in fleets for entry in fleet.entries]
    with database.transaction(), database.cursor() as cursor:
        operators = sorted({operator for operator, _, _ in zones})
        cursor.executemany(
            "insert into operator values (%s, null, 'UTC')", [(each,) for each in operators]
        )
        cursor.execute("delete from operator_history")
        cursor.executemany(
            "insert into operator_history (operator_id, known_from, time_zone) values (%s, %s, %s)",
            zones,
        )
        cursor.executemany(
            "insert into vehicle (operator_id, vehicle_id) values (%s, %s)",
            sorted({entry.vehicle for entry in entries}),
        )
        cursor.executemany(
            """
            with change as (
                insert into registry_change (changed_by, source) values ('t', 't')
                returning change_id
            )
            insert into registry_entry (vehicle_key, operator_id, in_service_from, in_service_to,
                                        equipment, attributes, known_from, known_to, change_id,
                                        superseded_by)
            select vehicle_key, operator_id, %(begins)s, %(ends)s, %(equipment)s, '{}',
                   %(known_from)s, %(known_to)s::timestamptz, change_id,
                   case when %(known_to)s <> 'infinity' then change_id end
            from vehicle
            cross join change
            where operator_id = %(operator_id)s and vehicle_id = %(vehicle_id)s
            """,
            [_row(entry) for entry in entries],
        )


def _row(entry: Entry) -> dict[str, object]:
    declared = {} if entry.cctv is None else {"cctv": Flag(entry.cctv)}
    return {
        **entry.vehicle._asdict(),
        "begins": entry.begins,
        "ends": entry.ends,
        "equipment": DEFAULT_KINDS.bits(declared),
        "known_from": entry.known_from,
        "known_to": "infinity" if entry.known_to == EVER else entry.known_to.isoformat(),
    }


def set_rules(database: Connection, rules: Mapping[str, Sequence[Dated]]) -> None:
    """Have these settings for the figures, each value with its moment."""
    database.execute("delete from rule_setting")
    with database.cursor() as cursor:
        cursor.executemany(
            "insert into rule_setting (name, known_from, value) values (%s, %s, %s)",
            [(name, *each) for name, values in rules.items() for each in values],
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
FIGURES = {
    "tracked_minutes": ["1", "2", "4"],
    "trailing_days": ["1", "2", "5"],
    "live_minutes": ["0", "1", "3"],
    "min_group_size": ["1", "2", "5"],
    "time_zone": [*EAST, *WEST],
}
RECEPTION = {
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
        *(10 * MINUTE, 16 * MINUTE, timedelta(hours=3), 2 * DAY, 6 * DAY),
    ]
)
FLAGS = st.none() | st.builds(Flag, st.booleans(), st.none() | st.booleans())


@st.composite
def reports(draw: st.DrawFn) -> list[Sent]:
    """What is sent about some days: late, lagging, again, and several times of one instant.

    One bus may be out of coverage until somebody is in the office again, and send it all then.
    """
    found: list[Sent] = []
    busy_day = MIDNIGHT + draw(st.integers(-2, 0)) * DAY
    in_coverage = draw(st.just(datetime.min.replace(tzinfo=UTC)) | OFFICE_HOURS)
    for number in range(draw(st.integers(0, 4) | st.integers(8, 20))):
        vehicle = draw(st.sampled_from([*VEHICLES, MOVED[0]]))
        near = busy_day if draw(st.integers(0, 2)) else MIDNIGHT + draw(st.integers(-4, 2)) * DAY
        minutes = st.integers(-70, 130) | st.integers(0, 1600)
        observed_at = near + draw(minutes) * MINUTE + timedelta(seconds=draw(st.integers(0, 2)))
        if found and draw(st.integers(0, 5)) == 0:
            observed_at = draw(st.sampled_from(found)).observed_at
        # No two are received at one moment, so that what was heard last is one.
        received_at = observed_at + draw(DELAYS) + timedelta(microseconds=number)
        if vehicle == VEHICLES[2]:
            received_at = max(received_at, in_coverage + timedelta(microseconds=number))
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
    reception=st.fixed_dictionaries({name: dated(values) for name, values in RECEPTION.items()}),
    entries=entries(),
    sent=reports(),
    cuts=st.frozensets(st.integers(1, 25), max_size=8),
)
figure_settings = st.fixed_dictionaries({name: dated(values) for name, values in FIGURES.items()})
