"""The figures of a date: which vehicles stand behind each indicator, by the rules of the KPI."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from models.indicator import Grouping, Indicator
from models.report import Equipment
from models.share import EquipmentCounts, EquipmentState, ratio
from models.vehicle import VehicleId

KPI_INDICATORS: Final = (Indicator.TRACKABLE, Indicator.CCTV, Indicator.CASHLESS)
"""What is reported of a date; on which route a bus was is a question of a moment."""


class KpiRule(NamedTuple):
    """When a vehicle was trackable, as a date has it (docs/definitions.md)."""

    minimum_minutes: int = 10
    """Distinct minutes with a fix that make a local service day a tracked day."""
    trailing_days: int = 7
    """Among how many days up to the date a tracked day is looked for."""


class VehicleKpi(NamedTuple):
    """A vehicle of a date's fleet, with all that decides its part in the figures."""

    vehicle: VehicleId
    plate: str | None
    route_id: str | None
    depot: str | None
    municipality: str | None
    minutes: int
    """Distinct minutes with a fix on the best of the trailing days; 0: it had none."""
    best_day: date | None
    """That day, the latest where several are as good."""
    equipment: Mapping[Equipment, EquipmentState]
    """As of the end of the local day."""

    def counts_for(self, indicator: Indicator, rule: KpiRule) -> bool:
        """Tell whether the vehicle is in the indicator's numerator."""
        if indicator is Indicator.TRACKABLE:
            return self.minutes >= rule.minimum_minutes
        return self.equipment[Equipment(indicator.value)].equipped

    def group(self, by: Grouping) -> str | None:
        """Return the group of the grouping that the vehicle is in, as the registry has it."""
        match by:
            case Grouping.OPERATOR:
                return self.vehicle.operator_id
            case Grouping.ROUTE:
                return self.route_id
            case Grouping.DEPOT:
                return self.depot
            case Grouping.MUNICIPALITY:
                return self.municipality


class KpiCounts(NamedTuple):
    """The counts of a date's fleet, or of a group of it."""

    vehicles: int
    trackable: int
    equipment: Mapping[Equipment, EquipmentCounts]

    def numerator(self, indicator: Indicator) -> int:
        """Return how many vehicles stand behind the indicator."""
        if indicator is Indicator.TRACKABLE:
            return self.trackable
        return self.equipment[Equipment(indicator.value)].equipped

    def ratio(self, indicator: Indicator, minimum: int = 1) -> float | None:
        """Return the indicator's ratio; None where the vehicles are fewer than the minimum."""
        return ratio(self.numerator(indicator), self.vehicles, minimum)


class KpiOfDate(NamedTuple):
    """A date's fleet, vehicle by vehicle, ordered by operator and vehicle."""

    on: date
    known_on: date | None
    """What was known at this local day's end; None: all that is known now."""
    rule: KpiRule
    vehicles: Sequence[VehicleKpi]

    @property
    def counts(self) -> KpiCounts:
        """The counts of the whole fleet."""
        return count(self.vehicles, self.rule)

    def groups(self, by: Grouping) -> dict[str | None, KpiCounts]:
        """Return the counts by group, sorted; None, the last: where the group is not known."""
        grouped = defaultdict(list)
        for vehicle in self.vehicles:
            grouped[vehicle.group(by)].append(vehicle)
        names = sorted(grouped, key=lambda name: (name is None, name or ""))
        return {name: count(grouped[name], self.rule) for name in names}

    def of_operator(self, operator_id: str) -> "KpiOfDate":
        """Return the same of one operator's fleet."""
        own = [each for each in self.vehicles if each.vehicle.operator_id == operator_id]
        return self._replace(vehicles=own)


class Disagreement(NamedTuple):
    """A vehicle that says of its equipment other than the registry declares."""

    vehicle: VehicleId
    equipment: Equipment
    observed: bool
    declared: bool


def count(vehicles: Sequence[VehicleKpi], rule: KpiRule) -> KpiCounts:
    """Add up vehicles."""
    trackable = sum(vehicle.minutes >= rule.minimum_minutes for vehicle in vehicles)
    by_equipment = {
        each: _equipped(vehicle.equipment[each] for vehicle in vehicles) for each in Equipment
    }
    return KpiCounts(len(vehicles), trackable, by_equipment)


def disagreements(vehicles: Iterable[VehicleKpi]) -> list[Disagreement]:
    """List where both the vehicle and the registry have a word, and not the same."""
    return [
        Disagreement(vehicle.vehicle, equipment, state.fitted, state.declared)
        for vehicle in vehicles
        for equipment, state in vehicle.equipment.items()
        if state.fitted is not None and state.declared is not None
        if state.fitted is not state.declared
    ]


def year_before(day: date) -> date:
    """Return the same date a year before; the 28th of February where there is no 29th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _equipped(states: Iterable[EquipmentState]) -> EquipmentCounts:
    equipped = [state for state in states if state.equipped]
    return EquipmentCounts(
        equipped=len(equipped),
        observed=sum(bool(state.fitted) for state in equipped),
        working=sum(bool(state.working) for state in equipped),
    )
