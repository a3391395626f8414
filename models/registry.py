"""One line of the fleet list: a vehicle that should be there, and what is known of it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from models.attribute import ATTRIBUTES
from models.equipment import BUILT_IN
from models.legible import has_unseen, shown
from models.lists.characters import normal
from models.lists.values import parse_boolean, parse_day
from models.probe import OPERATOR as RESERVED_OPERATOR
from models.vehicle import VehicleId, is_identifier

PLATE_LENGTH: Final = 128
NAME_LENGTH: Final = 64
"""Characters that the name of an attribute may have."""
TEXT_LENGTH: Final = 1_000
"""Characters that an attribute may have; a list's remarks are often long."""

COLUMNS: Final = ("operator_id", "vehicle_id", "plate", "in_service_from", "in_service_to")
"""The columns that are not attributes; all others of a list are, or are kinds of equipment."""

REQUIRED: Final = ("operator_id", "vehicle_id")

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
UNDECLARED: Final[Mapping[str, bool]] = MappingProxyType({})


class RegistryEntry(NamedTuple):
    """A vehicle of the registry during one period of its service."""

    vehicle: VehicleId
    plate: str | None = None
    in_service_from: date | None = None
    """First day in service, in the operator's time zone; None: always."""
    in_service_to: date | None = None
    """Last day in service, that day included; None: until further notice."""
    attributes: Mapping[str, str] = NOTHING
    """By column (``models.attribute``), those that are known."""
    equipment: Mapping[str, bool] = UNDECLARED
    """Declared to be fitted or not, by kind; those of which nothing is declared are not there."""


class ColumnFault(NamedTuple):
    """What is wrong with one line of a registry file."""

    column: str | None
    """None: the fault is the line's, not one column's."""
    what: str


class BadEntry(ValueError):
    """A line that is not a registry entry, with what is wrong with each column."""

    def __init__(self, faults: Sequence[ColumnFault]) -> None:
        super().__init__("; ".join(f"{fault.column}: {fault.what}" for fault in faults))
        self.faults = tuple(faults)


def is_column(name: str) -> bool:
    """Tell whether an attribute can have this name: 1 to 64 characters, none of them unseen."""
    return 0 < len(name) <= NAME_LENGTH and name == normal(name) and not has_unseen(name)


def entry_of(
    line: Mapping[str, object],
    kinds: Collection[str] = BUILT_IN,
    literal: Collection[str] = (),
) -> RegistryEntry:
    """Return the entry that a line's columns state, all texts in their normal form.

    Absent, null and empty are the same.

    Args:
        kinds: of equipment; a column with another name that is not in COLUMNS is an attribute.
        literal: ids that are known as they stand, though they are not in their normal form.

    Raises:
        BadEntry: one column or more is not valid.
    """
    values: dict[str, Any] = {}
    faults = []
    for name in (*COLUMNS, *(name for name in line if name not in COLUMNS)):
        try:
            values[name] = _value(name, line.get(name), kinds, literal)
        except ValueError as error:
            faults.append(ColumnFault(name, str(error)))
    begins, ends = values.get("in_service_from"), values.get("in_service_to")
    if begins and ends and begins > ends:
        faults.append(ColumnFault(None, f"in_service_from {begins} is after in_service_to {ends}"))
    if faults:
        raise BadEntry(faults)
    operator_id, vehicle_id, plate, begins, ends = (values.pop(name) for name in COLUMNS)
    return RegistryEntry(
        VehicleId(operator_id, vehicle_id),
        plate,
        begins,
        ends,
        {name: value for name, value in values.items() if isinstance(value, str)},
        {name: value for name, value in values.items() if isinstance(value, bool)},
    )


def columns_of(entries: Iterable[RegistryEntry], kinds: Iterable[str] = BUILT_IN) -> list[str]:
    """Return the columns of a list of these entries, in the order in which they are exported."""
    built_in = [attribute.name for attribute in ATTRIBUTES]
    before = [*COLUMNS[:3], *built_in, *COLUMNS[3:], *kinds]
    names = {name for entry in entries for name in (*entry.attributes, *entry.equipment)}
    return [*before, *sorted(names.difference(before))]


def line_of(entry: RegistryEntry) -> dict[str, str | bool]:
    """Return the columns that state what is known: what `entry_of` takes."""
    begins, ends = entry.in_service_from, entry.in_service_to
    own = {
        "plate": entry.plate,
        "in_service_from": begins and begins.isoformat(),
        "in_service_to": ends and ends.isoformat(),
    }
    known = {name: text for name, text in own.items() if text is not None}
    return {**entry.vehicle._asdict(), **known, **entry.attributes, **entry.equipment}


def fields_of(entry: RegistryEntry, columns: Iterable[str]) -> list[str]:
    """Return the fields of an entry in a CSV file; what is not known is empty."""
    line = line_of(entry)
    return [_field(line.get(name, "")) for name in columns]


def _field(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _value(
    name: str, value: object, kinds: Collection[str], literal: Collection[str]
) -> str | bool | date | None:
    match name:
        case "operator_id":
            return _operator(value, literal)
        case "vehicle_id":
            return _identifier(value, literal)
        case "plate":
            return _text(value, PLATE_LENGTH)
        case "in_service_from" | "in_service_to":
            return parse_day(_text(value) or "")
    return _boolean(value) if name in kinds else _attribute(value)


def _identifier(value: object, literal: Collection[str]) -> str:
    text = value if isinstance(value, str) and value in literal else _characters(value)
    if text is None:
        raise ValueError("is missing")
    if not is_identifier(text):
        raise ValueError(f"{shown(text)} is not a valid id: 1 to 64 characters, none of / + #")
    return text


def _operator(value: object, literal: Collection[str]) -> str:
    text = _identifier(value, literal)
    if text == RESERVED_OPERATOR:
        raise ValueError(f"{text!r} is reserved for the self-probe, which is not a bus")
    return text


def _text(value: object, longest: int = TEXT_LENGTH) -> str | None:
    text = _characters(value)
    if text is not None and len(text) > longest:
        raise ValueError(f"{shown(text)} has {len(text):,} characters; at most {longest:,} fit")
    return text


def _attribute(value: object) -> str | None:
    return _text(json.dumps(value) if isinstance(value, bool | float) else value)


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else parse_boolean(_text(value) or "")


def _characters(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        # JSON: a fleet's numbers are often written without quotation marks.
        value = str(value)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text")
    text = normal(value)
    if has_unseen(text):
        raise ValueError(f"{shown(text)} has a control character or an invisible one")
    return text or None
