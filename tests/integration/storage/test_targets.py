"""Targets on real databases: what holds when, and what was known when."""

from datetime import UTC, date, datetime

import pytest

from models.indicator import Indicator
from models.target import Scope, Target
from storage.connection import Connection
from storage.targets import (
    TargetTooEarly,
    UnknownScope,
    current_targets,
    list_targets,
    remove_target,
    set_targets,
    targets_on,
)

YEAR = Target(Indicator.TRACKABLE, date(2024, 1, 1), date(2024, 12, 31), 0.793)
APRIL = YEAR._replace(period_from=date(2024, 4, 1), period_to=date(2024, 4, 30), ratio=0.8)
JANUARY = datetime(2024, 1, 1, 9, tzinfo=UTC)
MARCH = datetime(2024, 3, 1, 9, tzinfo=UTC)


def put(connection: Connection, *targets: Target, at: datetime | None = None) -> int:
    return set_targets(connection, targets, set_by="t", source="t", recorded_at=at)


def test_a_newer_target_cuts_an_older_one(database: Connection) -> None:
    """What of the older lies before and after the newer one's period stays."""
    assert put(database, YEAR, APRIL) == 2
    assert [
        (kept.target.period_from, kept.target.period_to, kept.target.ratio)
        for kept in list_targets(database)
    ] == [
        (date(2024, 1, 1), date(2024, 3, 31), 0.793),
        (date(2024, 4, 1), date(2024, 4, 30), 0.8),
        (date(2024, 5, 1), date(2024, 12, 31), 0.793),
    ]
    assert put(database, APRIL) == 0
    assert current_targets(database, date(2024, 4, 30)) == {Indicator.TRACKABLE: 0.8}
    assert current_targets(database, date(2025, 1, 1)) == {}


def test_what_was_planned_stays_on_record(database: Connection) -> None:
    """A report as known on a date has the plan of that date."""
    put(database, YEAR, at=JANUARY)
    put(database, YEAR._replace(ratio=0.9), at=MARCH)
    remove_target(database, APRIL)
    day = date(2024, 4, 10)
    for known_end, ratio in ((JANUARY, None), (MARCH, 0.793), (None, None)):
        planned = targets_on(database, day, known_end).get(Scope(), {})
        assert planned.get(Indicator.TRACKABLE) == ratio
    assert len(list_targets(database, history=True)) == 4
    with pytest.raises(TargetTooEarly):
        put(database, YEAR, at=MARCH)


def test_a_misspelt_operator_is_rejected(database: Connection) -> None:
    """A plan of nobody would be missed only at the year's end."""
    with pytest.raises(UnknownScope, match="nothing is known of operator ivpta"):
        put(database, YEAR, YEAR._replace(scope=Scope("ivpta")))
    with pytest.raises(UnknownScope, match="nothing is known of municipality Shuya"):
        put(database, YEAR._replace(scope=Scope(None, "Shuya")))
    assert list_targets(database) == []
