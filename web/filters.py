"""The filters of the page "Now", which are in its address."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from models.indicator import UntrackableReason
from storage.shares.fleet import Fleet, FleetVehicle
from web.query import asked

FILTERS: Final = ("operator", "municipality", "depot", "route", "reason")

ABSENT: Final = "—"
"""In the address: of which it is not known."""

Choices = Mapping[str, list[tuple[str, str]]]


def read_filters(request: Request) -> dict[str, str]:
    """Return what the address asks for; of what it does not an empty text."""
    found = {name: asked(request, name) for name in FILTERS}
    if found["reason"] not in set(UntrackableReason):
        found["reason"] = ""
    return found


def chosen(fleet: Fleet, filters: Mapping[str, str]) -> list[FleetVehicle]:
    """Return the vehicles that the filters let through, whatever their reason."""
    given = {name: value for name, value in filters.items() if value and name != "reason"}
    if not given:
        return list(fleet.vehicles)
    return [
        each
        for each in fleet.vehicles
        if all((_value(each, name) or ABSENT) == value for name, value in given.items())
    ]


def choices(fleet: Fleet) -> Choices:
    """Return what each filter can be set to, with what it is called."""
    found = {}
    for name in FILTERS[:-1]:
        values = {_value(each, name) or ABSENT for each in fleet.vehicles}
        names = fleet.operators if name == "operator" else {}
        found[name] = [(value, names.get(value, value)) for value in sorted(values, key=_natural)]
    return found


def _value(vehicle: FleetVehicle, name: str) -> str | None:
    match name:
        case "operator":
            return vehicle.operator_id
        case "route":
            return vehicle.route_id
    return vehicle.attributes.get(name)


def _natural(text: str) -> tuple[bool, int, str]:
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return text == ABSENT, int(digits[:9]) if digits else 10**9, text
