"""Decoding JSON that the settings describe (``models.json_format``), by the native rules."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from models import native
from models.json_format import ASPECTS, JsonFormat
from models.rejection import Rejected, Rejection, RejectReason
from models.report import Report
from models.rules import Rules
from models.vehicle import VehicleId, named
from models.wire import MAX_REPORTS, parse
from models.wire_format import Opened

_ANY: Final = TypeAdapter[Any](Any)
_MPS: Final = {"m/s": 1.0, "km/h": 1 / 3.6, "knots": 1852 / 3600, "mph": 1609.344 / 3600}
_DEGREES: Final = {"degrees": 1.0, "1e-6 degrees": 1e-6, "1e-7 degrees": 1e-7}
_AS_THEY_ARE: Final = (
    "observed_at", "bearing", "hdop", "satellites", "route_id", "trip_id", "valid",
)  # fmt: skip


def decode(mapped: JsonFormat, names: Mapping[str, str], payload: bytes, rules: Rules) -> Opened:
    """Return what a message says, one item a report, not yet judged.

    Args:
        names: what its topic names.

    Raises:
        Rejected: the message cannot be opened.
    """
    found = at(parse(_ANY, payload, None), mapped.reports)
    written = found if isinstance(found, list) else [found]
    if not written:
        raise Rejected(RejectReason.SCHEMA, "an array without a report")
    if len(written) > MAX_REPORTS:
        detail = f"an array of {len(written):,} reports; at most {MAX_REPORTS:,} are read"
        raise Rejected(RejectReason.TOO_LARGE, detail)
    items: list[Report | Rejection] = []
    unknown = 0
    for element, each in enumerate(written):
        try:
            vehicle = _vehicle(mapped, names, each)
            report, more = native.read_position(vehicle, _fields(mapped, each), rules, element)
            unknown += more
            items.append(report)
        except Rejected as rejected:
            items.append(rejected.rejection)
    return items, unknown


def at(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) points at; None where there is nothing."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isascii() and name.isdecimal():
            document = document[int(name)] if int(name) < len(document) else None
        else:
            return None
    return document


def _vehicle(mapped: JsonFormat, names: Mapping[str, str], report: Any) -> VehicleId:
    told: dict[str, str | None] = {"operator_id": mapped.operator_id, **names}
    for name in ("operator_id", "vehicle_id"):
        pointer = getattr(mapped.pointers, name)
        value = None if pointer is None else _name(at(report, pointer))
        if value is None:
            continue
        if name in names and names[name] != value:
            detail = f"the topic names {names[name]!r}, the payload {value!r}"
            raise Rejected(RejectReason.TOPIC_MISMATCH, detail)
        told[name] = value
    try:
        return named(told.get("operator_id") or "", told.get("vehicle_id") or "")
    except ValueError as error:
        raise Rejected(RejectReason.SCHEMA, str(error)) from error


def _name(value: Any) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _fields(mapped: JsonFormat, report: Any) -> dict[str, Any]:
    pointers, units = mapped.pointers, mapped.units
    fields = {
        name: value
        for name in _AS_THEY_ARE
        if (pointer := getattr(pointers, name)) is not None
        and (value := at(report, pointer)) is not None
    }
    for name in ("latitude", "longitude"):
        fields[name] = _scaled(at(report, getattr(pointers, name)), _DEGREES[units.coordinates])
    if pointers.speed is not None:
        fields["speed"] = _scaled(at(report, pointers.speed), _MPS[units.speed])
    fields["equipment"] = _equipment(mapped, report)
    return fields


def _scaled(value: Any, factor: float) -> Any:
    # What is no number is left as it is, to be complained of.
    try:
        number = float(value) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return value
    return value if number is None or isinstance(value, bool) else number * factor


def _equipment(mapped: JsonFormat, report: Any) -> dict[str, Any]:
    flags: dict[str, Any] = {}
    for name, pointer in mapped.equipment.items():
        value = at(report, pointer)
        kind, _, aspect = name.partition(".")
        if value is None:
            continue
        if aspect in ASPECTS:
            flags[kind] = {"fitted": True} | flags.get(kind, {}) | {aspect: value}
        else:
            flags[kind] = flags.get(kind, {}) | {"fitted": value}
    return flags
