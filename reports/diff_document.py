"""Why two KPI reports differ: the vehicles behind the difference, each with its one reason.

It compares documents, and computes no figure of its own: whether a vehicle counts stands in the
reports. A vehicle that has another name and the same plate is the same vehicle. What each adds to
the difference is in ``models.contribution``.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

from models.contribution import Part, Weights, adding_up, weights
from models.indicator import OPENLY_PUBLISHED, TRACKABLE, TRACKABLE_ON_ROUTE
from models.lists.characters import plate_skeleton
from models.share import ratio
from reports.documents import (
    ComparedFigure,
    DiffContent,
    DiffDocument,
    Difference,
    DiffReason,
    DiffSide,
    DiffVehicle,
    KpiDocument,
    Vehicle,
)
from reports.kpi_document import digest

VERSION: Final = 1
"""Of the document's layout."""

_DIGITS: Final = 6

Name = tuple[str, str]
"""Operator and vehicle."""


class Step(NamedTuple):
    """A report between the two: of the first date, with something of the second already."""

    reason: str
    """Why a vehicle counts otherwise in it: ``corrected`` or ``rule``."""
    fleet: Sequence[Vehicle]


class _Same(NamedTuple):
    """A vehicle in both reports; None: it is not in the fleet of that one."""

    before: Vehicle | None
    after: Vehicle | None

    @property
    def known(self) -> Vehicle:
        found = self.after or self.before
        if found is None:
            raise ValueError("a vehicle of neither report")
        return found

    @property
    def is_renamed(self) -> bool:
        return bool(self.before and self.after and _name(self.before) != _name(self.after))


def diff_document(
    before: KpiDocument,
    after: KpiDocument,
    steps: Sequence[Step] = (),
    *,
    indicators: Sequence[str],
    operator_id: str | None = None,
) -> DiffDocument:
    """Return why the second report's figures are others.

    Args:
        steps: reports between the two, where these were made from a database.
        indicators: which figures; both reports must have them.
        operator_id: of this operator's fleet alone; both reports have the whole.
    """
    same = sorted(_pairs(before, after), key=lambda each: _name(each.known))
    comparison = _Comparison(steps, operator_id, after["min_group_size"])
    indicators_moved = {name: comparison.of(name, same) for name in indicators}
    content: DiffContent = {
        "report": "fleetgauge diff",
        "version": VERSION,
        "operator_id": operator_id,
        "operators": _operators(before, after, operator_id, indicators_moved),
        "before": _side(before),
        "after": _side(after),
        "renamed": sum(each.is_renamed for each in same),
        "indicators": indicators_moved,
    }
    return {**content, "sha256": digest(content)}


def _operators(
    before: KpiDocument,
    after: KpiDocument,
    operator_id: str | None,
    moved: Mapping[str, Difference],
) -> dict[str, str]:
    named = {each["operator_id"] for found in moved.values() for each in found["vehicles"]}
    names = before.get("operators", {}) | after.get("operators", {})
    return {name: names[name] for name in sorted(names) if name in named | {operator_id}}


def _side(document: KpiDocument) -> DiffSide:
    return {
        "on": document["on"],
        "as_known_on": document["as_known_on"],
        "rule": document["rule"],
        "sha256": document["sha256"],
    }


def _name(vehicle: Vehicle) -> Name:
    return vehicle["operator_id"], vehicle["vehicle_id"]


def _pairs(before: KpiDocument, after: KpiDocument) -> Iterator[_Same]:
    first = {_name(vehicle): vehicle for vehicle in before["fleet"]}
    second = {_name(vehicle): vehicle for vehicle in after["fleet"]}
    gone = [vehicle for name, vehicle in first.items() if name not in second]
    come = [vehicle for name, vehicle in second.items() if name not in first]
    by_plate, renamed = _by_plate(gone), set[Name]()
    for plate, vehicle in _by_plate(come).items():
        if other := by_plate.get(plate):
            renamed |= {_name(vehicle), _name(other)}
            yield _Same(other, vehicle)
    for name in (first.keys() | second.keys()) - renamed:
        yield _Same(first.get(name), second.get(name))


def _by_plate(vehicles: Sequence[Vehicle]) -> dict[str, Vehicle]:
    """Return the vehicles that alone have their plate."""
    plates = [plate_skeleton(vehicle.get("plate") or "") for vehicle in vehicles]
    number = Counter(plates)
    pairs = zip(plates, vehicles, strict=True)
    return {plate: vehicle for plate, vehicle in pairs if plate and number[plate] == 1}


class _Comparison:
    def __init__(self, steps: Sequence[Step], operator_id: str | None, minimum: int) -> None:
        self._steps = [
            (step.reason, {_name(vehicle): vehicle for vehicle in step.fleet}) for step in steps
        ]
        self._operator_id = operator_id
        # One operator's fleet may be as small as any group.
        self._minimum = minimum if operator_id else 1

    def of(self, indicator: str, same: Sequence[_Same]) -> Difference:
        """Return why an indicator's share is another."""
        before = self._part(indicator, [each.before for each in same])
        after = self._part(indicator, [each.after for each in same])
        figures = [self._figure(part) for part in (before, after)]
        ratios = [figure["ratio"] for figure in figures]
        moved = None if None in ratios else weights(before, after)
        vehicles = [found for each in same if (found := self._vehicle(indicator, each, moved))]
        return {
            "before": figures[0],
            "after": figures[1],
            "difference_points": round(float(100 * (Fraction(*after) - Fraction(*before))), _DIGITS)
            if moved
            else None,
            "reasons": _reasons(vehicles, moved),
            "vehicles": vehicles,
        }

    def _part(self, indicator: str, vehicles: Sequence[Vehicle | None]) -> Part:
        counted = [self._counts(indicator, vehicle) for vehicle in vehicles]
        fleet = [counts for counts in counted if counts is not None]
        return Part(sum(fleet), len(fleet))

    def _figure(self, part: Part) -> ComparedFigure:
        return {
            "vehicles": part.vehicles,
            "of": part.of,
            "ratio": ratio(part.vehicles, part.of, self._minimum),
        }

    def _counts(self, indicator: str, vehicle: Vehicle | None) -> bool | None:
        """Return whether a vehicle counts; None: it is not in the fleet."""
        if vehicle is None or self._operator_id not in (None, vehicle["operator_id"]):
            return None
        found: Any = vehicle[indicator]
        return bool(found["equipped"] if isinstance(found, Mapping) else found)

    def _vehicle(self, indicator: str, same: _Same, moved: Weights | None) -> DiffVehicle | None:
        before, after = (self._counts(indicator, vehicle) for vehicle in same)
        if before is after:
            return None
        numerator = int(after or False) - int(before or False)
        denominator = int(after is not None) - int(before is not None)
        return {
            "operator_id": same.known["operator_id"],
            "vehicle_id": same.known["vehicle_id"],
            "plate": same.known.get("plate"),
            "other": "/".join(_name(same.before)) if same.before and same.is_renamed else None,
            "reason": self._reason(indicator, same),
            "numerator": numerator,
            "denominator": denominator,
            "points": round(float(moved.points(numerator, denominator)), _DIGITS)
            if moved
            else None,
            "minutes_before": same.before["minutes"] if same.before else None,
            "minutes": same.after["minutes"] if same.after else None,
            "last_day": _last_day(same.after) if same.after else None,
        }

    def _reason(self, indicator: str, same: _Same) -> str:
        counted = self._counts(indicator, same.before)
        for reason, fleet in self._steps:
            names = (_name(vehicle) for vehicle in same if vehicle)
            between = next((fleet[name] for name in names if name in fleet), None)
            counts = self._counts(indicator, between)
            if counts is not counted:
                is_of_fleet = counts is None or counted is None
                return reason if is_of_fleet or reason == "rule" else "recorded_later"
        if counted is None:
            return "moved" if same.before else "registered"
        if self._counts(indicator, same.after) is None:
            return "moved" if same.after else "ended"
        if same.before is None or same.after is None:
            raise ValueError("a vehicle that counts in no report")
        return _change(indicator, same.before, same.after)


def _last_day(vehicle: Vehicle) -> str | None:
    # Only of a vehicle that is not trackable the report says which day was the last.
    day: str | None = vehicle.get("last_day") or vehicle["best_day"]
    return day


def _change(indicator: str, before: Vehicle, after: Vehicle) -> str:
    """Return why a vehicle that is in both fleets counts in one of the two."""
    if indicator == TRACKABLE_ON_ROUTE and before[TRACKABLE] and after[TRACKABLE]:
        return "route_known" if after[TRACKABLE_ON_ROUTE] else "no_route"
    if indicator == OPENLY_PUBLISHED:
        return "published" if after[indicator] else "not_published"
    if indicator in (TRACKABLE, TRACKABLE_ON_ROUTE):
        return _gained(before) if after[indicator] else _why(after)
    # Of equipment: what decides now, the vehicle's word or, where it has none, the registry's.
    return "reported" if after[indicator]["source"] == "observed" else "declared"


_GAINED: Final = {
    "never_seen": "first_seen",
    "silent": "back",
    "no_fix": "fixes_now",
    "few_minutes": "enough_minutes",
    "late": "live_again",
    "bad_clock": "clock_right",
    "rejected": "accepted",
}
"""By the reason why it did not count before."""


def _gained(before: Vehicle) -> str:
    return "route_known" if before[TRACKABLE] else _GAINED[_why(before)]


def _why(vehicle: Vehicle) -> str:
    if vehicle[TRACKABLE]:
        return "no_route"
    # A report of an earlier version has no reasons.
    return vehicle.get("reason") or ("few_minutes" if vehicle["minutes"] else "silent")


def _reasons(vehicles: Sequence[DiffVehicle], moved: Weights | None) -> list[DiffReason]:
    totals: dict[str, list[int]] = {}
    for vehicle in vehicles:
        total = totals.setdefault(vehicle["reason"], [0, 0, 0])
        for place, number in enumerate((1, vehicle["numerator"], vehicle["denominator"])):
            total[place] += number
    ordered = sorted(totals.items(), key=lambda item: (-item[1][0], item[0]))
    points: Sequence[float | None] = [None] * len(ordered)
    if moved:
        exact = [moved.points(numerator, fleet) for _, (_, numerator, fleet) in ordered]
        points = adding_up(exact, _DIGITS)
    return [
        {
            "reason": reason,
            "vehicles": number,
            "numerator": numerator,
            "denominator": denominator,
            "points": points[place],
        }
        for place, (reason, (number, numerator, denominator)) in enumerate(ordered)
    ]
