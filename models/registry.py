"""One line of the fleet list: a vehicle that should be there, and what is known of it."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from models.legible import has_unseen
from models.probe import OPERATOR as RESERVED_OPERATOR
from models.vehicle import VehicleId, is_identifier

TEXT_LENGTH = 128
"""Characters that a plate, route, depot or municipality may have."""


class RegistryEntry(NamedTuple):
    """A vehicle of the registry during one period of its service."""

    vehicle: VehicleId
    plate: str | None = None
    route_id: str | None = None
    depot: str | None = None
    municipality: str | None = None
    in_service_from: date | None = None
    """First day in service, in the operator's time zone; None: since ever."""
    in_service_to: date | None = None
    """Last day in service, that day included; None: until further notice."""
    cctv: bool | None = None
    """Declared equipment; None: nothing declared."""
    cashless: bool | None = None


COLUMNS = (
    "operator_id",
    "vehicle_id",
    "plate",
    "route_id",
    "depot",
    "municipality",
    "in_service_from",
    "in_service_to",
    "cctv",
    "cashless",
)
"""The columns of a registry file, in the order in which they are exported."""

REQUIRED = ("operator_id", "vehicle_id")


class ColumnFault(NamedTuple):
    """What is wrong with one line of a registry file."""

    column: str | None
    """None: the fault is the line's, not one column's."""
    what: str


class BadEntry(ValueError):
    """A line that is no registry entry; every bad column is told."""

    def __init__(self, faults: Sequence[ColumnFault]) -> None:
        super().__init__("; ".join(f"{fault.column}: {fault.what}" for fault in faults))
        self.faults = tuple(faults)


def entry_of(line: Mapping[str, object]) -> RegistryEntry:
    """Return the entry that a line's columns state; other columns are not looked at.

    Absent, null and empty are the same. A truth is true, false, yes, no, 1 or 0, in any case
    of letters; a date is YYYY-MM-DD.

    Raises:
        BadEntry: one column or more cannot be taken.
    """
    try:
        row = _Row.model_validate({name: line[name] for name in COLUMNS if name in line})
    except ValidationError as error:
        raise BadEntry([_fault(found["loc"], found["msg"]) for found in error.errors()]) from error
    return RegistryEntry(
        VehicleId(row.operator_id, row.vehicle_id),
        row.plate,
        row.route_id,
        row.depot,
        row.municipality,
        row.in_service_from,
        row.in_service_to,
        row.cctv,
        row.cashless,
    )


def line_of(entry: RegistryEntry) -> dict[str, str | bool | None]:
    """Return the columns that state an entry, in the order of COLUMNS: what `entry_of` takes."""
    vehicle, *rest = entry
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in zip(COLUMNS, (*vehicle, *rest), strict=True)
    }


def _fault(place: tuple[int | str, ...], message: str) -> ColumnFault:
    what = "is missing" if message == "Field required" else message.removeprefix("Value error, ")
    return ColumnFault(str(place[0]) if place else None, what)


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _identifier(value: object) -> str:
    text = _text(value)
    if text is None:
        raise ValueError("is missing")
    if not is_identifier(text) or text != text.rstrip():
        raise ValueError(
            f"{_shown(text)} is no id: 1 to 64 characters, none of / + #, no white space around"
        )
    return text


def _operator(value: object) -> str:
    text = _identifier(value)
    if text == RESERVED_OPERATOR:
        raise ValueError(f"{text!r} is reserved for the self-probe, which is no bus")
    return text


def _attribute(value: object) -> str | None:
    text = _text(value)
    if text is not None and len(text) > TEXT_LENGTH:
        raise ValueError(f"{_shown(text)} has {len(text)} characters, {TEXT_LENGTH} are taken")
    return (text and text.strip()) or None


def _day(value: object) -> date | None:
    text = _attribute(value)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{_shown(text)} is no date: YYYY-MM-DD is taken")


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    text = _attribute(value)
    if text is None:
        return None
    if text.lower() not in _TRUTHS:
        raise ValueError(f"{_shown(text)} is no truth: true, false, yes, no, 1, 0 are taken")
    return _TRUTHS[text.lower()]


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        # JSON: a fleet's numbers are often written without quotation marks.
        value = str(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is no text")
    if has_unseen(value):
        raise ValueError(f"{_shown(value)} has a control or an invisible character")
    return value


def _shown(value: object) -> str:
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


_Identifier = Annotated[str, BeforeValidator(_identifier)]
_Operator = Annotated[str, BeforeValidator(_operator)]
_Attribute = Annotated[str | None, BeforeValidator(_attribute)]
_Day = Annotated[date | None, BeforeValidator(_day)]
_Truth = Annotated[bool | None, BeforeValidator(_truth)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)

    operator_id: _Operator
    vehicle_id: _Identifier
    plate: _Attribute = None
    route_id: _Attribute = None
    depot: _Attribute = None
    municipality: _Attribute = None
    in_service_from: _Day = None
    in_service_to: _Day = None
    cctv: _Truth = None
    cashless: _Truth = None

    @model_validator(mode="after")
    def _in_order(self) -> "_Row":
        begins, ends = self.in_service_from, self.in_service_to
        if begins and ends and begins > ends:
            raise ValueError(f"in_service_from {begins} is after in_service_to {ends}")
        return self
