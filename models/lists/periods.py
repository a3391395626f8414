"""The periods that plans are made for: a day, a month, a quarter, a half, a year, or a span."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from models.legible import shown
from models.lists.calendar import month_of
from models.lists.characters import normal
from models.lists.values import parse_day

_COUNT: Final = r"(?P<count>\d{1,2}|i{1,3}|iv)(?:-?(?:й|ый|ой|е))?"
_YEAR: Final = r"(?P<year>\d{4})(?: ?(?:г|год|года))?"
_ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4}

_PARTS: Final = (
    (re.compile(rf"(?:{_COUNT} (?:квартал|кв)|q(?P<q>[1-4]))[ ,]*{_YEAR}"), 3),
    (re.compile(rf"{_COUNT} (?:полугодие|half)[ ,]*{_YEAR}"), 6),
)
"""Of a year, each with its length in months."""
_MONTHS: Final = re.compile(rf"{_COUNT} (?:месяц|месяца|месяцев|months)[ ,]*{_YEAR}")
"""So many, from January on."""
_MONTH: Final = re.compile(rf"(?P<month>[^\W\d_]+) {_YEAR}")
_NUMBERED: Final = re.compile(r"(?P<month>\d\d)\.(?P<year>\d{4})|(?P<iso>\d{4})-(?P<number>\d\d)")
_WHOLE: Final = re.compile(_YEAR)

_POINT: Final = re.compile(r"(?<=[^\W\d_])\.")
"""After an abbreviation."""
_SPAN: Final = re.compile(r"(.*\d.*?) ?(?:[–—−]| - |(?<=\.\d{4})-) ?(.+)")


def parse_period(text: str) -> tuple[date, date]:
    """Read a period's first and last day: ``IV квартал 2024 г.``, ``December 2024``, ``2024``.

    Raises:
        ValueError: it is none.
    """
    written = normal(text)
    if not written:
        raise ValueError("is missing")
    found = _named(written) or _day(written)
    if found is None and (span := _SPAN.fullmatch(written)):
        found = parse_period(span[1])[0], parse_period(span[2])[1]
    if found is None:
        raise ValueError(
            f"{shown(text)} is not a date or a period (expected YYYY-MM-DD, DD.MM.YYYY, or such as "
            "2024, Q4 2024, December 2024, IV квартал 2024, декабрь 2024)"
        )
    return found


def _day(text: str) -> tuple[date, date] | None:
    try:
        day = parse_day(text)
    except ValueError:
        return None
    return (day, day) if day else None


def _named(text: str) -> tuple[date, date] | None:
    for year, first, months in _readings(_POINT.sub("", text.casefold())):
        # A year that is none, a fifth quarter, a thirteenth month.
        if year and first >= 1 and months >= 1 and first + months <= 13:
            end = year * 12 + first + months - 1
            following = date(end // 12, end % 12 + 1, 1)
            return date(year, first, 1), following - timedelta(days=1)
    return None


def _readings(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield the year, the first month and the number of months that a text may mean."""
    if match := _WHOLE.fullmatch(text):
        yield int(match["year"]), 1, 12
    if (match := _MONTH.fullmatch(text)) and (month := month_of(match["month"])):
        yield int(match["year"]), month, 1
    if match := _NUMBERED.fullmatch(text):
        yield int(match["year"] or match["iso"]), int(match["month"] or match["number"]), 1
    if match := _MONTHS.fullmatch(text):
        yield int(match["year"]), 1, _number(match["count"])
    for form, months in _PARTS:
        if match := form.fullmatch(text):
            number = _number(match.groupdict().get("q") or match["count"])
            yield int(match["year"]), (number - 1) * months + 1, months


def _number(text: str) -> int:
    return _ROMAN.get(text) or int(text)
