"""Targets on real databases: what holds when, and what was known when."""

from datetime import UTC, date, datetime

import pytest

from models.indicator import TRACKABLE
from models.target import Scope, Target
from storage.connection import Connection
from storage.targets import (
    UnknownScope,
    current_targets,
    list_targets,
    remove_target,
    set_targets,
    targets_on,
)

YEAR = Target(TRACKABLE, date(2024, 1, 1), date(2024, 12, 31), 0.793)
APRIL = YEAR._replace(period_from=date(2024, 4, 1), period_to=date(2024, 4, 30), ratio=0.8)
JANUARY = datetime(2024, 1, 1, 9, tzinfo=UTC)


def put(connection: Connection, *targets: Target, claimed_at: datetime | None = None) -> int:
    return set_targets(connection, targets, set_by="t", source="t", claimed_at=claimed_at)


def now(connection: Connection) -> datetime:
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


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
    assert current_targets(database, date(2024, 4, 30)) == {TRACKABLE: 0.8}
    assert current_targets(database, date(2025, 1, 1)) == {}


def test_what_was_planned_stays_on_record(database: Connection) -> None:
    """A report as known on a date has the plan of that date, by the clock of the server."""
    moments = [now(database)]
    for change in (YEAR, YEAR._replace(ratio=0.9)):
        put(database, change)
        moments.append(now(database))
    remove_target(database, APRIL, removed_by="somebody")
    day = date(2024, 4, 10)
    for known_end, ratio in zip([*moments, None], (None, 0.793, 0.9, None), strict=True):
        planned = targets_on(database, day, known_end).get(Scope(), {})
        assert planned.get(TRACKABLE) == ratio
    history = list_targets(database, history=True)
    assert [each.ended_by for each in history] == ["t", "somebody", None, None]


def test_a_claim_moves_no_figure(database: Connection) -> None:
    """The claimed date of planning stands beside the date of entry."""
    begun = now(database)
    put(database, YEAR, claimed_at=JANUARY)
    assert targets_on(database, APRIL.period_from, begun) == {}
    (kept,) = list_targets(database)
    assert kept.claimed_at == JANUARY < begun < kept.known_from
    put(database, APRIL)
    assert [each.claimed_at for each in list_targets(database)] == [JANUARY, None, JANUARY]


def test_targets_are_listed_by_indicator(database: Connection) -> None:
    """Equipment after the shares, in the order of its kinds."""
    kinds = ("cashless", "trackable_on_route", "cctv", "trackable")
    put(database, *(YEAR._replace(indicator=kind) for kind in kinds))
    listed = [each.target.indicator for each in list_targets(database)]
    assert listed == ["trackable", "trackable_on_route", "cctv", "cashless"]


def test_a_misspelt_operator_is_rejected(database: Connection) -> None:
    """A plan of nobody would be missed only at the year's end."""
    with pytest.raises(UnknownScope, match="nothing is known of operator ivpta"):
        put(database, YEAR, YEAR._replace(scope=Scope("ivpta")))
    with pytest.raises(UnknownScope, match="nothing is known of municipality Shuya"):
        put(database, YEAR._replace(scope=Scope(None, "Shuya")))
    assert list_targets(database) == []
