"""What a field of a list says, as spreadsheets in English and in Russian write it."""

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from models.legible import shown
from models.lists.calendar import month_of
from models.lists.characters import normal

_TRUE: Final = frozenset(
    {"true", "yes", "y", "1", "+", "да", "есть", "истина", "имеется", "установлено", "✓", "✔"}
)
_FALSE: Final = frozenset(
    {"false", "no", "n", "0", "-", "−", "–", "—", "нет", "ложь", "отсутствует", "не установлено"}
)
_UNKNOWN: Final = frozenset({"?", "n/a", "unknown", "н/д", "нет данных", "неизвестно"})

_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_RUSSIAN: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?: ?г\.?)?", re.ASCII)
_WORDED: Final = re.compile(
    r"(\d{1,2})[ .-]{1,2}([^\W\d_]+)\.?[ .-]{1,2}(\d{4})(?: ?(?:г\.?|года))?", re.IGNORECASE
)
_SERIAL: Final = re.compile(r"([2-7]\d{4})(?:[.,]0+)?", re.ASCII)
_TIME: Final = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$", re.ASCII)

_FIRST_DAY: Final = date(1899, 12, 30)
"""Day 0 of spreadsheets (ECMA-376, part 1, 18.17.4.1, the 1900 date system after its leap year)."""


@lru_cache(maxsize=1_024)
def parse_boolean(text: str) -> bool | None:
    """Read yes or no in any of the usual spellings; None: the text says that it is not known.

    Raises:
        ValueError: it is none of them.
    """
    word = normal(text).casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if not word or word in _UNKNOWN:
        return None
    raise ValueError(
        f"{shown(text)} is not a boolean (true/false, yes/no, да/нет, есть/нет, +/-, 1/0)"
    )


@lru_cache(maxsize=65_536)
def parse_day(text: str) -> date | None:
    """Read a date; a time of day after it does not matter. None: the text names none.

    Dates are 2024-12-31, 31.12.2024, 31 December 2024, 31 декабря 2024 г., or the number by which a
    spreadsheet counts days.

    Raises:
        ValueError: it is not a date.
    """
    written = _TIME.sub("", normal(text))
    if not written or written.casefold() in _UNKNOWN:
        return None
    try:
        if match := _ISO.fullmatch(written):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _RUSSIAN.fullmatch(written):
            return date(int(match[3]), int(match[2]), int(match[1]))
        if (match := _WORDED.fullmatch(written)) and (month := month_of(match[2])):
            return date(int(match[3]), month, int(match[1]))
    except ValueError:
        pass
    if match := _SERIAL.fullmatch(written):
        return _FIRST_DAY + timedelta(days=int(match[1]))
    raise ValueError(f"{shown(text)} is not a date (expected YYYY-MM-DD or DD.MM.YYYY)")


def required_day(text: str) -> date:
    """Read a date that has to be there.

    Raises:
        ValueError: it is not a date.
    """
    day = parse_day(text)
    if day is None:
        raise ValueError("is missing")
    return day
