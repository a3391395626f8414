"""A fleet's history to write into a database, and what is to be found there, worked out slowly."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from models.indicator import Grouping, UntrackableReason
from models.rejection import CLOCK_REASONS, Rejection, RejectReason
from models.registry import RegistryEntry
from models.report import Equipment, Fix, Report
from models.vehicle import VehicleId
from storage.batch import Batch, Message
from storage.connection import connect
from storage.registry.importing import import_registry
from storage.writer import Writer

T0 = datetime(2024, 6, 12, 21, 30, tzinfo=UTC)
"""Half past midnight in Moscow, and still the day before in Kaliningrad."""
ZONES = {"east": "Europe/Moscow", "west": "Europe/Kaliningrad"}
MESSAGE = b"fleet/operator/vehicle/position"


@dataclass(frozen=True)
class RejectedReport:
    """A rejected report of a vehicle."""

    vehicle: VehicleId
    received_at: datetime
    reason: RejectReason


@dataclass
class History:
    """A fleet list, and all that its vehicles (and others) sent, in the order of its arrival."""

    entries: Sequence[RegistryEntry] = ()
    events: Sequence[Report | RejectedReport] = ()
    batch_size: int = 100
    received_at: datetime = field(default=T0)

    def write(self, url: str) -> None:
        """Import the list and write the reports, as the commands do."""
        with connect(url, "test", autocommit=True) as connection:
            for operator, zone in ZONES.items():
                own = [each for each in self.entries if each.vehicle.operator_id == operator]
                if own:
                    recorded_at = T0 - timedelta(days=30)
                    import_registry(
                        connection,
                        own,
                        time_zone=zone,
                        changed_by="test",
                        source="test",
                        claimed_at=recorded_at,
                    )
        for operator, zone in ZONES.items():
            events = [each for each in self.events if each.vehicle.operator_id == operator]
            with Writer(url, "test", zone) as writer:
                for batch in self._batches(events):
                    writer.write(batch)

    def _batches(self, events: Sequence[Report | RejectedReport]) -> Iterator[Batch]:
        for start in range(0, len(events), self.batch_size):
            batch = Batch()
            for event in events[start : start + self.batch_size]:
                if isinstance(event, Report):
                    batch.add(Message(MESSAGE, b"{}", self.received_at), [event], [])
                else:
                    message = Message(MESSAGE, b"{}", event.received_at)
                    batch.add(message, [], [Rejection(event.reason, "test", event.vehicle)])
            yield batch


@dataclass(frozen=True)
class Seen:
    """All that is known of one vehicle at a moment, by the definitions' own words."""

    vehicle: VehicleId
    at: datetime
    entries: Sequence[RegistryEntry]
    reports: Sequence[Report]
    rejections: Sequence[RejectedReport]

    @property
    def fix(self) -> Report | None:
        return max((r for r in self.reports if r.fix), key=_observed, default=None)

    @property
    def contact_at(self) -> datetime | None:
        return max((r.observed_at for r in self.reports), default=None)

    @property
    def rejection(self) -> RejectedReport | None:
        return max(self.rejections, key=lambda rejected: rejected.received_at, default=None)

    def trackable(self, window: timedelta) -> bool:
        return self.fix is not None and self.at - self.fix.observed_at <= window

    @property
    def route(self) -> str | None:
        of_fix = self.fix.fix.route_id if self.fix and self.fix.fix else None
        return of_fix or (self.entry.route_id if self.entry else None)

    def reason(self, window: timedelta) -> UntrackableReason | None:
        if self.trackable(window):
            return None
        if self.contact_at is None and self.rejection is None:
            return UntrackableReason.NEVER_SEEN
        words = [(self.contact_at, 1, UntrackableReason.NO_FIX)] if self.contact_at else []
        if self.rejection:
            clock = self.rejection.reason in CLOCK_REASONS
            reason = UntrackableReason.BAD_CLOCK if clock else UntrackableReason.REJECTED
            words.append((self.rejection.received_at, 0, reason))
        said_at, _, reason = max(words)
        return reason if self.at - said_at <= window else UntrackableReason.SILENT

    def equipped(self, equipment: Equipment) -> bool:
        flag = self._newest(equipment, "fitted")
        if flag is not None:
            return flag
        return bool(self.entry and getattr(self.entry, equipment.value))

    def observed(self, equipment: Equipment) -> bool:
        return self.equipped(equipment) and self._newest(equipment, "fitted") is not None

    def working(self, equipment: Equipment) -> bool:
        return self.equipped(equipment) and bool(self._newest(equipment, "working"))

    def _newest(self, equipment: Equipment, part: str) -> bool | None:
        told = [
            (report.observed_at, value)
            for report in self.reports
            if (flag := getattr(report, equipment.value)) is not None
            and (value := getattr(flag, part)) is not None
        ]
        return max(told)[1] if told else None

    @property
    def entry(self) -> RegistryEntry | None:
        return self._entry(self.at)

    def in_service(self, moment: datetime) -> bool:
        return self._entry(moment) is not None

    def _entry(self, moment: datetime) -> RegistryEntry | None:
        day = moment.astimezone(ZoneInfo(ZONES[self.vehicle.operator_id])).date()
        for entry in self.entries:
            if (entry.in_service_from or date.min) <= day <= (entry.in_service_to or date.max):
                return entry
        return None

    @property
    def unregistered(self) -> bool:
        if self.contact_at is None or self.in_service(self.at):
            return False
        return not self.in_service(self.contact_at)

    def group(self, by: Grouping) -> str | None:
        assert self.entry is not None
        match by:
            case Grouping.OPERATOR:
                return self.vehicle.operator_id
            case Grouping.ROUTE:
                of_fix = self.fix.fix.route_id if self.fix and self.fix.fix else None
                return self.entry.route_id or of_fix
            case Grouping.DEPOT:
                return self.entry.depot
            case Grouping.MUNICIPALITY:
                return self.entry.municipality


def seen(history: History, at: datetime, *, ahead: bool) -> list[Seen]:
    """Look at every vehicle at a moment.

    Args:
        history: what to look at.
        at: the moment.
        ahead: whether what was observed after the moment counts, as it does for now.
    """
    vehicles = {each.vehicle for each in (*history.entries, *history.events)}
    reports = [e for e in history.events if isinstance(e, Report)]
    rejections = [e for e in history.events if isinstance(e, RejectedReport)]
    return [
        Seen(
            vehicle,
            at,
            [entry for entry in history.entries if entry.vehicle == vehicle],
            [r for r in reports if r.vehicle == vehicle and (ahead or r.observed_at <= at)],
            [r for r in rejections if r.vehicle == vehicle and (ahead or r.received_at <= at)],
        )
        for vehicle in sorted(vehicles)
    ]


def fleet(vehicles: Iterable[Seen]) -> list[Seen]:
    """Return those that are in the fleet."""
    return [each for each in vehicles if each.in_service(each.at)]


def unregistered(vehicles: Iterable[Seen]) -> dict[str, int]:
    """Count those that are unregistered, by operator."""
    return dict(Counter(each.vehicle.operator_id for each in vehicles if each.unregistered))


def _observed(report: Report) -> datetime:
    return report.observed_at


FIX = Fix(57.0, 41.0)
