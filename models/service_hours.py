"""Service hours: when an operator's buses are expected out, by weekday and local time."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

from models.lists.calendar import weekday_of
from models.lists.characters import normal
from models.lists.values import required_day
from models.share import Shares, ratio
from models.vehicle import is_identifier

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""ISO 8601's days 1 to 7."""

HOLIDAY: Final = 8
"""The kind of a day that is a holiday; an operator without hours for it has its Sunday's."""

MINUTES: Final = 1440

_KINDS: Final = {
    (1, 2, 3, 4, 5): (
        "weekdays", "workdays", "working days",
        "будни", "по будням", "будние дни", "будний день", "рабочие", "рабочие дни", "рабочий день",
    ),
    (6, 7): (
        "weekend", "weekends",
        "выходные", "по выходным", "выходные дни", "выходной день", "выходной",
    ),
    (1, 2, 3, 4, 5, 6, 7): (
        "daily", "every day", "all week", "all days",
        "ежедневно", "вся неделя", "всю неделю", "все дни", "каждый день",
    ),
    (HOLIDAY,): (
        "holiday", "holidays", "public holidays",
        "праздник", "праздники", "праздничные", "праздничный", "праздничные дни",
        "праздничный день",
    ),
}  # fmt: skip
_NAMED: Final = {word: kinds for kinds, words in _KINDS.items() for word in words}
"""The words for kinds of day that are no weekdays."""

_AND: Final = re.compile(r"[,;+/]| и | and ")
_SPAN: Final = re.compile(r"(?:с |со |from )?([^\W\d_]+)\.? ?(?:[-–—−]| по | to ) ?([^\W\d_]+)\.?")

HOURS_COLUMNS: Final = ("operator_id", "days", "from", "to")
HOLIDAY_COLUMNS: Final = ("date",)
HOLIDAY_OPTIONAL: Final = ("operator_id", "name")

T = TypeVar("T")


class ServiceHours(NamedTuple):
    """One span of one kind of day."""

    operator_id: str
    day_kind: int
    """1 Monday … 7 Sunday, 8 a holiday."""
    from_minute: int
    """Local minutes since the midnight with which the day begins."""
    to_minute: int
    """The first minute after; past 1440 on the day after."""


class Holiday(NamedTuple):
    """A date on which the holiday's hours hold."""

    day: date
    operator_id: str | None = None
    """None: every operator's."""
    name: str | None = None


class ExpectedOut(NamedTuple):
    """The vehicles of those operators that are in service, of those whose hours are given."""

    operators: int
    """In service."""
    operators_with_hours: int
    vehicles: int
    trackable: int
    trackable_on_route: int

    def ratio(self, vehicles: int) -> float | None:
        """Return a part of those that are expected out; None where none is."""
        return ratio(vehicles, self.vehicles)


def hours_of(line: Mapping[str, str]) -> list[ServiceHours]:
    """Return what a line's columns state: days as ``mon-fri``, ``сб, вс``, ``будни``, ``holiday``.

    Raises:
        ValueError: one column or more cannot be taken; every bad one is named.
    """
    faults: list[str] = []
    operator = _column(line, "operator_id", _operator, faults)
    kinds = _column(line, "days", lambda text: list(_kinds(text)), faults)
    begins = _column(line, "from", _minute, faults)
    ends = _column(line, "to", _minute, faults)
    if begins is not None and begins >= MINUTES:
        faults.append("from: is not within the day (expected 00:00 to 23:59)")
    elif (
        begins is not None
        and ends is not None
        and not begins < _after(begins, ends) <= (begins + MINUTES)
    ):
        faults.append("to: is more than 24 hours after from")
    if faults or operator is None or kinds is None or begins is None or ends is None:
        raise ValueError("; ".join(faults))
    return [ServiceHours(operator, kind, begins, _after(begins, ends)) for kind in kinds]


def holiday_of(line: Mapping[str, str]) -> Holiday:
    """Return the holiday that a line states; the columns operator_id and name may be missing.

    Raises:
        ValueError: one column or more cannot be taken; every bad one is named.
    """
    faults: list[str] = []
    day = _column(line, "date", required_day, faults)
    operator = line.get("operator_id", "").strip() or None
    if operator is not None:
        operator = _column(line, "operator_id", _operator, faults)
    if faults or day is None:
        raise ValueError("; ".join(faults))
    return Holiday(day, operator, line.get("name", "").strip() or None)


def overlap(hours: list[ServiceHours]) -> tuple[ServiceHours, ServiceHours] | None:
    """Return two spans of one day that overlap, None where no two do."""
    ordered = sorted(hours)
    for one, other in itertools.pairwise(ordered):
        if one[:2] == other[:2] and other.from_minute < one.to_minute:
            return one, other
    return None


def expected_out(
    shares: Shares, in_service: Mapping[str, bool | None], window: timedelta
) -> ExpectedOut | None:
    """Return the vehicles expected out; None where no operator's hours are given.

    Args:
        shares: counted for the window, by operator.
        in_service: by operator; None: its hours are not given.
    """
    given = [name for name, known in in_service.items() if known is not None]
    if not given:
        return None
    out = {name for name in given if in_service[name]}
    counts = [group for name, group in shares.groups.items() if name in out]
    return ExpectedOut(
        operators=len(out),
        operators_with_hours=len(given),
        vehicles=sum(each.vehicles for each in counts),
        trackable=sum(each.trackable[window] for each in counts),
        trackable_on_route=sum(each.trackable_on_route[window] for each in counts),
    )


def clock(minute: int) -> str:
    """Return a minute of the day as people write it; of the day after, as 24:00 and later."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _column(
    line: Mapping[str, str], name: str, parse: Callable[[str], T], faults: list[str]
) -> T | None:
    try:
        return parse(line.get(name, "").strip())
    except ValueError as error:
        faults.append(f"{name}: {error}")
        return None


def _operator(text: str) -> str:
    if not is_identifier(text):
        raise ValueError(f"{text[:80]!r} is not a valid operator id")
    return text


def _kinds(text: str) -> Iterator[int]:
    written = normal(text).casefold()
    kinds = (kind for part in _AND.split(written) for kind in _part(part.strip(), text))
    yield from dict.fromkeys(kinds)


def _part(part: str, text: str) -> Iterator[int]:
    if part in _NAMED:
        yield from _NAMED[part]
        return
    span = _SPAN.fullmatch(part)
    begins, ends = map(weekday_of, span.groups() if span else (part, part))
    if begins is None or ends is None:
        raise ValueError(
            f"{text!r} is not a day (expected mon, mon-fri, sat, sun, daily or holiday; "
            "пн, пн-пт, будни, выходные, ежедневно, праздники)"
        )
    # sat-mon goes over the week's end.
    for ahead in range((ends - begins) % 7 + 1):
        yield (begins - 1 + ahead) % 7 + 1


def _minute(text: str) -> int:
    # Excel saves a time with its seconds where the cell shows them.
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)(?::00)?", text)
    if match is None or int(match[1]) > 47:
        raise ValueError(f"{text!r} is not a local time (expected 05:30, or 25:30 after midnight)")
    return int(match[1]) * 60 + int(match[2])


def _after(begins: int, ends: int) -> int:
    # 05:00 to 01:30 ends on the day after; so does 00:00 to 00:00, which is all day.
    return ends if ends > begins else ends + MINUTES
