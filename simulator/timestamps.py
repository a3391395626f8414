"""Times in recorded bytes: find them, and move them by whole seconds, all else left as it is.

By whole seconds, so that the digits after the decimal point stay, however many there are.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from functools import partial

from models.decode import FORMATS

OBSERVED_KEYS = frozenset(key.encode() for each in FORMATS for key in each.observed_keys)
"""Keys under which the formats say when the vehicle was observed."""

EPOCH_KEYS = OBSERVED_KEYS | {key.encode() for each in FORMATS for key in each.other_time_keys}
"""Keys under which a number is a time."""

MILLISECONDS_FROM = 20_000_000_000
"""A larger number counts milliseconds: pydantic, and so ``models.values``, has the same limit."""

# RFC 3339, 5.6; the offset also without its colon, as `mosquitto_sub -F %I` writes it.
_DATE_TIME = rb"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)"
_NUMBER = rb"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,18})?"
_COMPACT = rb"\d{14}"

# A JSON text is passed over string by string, so that a quotation mark within a string never
# begins one. What is not a time matches the last branch and stays; it ends an unclosed string too.
_STRING = re.compile(
    rb'"(?P<key>%(keys)b)"\s*+:\s*+'
    rb'(?:"(?P<keyed>%(date)b)"|"(?P<compact>%(compact)b)"|(?P<quote>"?)(?P<epoch>%(number)b)(?P=quote)(?=[\s,}\]]|\Z))'
    rb'|"(?P<plain>%(date)b)"'
    rb'|"[^"\\]*+(?:\\.[^"\\]*+)*+"?+'
    % {
        b"keys": b"|".join(sorted(EPOCH_KEYS)),
        b"date": _DATE_TIME,
        b"compact": _COMPACT,
        b"number": _NUMBER,
    },
    re.DOTALL,
)
_ALONE = re.compile(rb"(?P<keyed>%b)|(?P<epoch>%b)" % (_DATE_TIME, _NUMBER))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = Context(prec=40)


def instant(text: bytes) -> datetime | None:
    """Return the moment that a text as a whole states, aware; None where it states none."""
    found = _ALONE.fullmatch(text)
    return None if found is None else _instant(found)


def observed(payload: bytes) -> Iterator[datetime]:
    """Yield when the payload says that the vehicle was observed."""
    for found in _STRING.finditer(payload):
        if found["key"] in OBSERVED_KEYS and (moment := _instant(found)) is not None:
            yield moment


def moved(text: bytes, seconds: int) -> bytes:
    """Return a time that stands alone, moved."""
    found = _ALONE.fullmatch(text)
    return text if found is None else _moved(seconds, found)


def moved_within(payload: bytes, seconds: int) -> bytes:
    """Return a JSON text with every time in it moved.

    A time is a string that as a whole is an RFC 3339 date-time, or under one of EPOCH_KEYS a
    number, or a string that is YYYYMMDDHHMMSS. One that would leave the years 1 to 9999 stays
    where it is.
    """
    return _STRING.sub(partial(_moved, seconds), payload)


def _instant(found: re.Match[bytes]) -> datetime | None:
    try:
        match found.lastgroup:
            case "keyed":
                return _read(found["keyed"])
            case "compact":
                return _read(_spread(found["compact"]) + b"Z")
        number = Decimal(found["epoch"].decode())
        scale = 1000 if abs(number) > MILLISECONDS_FROM else 1
        return _EPOCH + timedelta(seconds=float(number / scale))
    except (ValueError, OverflowError):
        return None


def _moved(seconds: int, found: re.Match[bytes]) -> bytes:
    match found.lastgroup:
        case "keyed" | "plain" as group:
            new = _moved_date(found[group], seconds)
        case "compact" as group:
            new = re.sub(rb"\D", b"", _moved_date(_spread(found[group]), seconds))
        case "epoch" as group:
            new = _moved_number(found[group], seconds)
        case _:
            return found[0]
    begin, end = (place - found.start() for place in found.span(group))
    return found[0][:begin] + new + found[0][end:]


def _moved_date(text: bytes, seconds: int) -> bytes:
    try:
        local = _read(text[:19]) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return text
    return local.isoformat(chr(text[10]), "seconds").encode() + text[19:]


def _read(text: bytes) -> datetime:
    # A leap second is the beginning of the next, as in models.values.
    leap = int(text[17:19] == b"60")
    usual = text[:17] + b"59" + text[19:] if leap else text
    return datetime.fromisoformat(usual.decode().upper()) + timedelta(seconds=leap)


def _spread(compact: bytes) -> bytes:
    """Return YYYYMMDDHHMMSS as RFC 3339 has it, without an offset."""
    day, time = compact[:8], compact[8:]
    parts = (day[:4], day[4:6], day[6:], time[:2], time[2:4], time[4:])
    return b"%b-%b-%bT%b:%b:%b" % parts


def _moved_number(text: bytes, seconds: int) -> bytes:
    number = Decimal(text.decode())
    scale = 1000 if abs(number) > MILLISECONDS_FROM else 1
    return format(_EXACT.add(number, Decimal(seconds * scale)), "f").encode()
