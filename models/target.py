"""A target: the planned ratio of an indicator in a period, of the fleet or of a part of it."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from models.indicator import Indicator
from models.kpi import KPI_INDICATORS
from models.vehicle import is_identifier

COLUMNS: Final = ("indicator", "from", "to", "ratio", "operator_id", "municipality")
"""The columns of a file of targets."""

REQUIRED: Final = COLUMNS[:4]
OPTIONAL: Final = COLUMNS[4:]


class Scope(NamedTuple):
    """Whose target it is; neither given: the whole fleet's."""

    operator_id: str | None = None
    municipality: str | None = None

    def __str__(self) -> str:
        if self.operator_id is not None:
            return f"operator {self.operator_id}"
        return "fleet" if self.municipality is None else f"municipality {self.municipality}"


class Target(NamedTuple):
    """A planned ratio."""

    indicator: Indicator
    period_from: date
    period_to: date
    """The period's last day, that day included."""
    ratio: float
    """0..1."""
    scope: Scope = Scope()

    def overlaps(self, other: "Target") -> bool:
        """Tell whether both speak of the same on some day."""
        return (
            (self.indicator, self.scope) == (other.indicator, other.scope)
            and self.period_from <= other.period_to
            and other.period_from <= self.period_to
        )


class BadTarget(ValueError):
    """A line that is no target; the message names every bad column."""


def parse_ratio(text: str) -> float:
    """Read ``79.3%`` or ``0.793``, with a point or a comma.

    Raises:
        ValueError: it is neither. 79.3 without the sign is not guessed at.
    """
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(%?)", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no ratio: 79.3% or 0.793 is taken")
    # As decimals, so that 79.3% and 0.793 are the same number.
    number = Decimal(match[1].replace(",", "."))
    value = float(number / 100 if match[2] else number)
    if value > 1:
        raise ValueError(f"{text!r} is more than all: 79.3% or 0.793 is taken")
    return value


def parse_indicator(text: str) -> Indicator:
    """Read the name of an indicator that is reported of a date.

    Raises:
        ValueError: it is none.
    """
    for indicator in KPI_INDICATORS:
        if text.strip() == indicator.value:
            return indicator
    known = ", ".join(KPI_INDICATORS)
    raise ValueError(f"{text!r} is no indicator of a date: {known} are taken")


def target_of(line: Mapping[str, str]) -> Target:
    """Return the target that a line's columns state.

    Raises:
        BadTarget: one column or more cannot be taken.
    """
    faults: list[str] = []
    fields: dict[str, object] = {}
    for column, parse in _PARSERS.items():
        try:
            fields[column] = parse(line.get(column, ""))
        except ValueError as error:
            faults.append(f"{column}: {error}")
    if faults:
        raise BadTarget("; ".join(faults))
    return _built(fields)


def overlapping(targets: Iterable[Target]) -> tuple[Target, Target] | None:
    """Return two that contradict each other, None where no two do."""
    before: list[Target] = []
    for target in targets:
        other = next((each for each in before if each.overlaps(target)), None)
        if other is not None:
            return other, target
        before.append(target)
    return None


def _built(fields: Mapping[str, object]) -> Target:
    indicator, begins, ends, ratio, operator_id, municipality = fields.values()
    if not (isinstance(indicator, Indicator) and isinstance(ratio, float)):
        raise TypeError("the parsers' order is not the columns'")
    if not (isinstance(begins, date) and isinstance(ends, date)):
        raise TypeError("the parsers' order is not the columns'")
    if begins > ends:
        raise BadTarget(f"from: {begins} is after {ends}")
    scope = Scope(_text_or_none(operator_id), _text_or_none(municipality))
    if None not in scope:
        raise BadTarget("operator_id, municipality: one of the two at the most")
    return Target(indicator, begins, ends, ratio, scope)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _day(text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
            return date.fromisoformat(text.strip())
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no date: YYYY-MM-DD is taken")


def _operator(text: str) -> str | None:
    if text.strip() and not is_identifier(text.strip()):
        raise ValueError(f"{text[:80]!r} is no operator's id")
    return text.strip() or None


def _name(text: str) -> str | None:
    return text.strip() or None


_PARSERS: Final[Mapping[str, Callable[[str], object]]] = {
    "indicator": parse_indicator,
    "from": _day,
    "to": _day,
    "ratio": parse_ratio,
    "operator_id": _operator,
    "municipality": _name,
}
