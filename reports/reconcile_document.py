"""An operator's claim held against a KPI report: vehicle by vehicle, where the two differ and why.

It computes no figure of its own: whether a vehicle is trackable stands in the report. A vehicle of
the claim is the one of the fleet that has its name, else the only one whose name looks the same
(Latin letters for Cyrillic ones, leading zeros), else the only one of its plate.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from models.claim import Claim, Claimed
from models.lists.characters import plate_skeleton, skeleton
from models.lists.operators import Operators, by_name
from models.share import ratio
from models.vehicle import VehicleId
from reports.documents import (
    ClaimedVehicle,
    ComparedFigure,
    KpiDocument,
    ReconcileContent,
    ReconcileDocument,
    Vehicle,
)
from reports.kpi_document import digest
from storage.kpi.outside_fleet import OutsideFleet

VERSION: Final = 1
"""Of the document's layout."""

OUTCOMES: Final = ("agreed", "ours_not", "theirs_not", "not_registered")


class ClaimFile(NamedTuple):
    """The file of a claim."""

    name: str
    sha256: str


class Matched(NamedTuple):
    """A claim's lines, each with the vehicle of the fleet that it means."""

    pairs: Sequence[tuple[Claimed, Vehicle | None]]
    """Without lines of a vehicle that was listed before; None: it means none."""
    repeated: int

    @property
    def not_in_fleet(self) -> list[VehicleId]:
        """The vehicles that are not in the fleet, where the claim names them."""
        return [
            VehicleId(line.operator_id, line.vehicle_id)
            for line, vehicle in self.pairs
            if vehicle is None and line.vehicle_id
        ]


def with_operators(
    report: KpiDocument, lines: Sequence[Claimed], former: Mapping[str, str]
) -> list[Claimed]:
    """Return lines with the operators' ids that a report has, for names and for other ids of them.

    Args:
        former: by each id that an operator has given up, the one that it has now; a report as
            known before has the former one.
    """
    ids = {vehicle["operator_id"] for vehicle in report["fleet"]}
    others = {now: then for then, now in former.items()} | dict(former)
    known = Operators(
        ids,
        {other: own for other, own in others.items() if own in ids and other not in ids},
        by_name(report.get("operators", {})),
    )
    return [line._replace(operator_id=known.meant(line.operator_id)) for line in lines]


def match(report: KpiDocument, lines: Sequence[Claimed]) -> Matched:
    """Find the vehicles of a claim in the fleet of a report."""
    finder = _Finder(report["fleet"])
    pairs: dict[tuple[str, str, str], tuple[Claimed, Vehicle | None]] = {}
    for line in lines:
        vehicle = finder.find(line)
        name = (*_name(vehicle), "") if vehicle else (line.operator_id, line.vehicle_id, line.plate)
        pairs.setdefault(name, (line, vehicle))
    return Matched(list(pairs.values()), len(lines) - len(pairs))


def reconcile_document(
    report: KpiDocument,
    claim: Claim,
    matched: Matched,
    file: ClaimFile,
    outside: Mapping[VehicleId, OutsideFleet],
) -> ReconcileDocument:
    """Return where a claim and a report differ; of the operators that the claim is about.

    Args:
        report: of the whole fleet.
        outside: what is known of those that are not in the fleet.
    """
    operators = {line.operator_id for line, _ in matched.pairs}
    operators |= {vehicle["operator_id"] for _, vehicle in matched.pairs if vehicle}
    fleet = [vehicle for vehicle in report["fleet"] if vehicle["operator_id"] in operators]
    listed = {_name(vehicle): line for line, vehicle in matched.pairs if vehicle}
    claimed = {name: line for name, line in listed.items() if line.is_tracked}
    vehicles = [
        *_of_fleet(fleet, claimed),
        *_of_no_fleet(matched, outside, _Finder(report["fleet"]), report["on"]),
    ]
    number = Counter(vehicle["outcome"] for vehicle in vehicles)
    asserted = number["agreed"] + number["ours_not"] + number["not_registered"]
    content: ReconcileContent = {
        "report": "fleetgauge reconcile",
        "version": VERSION,
        "on": report["on"],
        "as_known_on": report["as_known_on"],
        "rule": report["rule"],
        "kpi_sha256": report["sha256"],
        "operators": sorted(operators),
        "claim": {
            **file._asdict(),  # type: ignore[typeddict-item]
            "vehicles": asserted,
            "not_claimed": sum(not line.is_tracked for line, _ in matched.pairs),
            "skipped": claim.skipped,
            "repeated": matched.repeated,
        },
        "claimed": _figure(asserted, len(fleet)),
        "ours": _figure(sum(vehicle["trackable"] for vehicle in fleet), len(fleet)),
        "outcomes": {outcome: number[outcome] for outcome in OUTCOMES},
        "neither": len(fleet) - sum(number[outcome] for outcome in OUTCOMES[:3]),
        "vehicles": sorted(vehicles, key=lambda each: OUTCOMES.index(each["outcome"])),
    }
    return {**content, "sha256": digest(content)}


def _name(vehicle: Vehicle) -> VehicleId:
    return VehicleId(vehicle["operator_id"], vehicle["vehicle_id"])


def _figure(vehicles: int, of: int) -> ComparedFigure:
    return {"vehicles": vehicles, "of": of, "ratio": ratio(vehicles, of)}


def _of_fleet(
    fleet: Sequence[Vehicle], claimed: Mapping[VehicleId, Claimed]
) -> Iterator[ClaimedVehicle]:
    for vehicle in fleet:
        line = claimed.get(_name(vehicle))
        if line or vehicle["trackable"]:
            outcome = "theirs_not" if line is None else "ours_not"
            yield {
                "operator_id": vehicle["operator_id"],
                "vehicle_id": vehicle["vehicle_id"],
                "plate": vehicle["plate"],
                "listed_as": _listed_as(line, vehicle) if line else None,
                "place": line.place if line else None,
                "outcome": "agreed" if line and vehicle["trackable"] else outcome,
                "reason": vehicle["reason"],
                "minutes": vehicle["minutes"],
                "last_day": vehicle["last_day"] or vehicle["best_day"],
                "hint": None,
            }


def _listed_as(line: Claimed, vehicle: Vehicle) -> str | None:
    name = VehicleId(line.operator_id, line.vehicle_id)
    if name == _name(vehicle):
        return None
    return "/".join(name) if line.vehicle_id else line.plate


def _of_no_fleet(
    matched: Matched, outside: Mapping[VehicleId, OutsideFleet], finder: "_Finder", on: str
) -> Iterator[ClaimedVehicle]:
    for line, vehicle in matched.pairs:
        if vehicle is None and line.is_tracked:
            found = outside.get(VehicleId(line.operator_id, line.vehicle_id))
            other = finder.elsewhere(line)
            reason, hint = _why_not_registered(found, on)
            yield {
                "operator_id": line.operator_id,
                "vehicle_id": line.vehicle_id,
                "plate": line.plate or None,
                "listed_as": None,
                "place": line.place,
                "outcome": "not_registered",
                "reason": "other_operator" if other else reason,
                "minutes": found.minutes if found else 0,
                "last_day": found.last_day.isoformat() if found and found.last_day else None,
                "hint": "/".join(_name(other)) if other else hint,
            }


def _why_not_registered(found: OutsideFleet | None, on: str) -> tuple[str, str | None]:
    if found is None:
        return "unknown", None
    if found.is_registered and found.in_service_to and found.in_service_to.isoformat() < on:
        return "ended", found.in_service_to.isoformat()
    if found.is_registered and found.in_service_from:
        return "not_yet", found.in_service_from.isoformat()
    return "unregistered" if found.last_day else "unknown", None


class _Finder:
    """Finds vehicles as people write them."""

    def __init__(self, fleet: Sequence[Vehicle]) -> None:
        self._by_name = {_name(vehicle): vehicle for vehicle in fleet}
        self._by_looks = _only(fleet, lambda vehicle: tuple(map(skeleton, _name(vehicle))))
        plates = [vehicle for vehicle in fleet if vehicle["plate"]]
        self._by_plate = _only(plates, lambda vehicle: (plate_skeleton(vehicle["plate"]),))

    def find(self, line: Claimed) -> Vehicle | None:
        name = VehicleId(line.operator_id, line.vehicle_id)
        looks = tuple(map(skeleton, name))
        found = self._by_name.get(name) or self._by_looks.get(looks)
        if found is None and (other := self.elsewhere(line)):
            same = skeleton(other["operator_id"]) == skeleton(line.operator_id)
            found = other if same else None
        return found

    def elsewhere(self, line: Claimed) -> Vehicle | None:
        """Return the vehicle with the line's plate, whoever runs it."""
        return self._by_plate.get((plate_skeleton(line.plate),)) if line.plate else None


def _only(
    fleet: Sequence[Vehicle], looks: Callable[[Vehicle], tuple[str, ...]]
) -> dict[tuple[str, ...], Vehicle]:
    number = Counter(map(looks, fleet))
    return {looks(vehicle): vehicle for vehicle in fleet if number[looks(vehicle)] == 1}
