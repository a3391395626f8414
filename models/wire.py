"""Reading a payload by a wire format's schema, with one form of complaint for all of them."""

import json
import re
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from models.rejection import Rejected, RejectReason
from models.vehicle import VehicleId

_Schema = TypeVar("_Schema")

MAX_REPORTS: Final = 10_000
"""A longer array is rejected whole. Within decode's bound on bytes, reports of what a position
needs at least are 6,000; but 130,000 zeros would be 130,000 rejections, a second of work each.
"""

LENIENT: Final = ConfigDict(extra="ignore")
"""The configuration of the formats' schemas: unknown keys are none of our business.

The schemas are typed dictionaries. pydantic fills one in two thirds of a model's time, and what
it fills lives only until the report is made of it.
"""


def parse(adapter: TypeAdapter[_Schema], payload: bytes, vehicle: VehicleId | None) -> _Schema:
    """Read a payload as one thing.

    Raises:
        Rejected: ``not_json`` or ``schema``.
    """
    try:
        # The adapter's own method takes 0.4 µs for the options that are not given.
        found: _Schema = adapter.validator.validate_json(payload)
    except ValidationError as error:
        if (document := _with_half_characters(payload)) is not None:
            return parse_element(adapter, document, vehicle)
        raise _complaint(error, payload, vehicle) from error
    return found


def _with_half_characters(payload: bytes) -> Any:
    """Return JSON in which a text holds half of a character, as one that was cut off does.

    RFC 8259, 8.2 allows it, pydantic does not; None where that is not what is wrong. A text so
    written is of no use, which is for the field to say that it stands in.
    """
    if b"\\ud" not in payload.lower():
        return None
    try:
        return json.loads(payload.decode())
    except (ValueError, RecursionError):
        return None


def parse_array(payload: bytes, vehicle: VehicleId | None) -> list[Any]:
    """Read a payload's JSON array, its elements not looked at.

    Raises:
        Rejected: ``not_json``; ``schema`` where it is empty; ``too_large`` where it is
            longer than MAX_REPORTS.
    """
    try:
        elements: list[Any] = from_json(payload)
    except ValueError as error:
        if (document := _with_half_characters(payload)) is None:
            raise _not_json(str(error), payload, vehicle) from error
        elements = document
    if not elements:
        raise Rejected(RejectReason.SCHEMA, "an array without a report", vehicle)
    if len(elements) > MAX_REPORTS:
        detail = f"an array of {len(elements):,} reports; at most {MAX_REPORTS:,} are read"
        raise Rejected(RejectReason.TOO_LARGE, detail, vehicle)
    return elements


def parse_element(
    adapter: TypeAdapter[_Schema], element: Any, vehicle: VehicleId | None
) -> _Schema:
    """Read one element of an array.

    Raises:
        Rejected: ``schema``.
    """
    try:
        found: _Schema = adapter.validator.validate_python(element)
    except ValidationError as error:
        raise _complaint(error, b"", vehicle) from error
    return found


def _complaint(error: ValidationError, payload: bytes, vehicle: VehicleId | None) -> Rejected:
    first, *others = error.errors(include_url=False, include_input=False, include_context=False)
    if first["type"] == "json_invalid":
        return _not_json(first["msg"], payload, vehicle)
    where = ".".join(str(part) for part in first["loc"]) or "payload"
    more = f" (and {len(others)} more)" if others else ""
    return Rejected(RejectReason.SCHEMA, f"{where}: {first['msg']}{more}", vehicle)


_PLACE: Final = re.compile(r"at line ([0-9]+) column ([0-9]+)$")


def _not_json(message: str, payload: bytes, vehicle: VehicleId | None) -> Rejected:
    place = _PLACE.search(message)
    if place is not None and "EOF" not in message:
        message += f": {_character_at(payload, int(place[1]), int(place[2]))}"
    return Rejected(RejectReason.NOT_JSON, message, vehicle)


def _character_at(payload: bytes, line: int, column: int) -> str:
    # Both count bytes, from 1; the end of a line is column 0 of the next.
    lines = payload.split(b"\n")[: line - 1]
    offset = sum(len(each) + 1 for each in lines) + column - 1
    character = payload[offset : offset + 4].decode(errors="surrogateescape")[:1]
    if "\udc80" <= character <= "\udcff":
        return f"byte 0x{payload[offset]:02X}, which is not UTF-8"
    return f"{character!r} (U+{ord(character):04X})" if character else "the end"
