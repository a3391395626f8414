"""An operator's list of the vehicles that it says are tracked."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from models.lists.characters import normal
from models.lists.table import Line
from models.lists.values import parse_boolean
from models.oddities import odd_fields, odd_line

COLUMNS: Final = ("operator_id", "vehicle_id", "plate", "trackable")
"""What a claim can have; of ``vehicle_id`` and ``plate`` it needs one."""


class Claimed(NamedTuple):
    """One line of a claim."""

    place: str
    operator_id: str
    vehicle_id: str
    """Empty: only the plate is given."""
    plate: str
    is_tracked: bool
    """What the line says; where it says nothing, that it is."""


class Claim(NamedTuple):
    """The lines of a claim."""

    lines: list[Claimed]
    skipped: list[str]
    """Where lines stand that are no buses: totals, or the header once more."""
    faults: list[str]
    """Lines that cannot be taken: where they stand, and what is wrong."""


def claim_of(lines: Iterable[Line], titles: Mapping[str, set[str]], operator_id: str) -> Claim:
    """Return a claim, with all that is wrong with its lines.

    Args:
        titles: by column, what the header calls it.
        operator_id: whose list it is; empty: each line says it.
    """
    claim = Claim([], [], [])
    for place, content in lines:
        if isinstance(content, str):
            claim.faults.append(f"{place}: {content}")
        elif odd_line(place, content, titles):
            claim.skipped.append(place)
        else:
            _take(claim, place, content, operator_id)
    return claim


def _take(claim: Claim, place: str, content: Mapping[str, object], operator_id: str) -> None:
    fields = {name: normal(str(content.get(name) or "")) for name in COLUMNS}
    faults = [str(odd) for odd in odd_fields(place, fields)]
    try:
        tracked = parse_boolean(fields["trackable"])
    except ValueError as error:
        faults.append(f"{place}: trackable: {error}")
        tracked = None
    operator = operator_id or fields["operator_id"]
    if not operator:
        faults.append(f"{place}: operator_id: is missing; say whose list it is with --operator")
    if not (fields["vehicle_id"] or fields["plate"]):
        faults.append(f"{place}: names neither a vehicle nor a plate")
    if faults:
        claim.faults.extend(faults)
        return
    claim.lines.append(
        Claimed(place, operator, fields["vehicle_id"], fields["plate"], tracked is not False)
    )
