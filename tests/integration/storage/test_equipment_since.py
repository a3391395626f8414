"""Since when a vehicle's equipment has been what it is, and past moments answered by that."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.indicator import DEFAULT_WINDOWS, Grouping
from models.registry import RegistryEntry
from models.report import Equipment, Flag, Report
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.shares import shares_at
from tests.integration.storage.fleet_history import FIX, T0, History, seen
from tests.integration.storage.test_shares import empty, expected

BUS = VehicleId("east", "1")
ENTRY = RegistryEntry(BUS)
STEP = timedelta(seconds=10)
STEPS = 8

_SINCE = "select cctv_fitted_since, cctv_working_since from vehicle_state"
_CONTRADICTIONS = """
select count(*)
from equipment_report as said
join vehicle_state as state using (vehicle_key)
where said.equipment = %(equipment)s
  and (said.observed_at >= {equipment}_fitted_since and said.fitted <> {equipment}_fitted
       or said.observed_at >= {equipment}_working_since and said.working <> {equipment}_working)
"""


def moment(step: int) -> datetime:
    return T0 + step * STEP


def said(step: int, cctv: Flag | None, cashless: Flag | None = None) -> Report:
    return Report(BUS, moment(step), FIX, cctv, cashless)


def since(url: str, database: Connection, *words: Report) -> Sequence[datetime | None]:
    """Return since when, after these words, each in a batch of its own."""
    History([ENTRY], words, batch_size=1).write(url)
    return database.execute(_SINCE).fetchone() or ()


flags = st.none() | st.builds(Flag, st.booleans(), st.none() | st.booleans())
words = st.permutations(range(STEPS)).flatmap(
    lambda steps: st.tuples(*(st.builds(said, st.just(step), flags, flags) for step in steps))
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=words, batch_size=st.integers(1, STEPS))
def test_every_past_moment_is_answered_as_the_definitions_say(
    url: str, database: Connection, words: Sequence[Report], batch_size: int
) -> None:
    """Whatever was said in whatever order, no word since then says otherwise."""
    empty(database)
    history = History([ENTRY], words, batch_size)
    history.write(url)

    for equipment in Equipment:
        query = _CONTRADICTIONS.format(equipment=equipment.value)
        row = database.execute(query, {"equipment": equipment.value}).fetchone()
        assert row == (0,)
    for step in range(-1, STEPS):
        at = moment(step)
        then = seen(history, at, ahead=False)
        by = Grouping.OPERATOR
        assert shares_at(database, at, DEFAULT_WINDOWS, by) == expected(then, at, by)


def test_the_same_word_again_leaves_it(url: str, database: Connection) -> None:
    works = Flag(True, True)
    assert since(url, database, *(said(step, works) for step in range(3))) == (T0, T0)


def test_another_word_is_since_then(url: str, database: Connection) -> None:
    words = said(0, Flag(True, True)), said(1, Flag(True, False)), said(2, Flag(True, False))
    assert since(url, database, *words) == (T0, moment(1))


def test_a_late_word_to_the_contrary_ends_what_was_known(url: str, database: Connection) -> None:
    works = Flag(True, True)
    words = said(0, works), said(3, works), said(1, Flag(False, False))
    assert since(url, database, *words) == (moment(3), moment(3))


def test_a_late_word_from_before_changes_nothing(url: str, database: Connection) -> None:
    words = said(2, Flag(True, True)), said(3, Flag(True, True)), said(0, Flag(False, False))
    assert since(url, database, *words) == (moment(2), moment(2))


@pytest.mark.parametrize("backwards", [False, True])
def test_of_two_words_at_one_instant_no_counts(
    url: str, database: Connection, backwards: bool
) -> None:
    """In whatever order they stand in the batch, state and history have the same."""
    words = [said(0, Flag(True, True)), said(0, Flag(False, None))]
    History([ENTRY], words[::-1] if backwards else words).write(url)
    kept = database.execute("select fitted, working from equipment_report").fetchall()
    assert kept == [(False, None)]
    state = database.execute("select cctv_fitted, cctv_fitted_at from vehicle_state").fetchone()
    assert state == (False, T0)


def test_a_past_moment_needs_no_history_of_what_has_not_changed(
    url: str, database: Connection
) -> None:
    since(url, database, *(said(step, Flag(True, True)) for step in range(3)))
    before = shares_at(database, moment(1), DEFAULT_WINDOWS)
    assert before.fleet.equipment[Equipment.CCTV] == (1, 1, 1)

    database.execute("truncate equipment_report")
    assert shares_at(database, moment(1), DEFAULT_WINDOWS) == before


def test_a_database_from_before_learns_it(url: str, database: Connection) -> None:
    """Where nothing is known but the newest word, that is the moment known of."""
    History([ENTRY], [said(0, Flag(True, True)), said(1, Flag(True, True))]).write(url)
    database.execute("update vehicle_state set cctv_fitted_since = null, cctv_working_since = null")
    assert since(url, database, said(2, Flag(True, True))) == (moment(1), moment(1))
