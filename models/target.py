"""A target: the planned ratio of an indicator in a period, of the fleet or of a part of it."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar

from models.attribute import OPERATOR, attribute_of
from models.lists.header import Vocabulary
from models.lists.periods import parse_period
from models.vehicle import is_identifier

REQUIRED: Final = ("indicator", "from", "to", "ratio")
BY_PERIOD: Final = ("indicator", "period", "ratio")
"""The columns of a file of targets, by days or by periods such as ``IV квартал 2024``."""

OPTIONAL: Final = ("operator_id", "municipality", "vehicle_type", "service_kind")

T = TypeVar("T")


_RATIO: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(%?)")


class Scope(NamedTuple):
    """Whose target it is; nothing given: the whole fleet's."""

    operator_id: str | None = None
    municipality: str | None = None
    vehicle_type: str | None = None
    """Only of the vehicles of this type, among these."""
    service_kind: str | None = None
    """Only of those that run this kind of service."""

    def __str__(self) -> str:
        if self.operator_id is not None:
            whose = f"operator {self.operator_id}"
        else:
            whose = "fleet" if self.municipality is None else f"municipality {self.municipality}"
        kinds = (("vehicle type", self.vehicle_type), ("kind of service", self.service_kind))
        only = ", ".join(f"{name} {value}" for name, value in kinds if value is not None)
        return f"{whose} ({only})" if only else whose

    @property
    def document(self) -> dict[str, str | None]:
        """What documents say: of a part by type or kind only where there is one."""
        always = ("operator_id", "municipality")
        return {
            name: value
            for name, value in self._asdict().items()
            if name in always or value is not None
        }


def scope_of_group(by: str, name: str | None) -> Scope | None:
    """Return whose target a group of a fleet has: its own, and not the whole fleet's; None: none.

    Args:
        by: what the fleet is grouped by, as ``models.attribute`` names it.
    """
    field = "operator_id" if by == OPERATOR else attribute_of(by)
    return None if name is None or field not in Scope._fields else Scope(**{field: name})


class Target(NamedTuple):
    """A planned ratio."""

    indicator: str
    """``models.indicator.indicators_of`` names them."""
    period_from: date
    period_to: date
    """The period's last day, that day included."""
    ratio: float
    """0..1."""
    scope: Scope = Scope()

    def overlaps(self, other: "Target") -> bool:
        """Tell whether both are of the same figure on some day."""
        return (
            (self.indicator, self.scope) == (other.indicator, other.scope)
            and self.period_from <= other.period_to
            and other.period_from <= self.period_to
        )


class BadTarget(ValueError):
    """A line that is not a target; the message names every bad column."""


def in_percent(texts: Iterable[str]) -> bool:
    """Tell whether a list has its ratios in per cent without the sign: one of them is above 1."""
    numbers = (_RATIO.fullmatch(text.strip()) for text in texts)
    return any(match and not match[2] and _decimal(match[1]) > 1 for match in numbers)


def parse_ratio(text: str, *, percent: bool = False) -> float:
    """Read ``79.3%`` or ``0.793``, with a point or a comma.

    Args:
        percent: a number without the sign is per cent, too, as all of its list are.

    Raises:
        ValueError: it is neither. A single 79.3 without the sign is not guessed at, nor is 0.5
            among numbers that are per cent.
    """
    match = _RATIO.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a ratio (expected 79.3% or 0.793)")
    # As decimals, so that 79.3% and 0.793 are the same number.
    number = _decimal(match[1])
    if percent and not match[2] and 0 < number <= 1:
        raise ValueError(
            f"{text!r} among numbers that are per cent: write {number}% or {number * 100:f}%"
        )
    value = float(number / 100 if match[2] or percent else number)
    if value > 1:
        raise ValueError(f"{text!r} is above 100 % (expected 79.3% or 0.793)")
    return value


def _decimal(digits: str) -> Decimal:
    return Decimal(digits.replace(",", "."))


def parse_indicator(text: str, indicators: Collection[str]) -> str:
    """Read one of the indicators, by its name or by what reports call it in English or Russian.

    Raises:
        ValueError: it is not among them.
    """
    name = Vocabulary((), indicators).column(text)
    if name is None:
        raise ValueError(f"{text.strip()!r} is not an indicator (expected {', '.join(indicators)})")
    return name


def target_of(
    line: Mapping[str, str], indicators: Collection[str], *, percent: bool = False
) -> Target:
    """Return the target that a line's columns state.

    Args:
        percent: a ratio without the sign is per cent, too.

    Raises:
        BadTarget: one column or more cannot be taken.
    """
    faults: list[str] = []

    def column(name: str, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(line.get(name, "").strip())
        except ValueError as error:
            faults.append(f"{name}: {error}")
            return None

    indicator = column("indicator", lambda text: parse_indicator(text, indicators))
    begins, ends = _period(line, column)
    ratio = column("ratio", lambda text: parse_ratio(text, percent=percent))
    of = (line.get(name, "").strip() or None for name in Scope._fields[1:])
    scope = Scope(column("operator_id", _operator), *of)
    if faults or indicator is None or begins is None or ends is None or ratio is None:
        raise BadTarget("; ".join(faults))
    if begins > ends:
        raise BadTarget(f"from: {begins} is after {ends}")
    _check_months(line, begins, ends)
    if scope.operator_id is not None and scope.municipality is not None:
        raise BadTarget("operator_id, municipality: give at most one of them")
    return Target(indicator, begins, ends, ratio, scope)


def _period(
    line: Mapping[str, str],
    column: Callable[[str, Callable[[str], tuple[date, date]]], tuple[date, date] | None],
) -> tuple[date | None, date | None]:
    if "period" in line:
        return column("period", parse_period) or (None, None)
    # From May to June is from the first of the one to the last of the other.
    first, last = column("from", parse_period), column("to", parse_period)
    return first and first[0], last and last[1]


def _check_months(line: Mapping[str, str], begins: date, ends: date) -> None:
    # Excel makes the first day of "December 2024": the plan would end with that day.
    if "period" in line and begins == ends:
        raise BadTarget(
            f"period: is the one day {begins}, which spreadsheets make of a month; write "
            f"{begins:%m.%Y} as a text, or give from and to"
        )
    if "period" not in line and ends.day == 1 and begins.day == 1 and begins < ends:
        raise BadTarget(
            f"to: is a month's first day, {ends}, which spreadsheets make of a month; write its "
            f"last day, or {ends:%m.%Y} as a text"
        )


def overlapping(targets: Iterable[Target]) -> tuple[Target, Target] | None:
    """Return two that contradict each other, None where no two do."""
    before: list[Target] = []
    for target in targets:
        other = next((each for each in before if each.overlaps(target)), None)
        if other is not None:
            return other, target
        before.append(target)
    return None


def _operator(text: str) -> str | None:
    if text and not is_identifier(text):
        raise ValueError(f"{text[:80]!r} is not a valid operator id")
    return text or None
