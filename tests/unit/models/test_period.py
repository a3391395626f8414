"""Period rules: how they are written, and what they make of the days."""

from datetime import date

import pytest

from models.period import (
    DayPart,
    Over,
    PeriodPart,
    PeriodRule,
    parse_period_rules,
    period_rules_text,
)
from models.series import Every

DAYS = [
    DayPart(date(2024, 12, 1), 3, 4),
    DayPart(date(2024, 12, 2), 1, 2),
    DayPart(date(2024, 12, 3), 2, 4),
]


def test_rules_are_read_as_they_are_written() -> None:
    """The same rules are the same text, in whatever order they were given; an end is no rule."""
    rules = parse_period_rules(" trackable = mean:month, cctv=minimum:year , cashless=end,")
    assert rules == {
        "trackable": PeriodRule(Over.MEAN, Every.MONTH),
        "cctv": PeriodRule(Over.MINIMUM, Every.YEAR),
    }
    assert period_rules_text(rules) == "cctv=minimum:year,trackable=mean:month"
    assert parse_period_rules(period_rules_text(rules)) == rules
    assert (parse_period_rules(""), period_rules_text({})) == ({}, "")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "trackable",
            "trackable=mean",
            "trackable=mean:week",
            "=mean:month",
            "trackable=end:month",
        ),
        "trackable=end,trackable=mean:month",
    ],
)
def test_what_is_no_rule_is_named(text: str) -> None:
    """Nor are two of one indicator."""
    with pytest.raises(ValueError, match=r"expected indicators|has two rules"):
        parse_period_rules(text)


@pytest.mark.parametrize(
    ("every", "first"),
    [
        (Every.MONTH, date(2024, 5, 1)),
        (Every.QUARTER, date(2024, 4, 1)),
        (Every.YEAR, date(2024, 1, 1)),
    ],
)
def test_a_period_begins_with_a_month(every: Every, first: date) -> None:
    """And ends on the date."""
    assert PeriodRule(Over.MEAN, every).first_day(date(2024, 5, 31)) == first


def test_of_a_mean_each_vehicle_counts_once_a_day() -> None:
    """3 of 4, 1 of 2 and 2 of 4: 6 of 10 vehicle-days."""
    part = PeriodPart(PeriodRule(Over.MEAN, Every.MONTH), DAYS)
    assert (part.vehicles, part.of, part.lowest) == (6, 10, None)
    # A group of fewer than 5 vehicles is no larger for having been there for three days.
    assert part.minimum(5) == 15


def test_the_minimum_is_the_first_of_the_worst_days() -> None:
    """By the ratio, and with that day's own fleet."""
    part = PeriodPart(PeriodRule(Over.MINIMUM, Every.MONTH), DAYS)
    assert part.lowest == DAYS[1]
    assert (part.vehicles, part.of, part.minimum(5)) == (1, 2, 5)
