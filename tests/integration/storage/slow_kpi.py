"""The KPI of a date by the definitions' own words, one report after the other."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from math import cos, hypot, radians
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from models.equipment import DEFAULT_KINDS
from models.kpi import KpiReason, KpiRule
from models.report import Fix
from models.share import EquipmentState
from tests.integration.storage.kpi_history import EVER, Entry, Received, midnight

LIVE: Final = timedelta(minutes=15)


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


class Moved(int):
    """Metres; of a computation of another program, one more or less is the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and abs(int(self) - int(other)) <= 1

    __hash__ = int.__hash__


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
