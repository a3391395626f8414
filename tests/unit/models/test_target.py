"""Reading targets."""

from datetime import date

import pytest

from models.equipment import DEFAULT_KINDS
from models.indicator import TRACKABLE, indicators_of
from models.target import BadTarget, Scope, Target, overlapping, parse_ratio, target_of
from reports.language import LanguageCode, language
from reports.words import sentence, title

INDICATORS = indicators_of(DEFAULT_KINDS)
LINE = {"indicator": "trackable", "from": "2024-01-01", "to": "2024-12-31", "ratio": "79,3 %"}
YEAR = Target(TRACKABLE, date(2024, 1, 1), date(2024, 12, 31), 0.793)


def test_a_line_is_a_target() -> None:
    """A ratio is taken with a point or a comma, with the sign or as a part of one."""
    assert target_of(LINE, INDICATORS) == YEAR
    assert target_of(LINE | {"operator_id": "op", "municipality": ""}, INDICATORS) == YEAR._replace(
        scope=Scope("op")
    )
    assert parse_ratio("0.793") == parse_ratio("79.3%") == 0.793


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("indicator", "buses"),
        ("from", "01/31/2024"),
        ("to", "2023-12-31"),
        ("ratio", "79.3"),
        ("ratio", "-5%"),
        ("municipality", "Shuya"),
    ],
)
def test_a_bad_column_is_named(column: str, text: str) -> None:
    """79.3 without the sign is not guessed at; a target is of one scope."""
    with pytest.raises(BadTarget):
        target_of(LINE | {"operator_id": "op", column: text}, INDICATORS)


@pytest.mark.parametrize("indicator", INDICATORS)
def test_an_indicator_is_known_by_what_reports_call_it(indicator: str) -> None:
    """In both languages: a table of a report can be copied into a list of targets."""
    for code in LanguageCode:
        shown = sentence(title(language(code), indicator))
        assert target_of(LINE | {"indicator": shown}, INDICATORS).indicator == indicator
    assert target_of(LINE | {"indicator": indicator.upper()}, INDICATORS).indicator == indicator


@pytest.mark.parametrize(
    "line",
    [
        {"period": "2024 год"},
        {"period": "01.01.2024 – 31.12.2024"},
        {"from": "2024", "to": "IV квартал 2024"},
        {"from": "январь 2024", "to": "декабрь 2024 г."},
    ],
)
def test_a_period_can_be_named(line: dict[str, str]) -> None:
    """In one column, or as the one that it begins with and the one that it ends with."""
    dates = {"indicator": LINE["indicator"], "ratio": LINE["ratio"]}
    assert target_of(dates | line, INDICATORS) == YEAR


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"period": "2024-12-01"}, "period: is the one day 2024-12-01, which .* write 12.2024"),
        ({"from": "2024-01-01", "to": "2024-12-01"}, "to: is a month's first day, 2024-12-01, "),
    ],
)
def test_what_excel_makes_of_a_month_is_not_taken_for_a_day(
    line: dict[str, str], says: str
) -> None:
    """It keeps "December 2024" as a date, its first."""
    dates = {"indicator": LINE["indicator"], "ratio": LINE["ratio"]}
    with pytest.raises(BadTarget, match=says):
        target_of(dates | line, INDICATORS)


def test_every_bad_column_is_named() -> None:
    """Not the first alone."""
    with pytest.raises(BadTarget, match=r"indicator: .*; from: .*; to: .*; ratio: "):
        target_of({}, INDICATORS)


def test_two_targets_of_one_day_contradict_each_other() -> None:
    """Those of another scope, or of days that do not meet, do not."""
    june = YEAR._replace(period_from=date(2024, 6, 1))
    assert overlapping([YEAR, june]) == (YEAR, june)
    assert overlapping([YEAR, june._replace(scope=Scope("op"))]) is None
    assert (
        overlapping([YEAR, YEAR._replace(period_from=date(2025, 1, 1), period_to=date(2025, 1, 1))])
        is None
    )
