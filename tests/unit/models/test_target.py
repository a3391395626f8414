"""Reading targets."""

from datetime import date

import pytest

from models.equipment import DEFAULT_KINDS
from models.indicator import TRACKABLE, indicators_of
from models.target import BadTarget, Scope, Target, overlapping, parse_ratio, target_of

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
        ("indicator", "tracked"),
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
