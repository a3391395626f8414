"""The figures of a date: which vehicles stand behind each indicator, by the rules of the KPI."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from models.attribute import OPERATOR, attribute_of
from models.equipment import Kinds
from models.indicator import OPENLY_PUBLISHED, TRACKABLE, TRACKABLE_ON_ROUTE
from models.only import Only, is_of
from models.share import EquipmentCounts, EquipmentState, ratio
from models.vehicle import VehicleId


class KpiRule(NamedTuple):
    """When a vehicle was trackable, as a date has it (docs/definitions.md)."""

    minimum_minutes: int = 10
    """Distinct minutes with a fix that make a local service day a tracked day."""
    trailing_days: int = 7
    """Among how many days up to the date a tracked day is looked for."""
    minimum_live: int = 0
    """Of a tracked day's minutes, how many must have been received live."""
    minimum_published: int = 10
    """Minutes of the date in the public feeds that make a vehicle openly published."""


class KpiReason(StrEnum):
    """Why a vehicle of a date's fleet is not trackable: exactly one each, by what the days hold.

    The words are those of ``models.indicator.UntrackableReason``, within the trailing days;
    ``few_minutes``: it had fixes, on no day in enough distinct minutes.
    """

    NEVER_SEEN = "never_seen"
    SILENT = "silent"
    NO_FIX = "no_fix"
    FEW_MINUTES = "few_minutes"
    LATE = "late"
    BAD_CLOCK = "bad_clock"
    REJECTED = "rejected"


class VehicleKpi(NamedTuple):
    """A vehicle of a date's fleet, with all that decides its part in the figures."""

    vehicle: VehicleId
    plate: str | None
    attributes: Mapping[str, str]
    """What else the registry says of it, by column."""
    trackable: bool
    trackable_on_route: bool
    only_late: bool
    """It is trackable, and would not be by the minutes received live."""
    motionless: bool
    """It is trackable, and never moved 200 m on any of the trailing days."""
    minutes: int
    """Distinct minutes with a fix on the best of the trailing days that have the live minutes
    which the rule demands; 0: there was none."""
    best_day: date | None
    """That day, the latest where several are as good."""
    live_minutes: int
    """The most minutes received live on any of the trailing days."""
    route_minutes: int
    """The most minutes with a fix on a route, of the days that ``minutes`` is the best of."""
    moved_m: int | None
    """The farthest it moved on any of the trailing days; None: it had no fix."""
    equipment: Mapping[str, EquipmentState]
    """By kind, as of the end of the local day."""
    reason: KpiReason | None
    """Why it is not trackable; None: it is."""
    last_day: date | None
    """Where it is not trackable, the last local day up to the date of which a position or a flag
    is recorded; None: there is none, or it is trackable."""
    openly_published: bool | None = None
    """None: what was in the public feeds was not recorded yet."""
    published_minutes: int | None = None
    """Minutes of the date on which it was in the public feeds; None: it was not recorded yet."""

    def group(self, by: str) -> str | None:
        """Return the group of the grouping that the vehicle is in, as the registry has it."""
        if by == OPERATOR:
            return self.vehicle.operator_id
        return self.attributes.get(attribute_of(by))


class KpiCounts(NamedTuple):
    """The counts of a date's fleet, or of a group of it."""

    vehicles: int
    trackable: int
    trackable_on_route: int
    only_late: int
    """Of the trackable, those that would not be by the minutes received live."""
    motionless: int
    """Of the trackable, those that never moved 200 m."""
    equipment: Mapping[str, EquipmentCounts]
    openly_published: int | None = None
    """None: of one vehicle or more it is not known."""

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that were counted."""
        published = () if self.openly_published is None else (OPENLY_PUBLISHED,)
        return (TRACKABLE, TRACKABLE_ON_ROUTE, *self.equipment, *published)

    def numerator(self, indicator: str) -> int:
        """Return how many vehicles stand behind an indicator that was counted."""
        if indicator == OPENLY_PUBLISHED and self.openly_published is not None:
            return self.openly_published
        match indicator:
            case "trackable":
                return self.trackable
            case "trackable_on_route":
                return self.trackable_on_route
        return self.equipment[indicator].equipped

    def ratio(self, indicator: str, minimum: int = 1) -> float | None:
        """Return the indicator's ratio; None where the vehicles are fewer than the minimum."""
        return ratio(self.numerator(indicator), self.vehicles, minimum)


class KpiOfDate(NamedTuple):
    """A date's fleet, vehicle by vehicle, ordered by operator and vehicle."""

    on: date
    known_on: date | None
    """What was known at this local day's end; None: all that is known now."""
    rule: KpiRule
    kinds: Kinds
    """The kinds of equipment that are counted."""
    vehicles: Sequence[VehicleKpi]

    @property
    def counts(self) -> KpiCounts:
        """The counts of the whole fleet."""
        return count(self.vehicles, self.kinds)

    def groups(self, by: str) -> dict[str | None, KpiCounts]:
        """Return the counts by group, sorted; None, the last: where the group is not known.

        Args:
            by: ``operator``, or an attribute of the registry as ``models.attribute`` names it.
        """
        grouped = defaultdict(list)
        for vehicle in self.vehicles:
            grouped[vehicle.group(by)].append(vehicle)
        names = sorted(grouped, key=lambda name: (name is None, name or ""))
        return {name: count(grouped[name], self.kinds) for name in names}

    def of_operator(self, operator_id: str) -> "KpiOfDate":
        """Return the same of one operator's fleet."""
        own = [each for each in self.vehicles if each.vehicle.operator_id == operator_id]
        return self._replace(vehicles=own)

    def limited_to(self, only: Only) -> "KpiOfDate":
        """Return the same of some of the vehicles."""
        some = [each for each in self.vehicles if is_of(only, each.attributes)]
        return self._replace(vehicles=some)


class Disagreement(NamedTuple):
    """A vehicle that reports other equipment than the registry declares."""

    vehicle: VehicleId
    equipment: str
    observed: bool
    declared: bool


def count(vehicles: Sequence[VehicleKpi], kinds: Kinds) -> KpiCounts:
    """Add up vehicles."""
    return KpiCounts(
        vehicles=len(vehicles),
        trackable=sum(vehicle.trackable for vehicle in vehicles),
        trackable_on_route=sum(vehicle.trackable_on_route for vehicle in vehicles),
        only_late=sum(vehicle.only_late for vehicle in vehicles),
        motionless=sum(vehicle.motionless for vehicle in vehicles),
        equipment={
            kind: _equipped(vehicle.equipment[kind] for vehicle in vehicles) for kind in kinds.names
        },
        openly_published=_published(vehicles),
    )


def disagreements(vehicles: Iterable[VehicleKpi]) -> list[Disagreement]:
    """List where a vehicle has reported and the registry declares, and not the same."""
    return [
        Disagreement(vehicle.vehicle, kind, state.fitted, state.declared)
        for vehicle in vehicles
        for kind, state in vehicle.equipment.items()
        if state.fitted is not None and state.declared is not None
        if state.fitted is not state.declared
    ]


def year_before(day: date) -> date:
    """Return the same date a year before; the 28th of February where there is no 29th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _published(vehicles: Sequence[VehicleKpi]) -> int | None:
    known = [each.openly_published for each in vehicles if each.openly_published is not None]
    return sum(known) if known and len(known) == len(vehicles) else None


def _equipped(states: Iterable[EquipmentState]) -> EquipmentCounts:
    equipped = [state for state in states if state.equipped]
    return EquipmentCounts(
        equipped=len(equipped),
        observed=sum(bool(state.fitted) for state in equipped),
        working=sum(bool(state.working) for state in equipped),
    )
