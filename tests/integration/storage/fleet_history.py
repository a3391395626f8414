"""A fleet's history to write into a database, and what is to be found there, worked out slowly."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from models.equipment import DEFAULT_KINDS, Flag
from models.indicator import UntrackableReason
from models.registry import RegistryEntry
from models.rejection import Rejection, RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.registry.importing import import_registry
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

T0 = datetime(2024, 6, 12, 21, 30, tzinfo=UTC)
"""Half past midnight in Moscow, and still the day before in Kaliningrad."""
CLOCK_REASONS = {RejectReason.IN_FUTURE, RejectReason.TOO_OLD}
ZONES = {"east": "Europe/Moscow", "west": "Europe/Kaliningrad"}


def region(operator_id: str) -> str:
    """Return whose zone an operator has: that of its name without its number."""
    return operator_id.rstrip("0123456789")


@dataclass(frozen=True)
class Received:
    """A report, with when we received it."""

    report: Report
    received_at: datetime

    @property
    def vehicle(self) -> VehicleId:
        return self.report.vehicle

    def numbered(self, number: int) -> "Received":
        """Return the same of that history's own operator, on a route of its own."""
        fix = self.report.fix
        if fix is not None and fix.route_id is not None:
            fix = fix._replace(route_id=f"{fix.route_id}/{number}")
        report = self.report._replace(vehicle=_numbered(self.vehicle, number), fix=fix)
        return Received(report, self.received_at)

    @property
    def is_repeated(self) -> bool:
        """Whether its position is one from before, by the device's own clock."""
        sent_at = self.report.sent_at
        return sent_at is not None and sent_at - self.report.observed_at > timedelta(seconds=30)

    @property
    def said_at(self) -> datetime:
        """The moment that its flags are of."""
        return self.report.sent_at or self.report.observed_at

    @property
    def heard_at(self) -> datetime | None:
        """When the vehicle was heard by it."""
        if not self.report.heard:
            return None
        if self.report.sent_at is None:
            return self.received_at
        return min(self.said_at, self.received_at)


@dataclass(frozen=True)
class RejectedReport:
    """A rejected report of a vehicle."""

    vehicle: VehicleId
    received_at: datetime
    reason: RejectReason

    def numbered(self, number: int) -> "RejectedReport":
        """Return the same of that history's own operator."""
        return RejectedReport(_numbered(self.vehicle, number), self.received_at, self.reason)


Event = Received | RejectedReport


def _numbered(vehicle: VehicleId, number: int) -> VehicleId:
    return vehicle._replace(operator_id=f"{vehicle.operator_id}{number}")


@dataclass
class History:
    """A fleet list, and all that its vehicles (and others) sent, in the order of its arrival."""

    entries: Sequence[RegistryEntry] = ()
    events: Sequence[Event] = ()
    batch_size: int = 100

    def write(self, url: str) -> None:
        """Import the list and write the reports, as the commands do."""
        with connect(url, "test", autocommit=True) as connection:
            import_lists(connection, self.entries)
        for of, zone in ZONES.items():
            with Writer(url, "test", zone) as writer:
                for batch in self.batches(of):
                    writer.write(batch)

    def numbered(self, number: int) -> "History":
        """Return the same with operators and groups of its own: nothing of it is another's."""
        entries = [
            entry._replace(
                vehicle=_numbered(entry.vehicle, number),
                attributes={name: f"{value}/{number}" for name, value in entry.attributes.items()},
            )
            for entry in self.entries
        ]
        return replace(self, entries=entries, events=[e.numbered(number) for e in self.events])

    def batches(self, of: str) -> list[Batch]:
        """Return what the operators of a region sent."""
        return list(self._batches([e for e in self.events if region(e.vehicle.operator_id) == of]))

    def _batches(self, events: Sequence[Event]) -> Iterator[Batch]:
        for start in range(0, len(events), self.batch_size):
            batch = Batch()
            for event in events[start : start + self.batch_size]:
                topic = f"fleet/{event.vehicle}/position".encode()
                message = Message(topic, b"{}", event.received_at)
                if isinstance(event, Received):
                    batch.add(message, [event.report], [])
                else:
                    batch.add(message, [], [Rejection(event.reason, "test", event.vehicle)])
            yield batch


def import_lists(connection: Connection, entries: Sequence[RegistryEntry]) -> None:
    """Import the fleet lists of each region's operators."""
    for of, zone in ZONES.items():
        own = [each for each in entries if region(each.vehicle.operator_id) == of]
        if own:
            import_registry(
                connection,
                own,
                time_zone=zone,
                changed_by="test",
                source="test",
                claimed_at=T0 - timedelta(days=30),
            )


@dataclass(frozen=True)
class Seen:
    """All that is known of one vehicle at a moment, by the definitions' own words."""

    vehicle: VehicleId
    at: datetime
    entries: Sequence[RegistryEntry]
    reports: Sequence[Received]
    rejections: Sequence[RejectedReport]
    ahead: bool
    """Whether what is of a later moment counts, as it does for now."""

    def _counts(self, moment: datetime) -> bool:
        return self.ahead or moment <= self.at

    @property
    def fix_at(self) -> datetime | None:
        fixes = [r.report.observed_at for r in self.reports if r.report.fix]
        return max(filter(self._counts, fixes), default=None)

    @property
    def fix_route(self) -> str | None:
        routes = [
            r.report.fix.route_id
            for r in self.reports
            if r.report.fix and r.report.observed_at == self.fix_at
        ]
        return min((route for route in routes if route), default=None)

    def _heard(self, reports: Iterable[Received]) -> datetime | None:
        heard = [at for r in reports if (at := r.heard_at) is not None]
        return max(filter(self._counts, heard), default=None)

    @property
    def contact_at(self) -> datetime | None:
        return self._heard(self.reports)

    @property
    def position_heard_at(self) -> datetime | None:
        return self._heard(r for r in self.reports if r.report.fix and not r.is_repeated)

    @property
    def rejection(self) -> RejectedReport | None:
        counted = [each for each in self._kept_rejections() if self._counts(each.received_at)]
        return max(counted, key=lambda rejected: rejected.received_at, default=None)

    def _kept_rejections(self) -> Iterator[RejectedReport]:
        ordered = sorted(self.rejections, key=lambda rejected: rejected.received_at)
        for _, of_minute in groupby(
            ordered, key=lambda rejected: rejected.received_at.replace(second=0, microsecond=0)
        ):
            first, *others = of_minute
            yield first
            yield from others[-1:]

    def trackable(self, window: timedelta) -> bool:
        return self.fix_at is not None and self.at - self.fix_at <= window

    @property
    def route(self) -> str | None:
        registered = self.entry.attributes.get("route_id") if self.entry else None
        return self.fix_route or registered

    def reason(self, window: timedelta) -> UntrackableReason | None:
        if self.trackable(window):
            return None
        if self.contact_at is None and self.rejection is None:
            return UntrackableReason.NEVER_SEEN
        edge = self.at - window
        late = self.position_heard_at is not None and self.position_heard_at >= edge
        contact = UntrackableReason.LATE if late else UntrackableReason.NO_FIX
        heard = [(self.contact_at, 1, contact)] if self.contact_at else []
        if self.rejection:
            clock = self.rejection.reason in CLOCK_REASONS
            reason = UntrackableReason.BAD_CLOCK if clock else UntrackableReason.REJECTED
            heard.append((self.rejection.received_at, 0, reason))
        last, _, reason = max(heard)
        return reason if last >= edge else UntrackableReason.SILENT

    def equipped(self, kind: str) -> bool:
        fitted = self._newest(kind).fitted
        if fitted is not None:
            return fitted
        return bool(self.entry and self.entry.equipment.get(kind))

    def observed(self, kind: str) -> bool:
        return self.equipped(kind) and self._newest(kind).fitted is not None

    def working(self, kind: str) -> bool:
        return self.equipped(kind) and bool(self._newest(kind).working)

    def _newest(self, kind: str) -> "Newest":
        # Of one instant what is known counts, and of a contradiction the worse.
        readings = [
            (r.said_at, flag)
            for r in self.reports
            if self._counts(r.said_at)
            and (flag := DEFAULT_KINDS.flags(r.report.equipment).get(kind)) is not None
        ]
        fitted = max(((at, not flag.fitted) for at, flag in readings), default=None)
        works = max(
            ((at, not flag.working) for at, flag in readings if flag.working is not None),
            default=None,
        )
        return Newest(fitted and not fitted[1], works and not works[1])

    @property
    def entry(self) -> RegistryEntry | None:
        return self._entry(self.at)

    def in_service(self, moment: datetime) -> bool:
        return self._entry(moment) is not None

    def _entry(self, moment: datetime) -> RegistryEntry | None:
        day = moment.astimezone(ZoneInfo(ZONES[region(self.vehicle.operator_id)])).date()
        for entry in self.entries:
            if (entry.in_service_from or date.min) <= day <= (entry.in_service_to or date.max):
                return entry
        return None

    @property
    def unregistered(self) -> bool:
        if self.contact_at is None or self.in_service(self.at):
            return False
        return not self.in_service(self.contact_at)

    def group(self, by: str) -> str | None:
        assert self.entry is not None
        if by == "operator":
            return self.vehicle.operator_id
        registered = self.entry.attributes.get("route_id" if by == "route" else by)
        return registered or (self.fix_route if by == "route" else None)


class Newest(NamedTuple):
    """What was said last of one kind of equipment."""

    fitted: bool | None
    working: bool | None


def seen(history: History, at: datetime, *, ahead: bool) -> list[Seen]:
    """Look at every vehicle at a moment.

    Args:
        history: what to look at.
        at: the moment.
        ahead: whether what is of a later moment counts, as it does for now.
    """
    vehicles = {each.vehicle for each in (*history.entries, *history.events)}
    return [
        Seen(
            vehicle,
            at,
            [entry for entry in history.entries if entry.vehicle == vehicle],
            [e for e in history.events if isinstance(e, Received) and e.vehicle == vehicle],
            [e for e in history.events if isinstance(e, RejectedReport) and e.vehicle == vehicle],
            ahead,
        )
        for vehicle in sorted(vehicles)
    ]


def fleet(vehicles: Iterable[Seen]) -> list[Seen]:
    """Return those that are in the fleet."""
    return [each for each in vehicles if each.in_service(each.at)]


def unregistered(vehicles: Iterable[Seen]) -> dict[str, int]:
    """Count those that are unregistered, by operator."""
    return dict(Counter(each.vehicle.operator_id for each in vehicles if each.unregistered))


FIX = Fix(57.0, 41.0)


def live(report: Report) -> Received:
    """Return a report as one that was received a second after it was observed."""
    return Received(report, report.observed_at + timedelta(seconds=1))


def flags(**said: Flag) -> int:
    """Return what a report says of its vehicle's equipment."""
    return DEFAULT_KINDS.bits(said)
