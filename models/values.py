"""The values of payloads: what devices write for a number, a time, a truth, and what it is.

In each, what nearly all devices write is looked at by pydantic alone, and Python reads the rest.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, GetPydanticSchema, OnErrorOmit
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from models.rules import FASTEST_BUS_MPS

_TRUTHS: Final = {"true": 1, "1": 1, "1.0": 1, "false": 0, "0": 0, "0.0": 0}


def truth(value: object) -> bool | None:
    """Return the truth that devices write as true, 1, 1.0 or "true"; None where it is not one."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        value = _TRUTHS.get(value.lower())
    return value == 1 if isinstance(value, int | float) and value in (0, 1) else None


def _as_truth(value: object) -> bool:
    found = truth(value)
    if found is None:
        raise ValueError("not a boolean")
    return found


def _as_mark(value: object) -> bool:
    if isinstance(value, str):
        value = value.strip()
        if says_no_fix(value):
            return False
    return _as_truth(value)


_NO_FIX: Final = frozenset(
    {"v", "n", "f", "void", "invalid", "notvalid", "no", "none", "off", "lost", "nofix", "notfixed"}
)
"""What devices write, beside false and 0, where their receiver has no fix; V and N (in RMC's mode)
are NMEA 0183's."""
_BETWEEN_WORDS: Final = str.maketrans("", "", " _-")


def says_no_fix(text: str) -> bool:
    """Tell whether a text is a word for a receiver without a fix: ``V``, ``no fix``, ``NO-FIX``."""
    return text.translate(_BETWEEN_WORDS).lower() in _NO_FIX


def _as_number(value: object) -> object:
    # pydantic reads a number in a text; it would take true for 1 as well.
    if isinstance(value, bool):
        raise ValueError("a boolean is not a number")
    return value


def _as_bearing(value: object) -> float:
    # Negative ones are not turned round: receivers write -1 for "unknown".
    degrees = _NUMBER.validate_python(_as_number(value))
    return 0.0 if degrees == 360 else degrees


def _as_text(value: object) -> object:
    # RFC 8259 has one kind of number: whoever writes route 24 as 24.0 means "24".
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


_DIGITS: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_EPOCH: Final = re.compile(r"[0-9]{10}([0-9]{3})?(\.[0-9]+)?")
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})")
_SECOND_60: Final = re.compile(r"([0-9-]{10}[Tt ][0-9]{2}:[0-9]{2}:)60((?:\.[0-9]+)?)([Zz]|[+-].+)")


def _as_moment(value: object) -> object:
    # pydantic takes any digits for an epoch.
    if not isinstance(value, str):
        return value
    if compact := _COMPACT.fullmatch(value):
        value = "{}-{}-{}T{}:{}:{}Z".format(*compact.groups())
    elif _DIGITS.fullmatch(value) and not _EPOCH.fullmatch(value):
        raise ValueError("neither a date nor an epoch")
    if not (leap := _SECOND_60.fullmatch(value)):
        return value
    try:
        # A leap second (RFC 3339, 5.6), or a receiver that rounds up: the next one's beginning.
        second_59 = f"{leap[1]}59{leap[2]}{leap[3].upper()}"
        return datetime.fromisoformat(second_59) + timedelta(seconds=1)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


def _usually(
    usual: CoreSchema, read: Callable[[object], object], otherwise: CoreSchema, what: str
) -> GetPydanticSchema:
    schema = core_schema.union_schema(
        [usual, core_schema.no_info_before_validator_function(read, otherwise)],
        mode="left_to_right",
        custom_error_type="unusable",
        custom_error_message=f"Input should be {what}",
    )
    return GetPydanticSchema(lambda _source, _handler: schema)


def _number(low: float | None = None, high: float | None = None) -> GetPydanticSchema:
    # NaN is never within bounds.
    strict = core_schema.float_schema(strict=True, ge=low, le=high)
    return _usually(strict, _as_number, core_schema.float_schema(ge=low, le=high), "a number")


def _count(low: int | None = None, high: int | None = None) -> GetPydanticSchema:
    strict = core_schema.int_schema(strict=True, ge=low, le=high)
    lax = core_schema.int_schema(ge=low, le=high)
    return _usually(strict, _as_number, lax, "a whole number")


def _text(max_length: int | None = None, pattern: str | None = None) -> GetPydanticSchema:
    strict = core_schema.str_schema(strict=True, max_length=max_length, pattern=pattern)
    return _usually(strict, _as_text, strict, "a text")


_NUMBER: Final = SchemaValidator(core_schema.float_schema())
_CIRCLE: Final = core_schema.float_schema(strict=True, ge=0, lt=360)
_TRUTH: Final = core_schema.bool_schema(strict=True)
_AWARE: Final = core_schema.datetime_schema(tz_constraint="aware")
_USUAL: Final = core_schema.datetime_schema(
    tz_constraint="aware",
    ge=datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC),
    lt=datetime(2200, 1, 1, tzinfo=UTC),
)
"""Neither 20261126 nor 20261126071200 is taken here, which pydantic has in 1970 and in 2612."""
_MOMENT: Final = "RFC 3339 with an offset from UTC, or epoch seconds or milliseconds"
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
"""PostgreSQL's text cannot hold NUL, and nobody names a route so."""

# What is required.
Moment = Annotated[datetime, _usually(_USUAL, _as_moment, _AWARE, _MOMENT)]
"""A date and time; pydantic tells an epoch's seconds and milliseconds apart at 2e10.

In a text also YYYYMMDDHHMMSS in UTC, or the epoch's 10 or 13 digits. Second 60 is taken.
"""
Degrees = Annotated[float, Field(strict=True)]
"""A number of JSON."""
AnyNumber = Annotated[float, _number()]
"""A number of JSON, or a text that is one."""
AnyCount = Annotated[int, _count()]
"""A whole number, 11.0 and "11" among them."""
Name = Annotated[str, _text()]
"""What names a vehicle, an operator or a type of message; a number is the text it is written as."""

# What may be missing, and is taken for missing where it cannot be used: a speedometer gone mad does
# not make the position beside it unusable.
MaybeMoment = OnErrorOmit[Moment | None]
Number = OnErrorOmit[AnyNumber | None]
Text = OnErrorOmit[Annotated[str, _text(128, _PRINTABLE)] | None]
ShortText = OnErrorOmit[Annotated[str, _text(16, _PRINTABLE)] | None]
Mark = OnErrorOmit[Annotated[bool, _usually(_TRUTH, _as_mark, _TRUTH, "a boolean")] | None]
"""What a receiver says of its fix; False: it has none."""
Truth = OnErrorOmit[Annotated[bool, _usually(_TRUTH, _as_truth, _TRUTH, "a boolean")] | None]
Speed = OnErrorOmit[Annotated[float, _number(0, FASTEST_BUS_MPS)] | None]
"""In m/s."""
Bearing = OnErrorOmit[
    Annotated[float, _usually(_CIRCLE, _as_bearing, _CIRCLE, "0 to 360 degrees")] | None
]
"""0 <= bearing < 360 degrees from true north; 360 is 0."""
Hdop = OnErrorOmit[Annotated[float, _number(0, 99)] | None]
"""A horizontal dilution of precision; receivers write 99.99 for "none"."""
Satellites = OnErrorOmit[Annotated[int, _count(0, 255)] | None]
