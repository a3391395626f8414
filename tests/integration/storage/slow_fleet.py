"""The figures of a changing fleet by the definitions' own words, one report after the other."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from models.indicator import UntrackableReason
from models.kpi import KpiReason
from models.vehicle import VehicleId
from tests.integration.storage.changing_fleet import (
    EVER,
    ChangingFleet,
    Dated,
    Entry,
    Sent,
    value_at,
)

LIVE = timedelta(minutes=15)
BUILT_IN = {"tracked_minutes": 10, "trailing_days": 7, "live_minutes": 0, "min_group_size": 5}


class SlowVehicle(NamedTuple):
    """What the slow computation finds of a vehicle on a date."""

    trackable: bool
    on_route: bool
    only_late: bool
    minutes: int
    best_day: date | None
    fitted: bool | None
    working: bool | None
    equipped: bool
    reason: KpiReason | None


class SlowFleet:
    """A changing fleet, to be asked."""

    def __init__(self, fleet: ChangingFleet, settings: Mapping[str, Sequence[Dated]]) -> None:
        """Take all that happened, and the settings that figures are computed by."""
        self._fleet = fleet
        self._settings = settings
        judged = [(each, self._refusal(each)) for each in fleet.sent]
        self._kept = [each for each, refusal in judged if refusal is None]
        self._rejected = [(each, why) for each, why in judged if why is not None]

    def _refusal(self, sent: Sent) -> str | None:
        """Say why it is refused by the rules of its reception."""
        rule = {name: value_at(v, sent.received_at) for name, v in self._fleet.reception.items()}
        age = (sent.received_at - sent.observed_at).total_seconds()
        if age > float(rule["max_age"]) or -age > float(rule["max_skew"]):
            return "clock"
        if sent.place is None:
            return None
        latitude, longitude = sent.place
        if latitude == longitude == 0:
            return "other"
        if rule["service_area"]:
            west, south, east, north = map(float, rule["service_area"].split(","))
            if not (south <= latitude <= north and west <= longitude <= east):
                return "other"
        return None

    def rule(self, on: date, known_on: date | None) -> dict[str, int]:
        """Return the rule in force on a date; nothing is set but by day, far from any midnight."""
        return {
            name: int(self._setting(self._settings[name], on, known_on) or built_in)
            for name, built_in in BUILT_IN.items()
        }

    @staticmethod
    def _setting(values: Sequence[Dated], on: date, known_on: date | None) -> Any:
        known = [v for v in values if known_on is None or v.known_from.date() <= known_on]
        before = [v for v in known if v.known_from.date() <= on]
        return (before[-1] if before else known[0]).value if known else None

    def _day(self, operator: str, moment: datetime) -> date:
        """Return the service day of a moment, in the zone that the operator had then."""
        zone = value_at(self._fleet.zones[operator], moment)
        return moment.astimezone(ZoneInfo(zone)).date()

    def _midnight(self, operator: str, day: date) -> datetime:
        """Return when a day began, in the zone that was known when it ended."""
        zones = self._fleet.zones[operator]
        zone = (self._setting(zones, day, None)) or zones[0].value
        return datetime.combine(day, time(), ZoneInfo(zone))

    def _end(self, operator: str, day: date) -> datetime:
        """Return when a day ended, in the zone that was known then: it may be another by now."""
        zones = self._fleet.zones[operator]
        zone = self._setting(zones, day, None) or zones[0].value
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))

    def fleet_on(self, on: date, known_on: date | None) -> dict[VehicleId, Entry]:
        """Return a date's fleet, as it is known now or was on a day."""
        found = {}
        for entry in self._fleet.entries:
            end = (
                EVER
                if known_on is None
                else self._midnight(entry.vehicle.operator_id, known_on + timedelta(days=1))
            )
            if entry.begins <= on <= entry.ends and entry.known_from < end <= entry.known_to:
                found[entry.vehicle] = entry
        return found

    def on(self, on: date, known_on: date | None) -> dict[VehicleId, SlowVehicle]:
        """Return each vehicle of a date's fleet."""
        rule = self.rule(on, known_on)
        return {
            vehicle: self._vehicle(vehicle, entry, on, known_on, rule)
            for vehicle, entry in self.fleet_on(on, known_on).items()
        }

    def _vehicle(
        self,
        vehicle: VehicleId,
        entry: Entry,
        on: date,
        known_on: date | None,
        rule: dict[str, int],
    ) -> SlowVehicle:
        operator = vehicle.operator_id
        known = [
            (self._day(operator, each.observed_at), each)
            for each in self._kept
            if each.vehicle == vehicle
            and (known_on is None or self._day(operator, each.received_at) <= known_on)
        ]
        first = on - timedelta(days=rule["trailing_days"] - 1)
        days = [
            Day(day, [each for of, each in known if of == day and each.place])
            for day in (first + timedelta(days=number) for number in range(rule["trailing_days"]))
        ]
        lively = [d for d in days if d.fixes and len(d.live) >= rule["live_minutes"]]
        best = max(lively, key=lambda each: (len(each.minutes), each.day), default=None)
        minutes = len(best.minutes) if best else 0
        needed = rule["tracked_minutes"]
        trackable = minutes >= needed
        fitted, working = _newest([(of, each) for of, each in known if of <= on])
        return SlowVehicle(
            trackable,
            max((len(d.on_route) for d in lively), default=0) >= needed,
            trackable and max(len(d.live) for d in days) < needed,
            minutes,
            best.day if best else None,
            fitted,
            working,
            bool(entry.cctv) if fitted is None else fitted,
            None if trackable else self._why_not(vehicle, known, days, on, needed),
        )

    def _why_not(
        self,
        vehicle: VehicleId,
        known: Iterable[tuple[date, Sent]],
        days: Sequence["Day"],
        on: date,
        needed: int,
    ) -> KpiReason:
        if any(len(each.minutes) >= needed for each in days):
            return KpiReason.LATE
        if any(each.fixes for each in days):
            return KpiReason.FEW_MINUTES
        said = [day for day, each in known if day <= on and (each.place or each.cctv)]
        if said and max(said) >= days[0].day:
            return KpiReason.NO_FIX
        begins = self._midnight(vehicle.operator_id, days[0].day)
        ends = self._end(vehicle.operator_id, on)
        refused = [
            (each.received_at, why)
            for each, why in self._rejected
            if each.vehicle == vehicle and begins <= each.received_at < ends
        ]
        if refused:
            return KpiReason.BAD_CLOCK if max(refused)[1] == "clock" else KpiReason.REJECTED
        return KpiReason.SILENT if said else KpiReason.NEVER_SEEN

    def at(
        self, moment: datetime, window: timedelta
    ) -> dict[VehicleId, tuple[UntrackableReason | None, bool]]:
        """Return why each vehicle of a moment's fleet is not trackable, and whether it has cctv."""
        return {
            entry.vehicle: (
                self._why_not_at(entry.vehicle, moment, window),
                self._has_cctv_at(entry, moment),
            )
            for entry in self._fleet.entries
            if entry.known_to == EVER
            and entry.begins <= self._day(entry.vehicle.operator_id, moment) <= entry.ends
        }

    def _why_not_at(
        self, vehicle: VehicleId, at: datetime, window: timedelta
    ) -> UntrackableReason | None:
        own = [each for each in self._kept if each.vehicle == vehicle]
        if any(each.place and at - window <= each.observed_at <= at for each in own):
            return None
        heard = [(each.received_at, "heard") for each in own if each.received_at <= at]
        heard += [
            (each.received_at, why)
            for each, why in self._rejected
            if each.vehicle == vehicle and each.received_at <= at
        ]
        if not heard:
            return UntrackableReason.NEVER_SEEN
        last, what = max(heard)
        if last < at - window:
            return UntrackableReason.SILENT
        if what == "heard":
            positions = (each.received_at for each in own if each.place)
            late = any(at - window <= received_at <= at for received_at in positions)
            return UntrackableReason.LATE if late else UntrackableReason.NO_FIX
        return UntrackableReason.BAD_CLOCK if what == "clock" else UntrackableReason.REJECTED

    def _has_cctv_at(self, entry: Entry, at: datetime) -> bool:
        own = [each for each in self._kept if each.vehicle == entry.vehicle]
        fitted, _ = _newest([(None, each) for each in own if each.observed_at <= at])
        return bool(entry.cctv) if fitted is None else fitted


class Day(NamedTuple):
    """A service day's fixes of a vehicle."""

    day: date
    fixes: Sequence[Sent]

    @property
    def minutes(self) -> set[datetime]:
        return {_minute(each) for each in self.fixes}

    @property
    def live(self) -> set[datetime]:
        return {_minute(e) for e in self.fixes if e.received_at - e.observed_at <= LIVE}

    @property
    def on_route(self) -> set[datetime]:
        return {_minute(each) for each in self.fixes if each.route}


def _minute(sent: Sent) -> datetime:
    return sent.observed_at.replace(second=0, microsecond=0)


def _newest(reports: Iterable[tuple[Any, Sent]]) -> tuple[bool | None, bool | None]:
    """Return what was said last of the camera: fitted, working; of one instant the worse."""
    fitted: dict[datetime, list[bool]] = {}
    working: dict[datetime, list[bool]] = {}
    for _, each in reports:
        if each.cctv is not None:
            fitted.setdefault(each.observed_at, []).append(each.cctv.fitted)
            if each.cctv.working is not None:
                working.setdefault(each.observed_at, []).append(each.cctv.working)
    return (
        all(fitted[max(fitted)]) if fitted else None,
        all(working[max(working)]) if working else None,
    )
