"""What every wire format's schema shares: strict numbers, short texts, one form of complaint."""

from typing import Annotated, Any, TypeVar

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import from_json

from models.rejection import Rejected, RejectReason
from models.vehicle import VehicleId

_Schema = TypeVar("_Schema")

Degrees = Annotated[float, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
Count = Annotated[int, Field(strict=True)]
Truth = Annotated[bool, Field(strict=True)]
Text = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A route's or a trip's id. PostgreSQL's text cannot hold NUL, and nobody names a route so."""
Moment = AwareDatetime
"""RFC 3339 with offset, or epoch seconds or milliseconds: pydantic tells them apart at 2e10."""

MAX_REPORTS = 10_000
"""A longer array is rejected whole. Within decode's bound on bytes, reports of what a position
needs at least are 6,000; but 130,000 zeros would be 130,000 rejections, a second of work each.
"""

LENIENT = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
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
        return adapter.validate_json(payload)
    except ValidationError as error:
        raise complaint(error, vehicle) from error


def is_array(payload: bytes) -> bool:
    """Tell whether a payload, if it is JSON at all, is an array."""
    return payload[:1] != b"{" and payload.lstrip().startswith(b"[")


def parse_array(payload: bytes, vehicle: VehicleId | None) -> list[Any]:
    """Read a payload's JSON array, its elements not looked at.

    Raises:
        Rejected: ``not_json``; ``schema`` where it is empty; ``too_large`` where it is
            longer than MAX_REPORTS.
    """
    try:
        elements: list[Any] = from_json(payload)
    except ValueError as error:
        raise Rejected(RejectReason.NOT_JSON, str(error), vehicle) from error
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
        return adapter.validate_python(element)
    except ValidationError as error:
        raise complaint(error, vehicle) from error


def complaint(error: ValidationError, vehicle: VehicleId | None) -> Rejected:
    """Say in one line what is wrong with a payload."""
    first, *others = error.errors(include_url=False, include_input=False, include_context=False)
    if first["type"] == "json_invalid":
        return Rejected(RejectReason.NOT_JSON, first["msg"], vehicle)
    where = ".".join(str(part) for part in first["loc"]) or "payload"
    more = f" (and {len(others)} more)" if others else ""
    return Rejected(RejectReason.SCHEMA, f"{where}: {first['msg']}{more}", vehicle)
