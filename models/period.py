"""The period that a figure is of: where an indicator's rule says so, the days up to a date."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from models.series import Every


class Over(StrEnum):
    """What is taken over a period's days."""

    MEAN = "mean"
    MINIMUM = "minimum"


class PeriodRule(NamedTuple):
    """Over which days up to a date an indicator is counted; one without a rule is as of its end."""

    over: Over
    every: Every

    def __str__(self) -> str:
        return f"{self.over}:{self.every}"

    def first_day(self, on: date) -> date:
        """Return the first day of the period that a date is in."""
        before = (on.month - 1) % self.every.months
        return on.replace(month=on.month - before, day=1)


PeriodRules = Mapping[str, PeriodRule]
"""By indicator."""


class DayPart(NamedTuple):
    """How many of a day's fleet count."""

    on: date
    vehicles: int
    of: int


class PeriodPart(NamedTuple):
    """An indicator over a period's days; those without a fleet or without records are left out."""

    rule: PeriodRule
    days: Sequence[DayPart]
    """In order; there is one at least."""

    @property
    def lowest(self) -> DayPart | None:
        """The day of the minimum, the first where several are as low; None: it is a mean."""
        if self.rule.over is not Over.MINIMUM:
            return None
        return min(self.days, key=lambda day: Fraction(day.vehicles, day.of))

    @property
    def vehicles(self) -> int:
        """The numerator: of a mean, each vehicle counts once for each day on which it does."""
        lowest = self.lowest
        return lowest.vehicles if lowest else sum(day.vehicles for day in self.days)

    @property
    def of(self) -> int:
        """The denominator: of a mean, each vehicle counts once for each day in the fleet."""
        lowest = self.lowest
        return lowest.of if lowest else sum(day.of for day in self.days)

    def minimum(self, of_a_day: int) -> int:
        """Return the smallest denominator that has a ratio, where that is so large on a day."""
        return of_a_day if self.lowest else of_a_day * len(self.days)


def parse_period_rules(text: str) -> dict[str, PeriodRule]:
    """Read ``trackable=mean:month,cctv=minimum:year``; ``=end`` is what holds without a rule.

    Raises:
        ValueError: it is not that.
    """
    rules: dict[str, PeriodRule] = {}
    named = set[str]()
    for each in filter(None, map(str.strip, text.split(","))):
        indicator, _, rule = (part.strip() for part in each.partition("="))
        over, _, every = (part.strip() for part in rule.partition(":"))
        is_end = (over, every) == ("end", "")
        if not indicator or not (is_end or (over in set(Over) and every in set(Every))):
            raise ValueError(
                "expected indicators and their rules such as "
                "trackable=mean:month,cctv=minimum:year "
                f"(end; mean or minimum of a month, quarter or year), got {each!r}"
            )
        if indicator in named:
            raise ValueError(f"{indicator} has two rules")
        named.add(indicator)
        if not is_end:
            rules[indicator] = PeriodRule(Over(over), Every(every))
    return rules


def period_rules_text(rules: PeriodRules) -> str:
    """Return rules as they are read again: the same rules are the same text."""
    return ",".join(f"{indicator}={rule}" for indicator, rule in sorted(rules.items()))


def unknown_indicators(rules: PeriodRules, indicators: Iterable[str]) -> list[str]:
    """Return the indicators that have a rule, and are none."""
    return sorted(rules.keys() - set(indicators))
