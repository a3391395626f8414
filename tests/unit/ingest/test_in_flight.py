"""The broker's limit of unacknowledged messages, learnt from where it stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.in_flight import AMPLE, BINDING_SECONDS, PROMPT_SECONDS, ROUNDS, InFlight

CEILING = 65_535
STEP_S = 0.01


class Rounds:
    """A broker that fills up to a number, and a worker that acknowledges all of it."""

    def __init__(self, ceiling: int = CEILING) -> None:
        self.in_flight = InFlight(ceiling)
        self.now = 100.0

    def run(self, number: int, messages: int, *, pause: float = 0.001) -> None:
        """So many rounds, with a pause between an acknowledgement and the next message."""
        for _ in range(number):
            self.now += pause
            self.in_flight.received(1, self.now)
            self.in_flight.received(messages - 1, self.now)
            self.now += STEP_S
            self.in_flight.acknowledged(messages, self.now)

    @property
    def limit(self) -> int:
        return self.in_flight.limit


@pytest.mark.parametrize("limit", [1, 10, 20, 50])
def test_a_broker_that_stops_at_the_same_number_shows_its_limit(limit: int) -> None:
    """After a few rounds, each of which went on at once."""
    rounds = Rounds()
    rounds.run(ROUNDS, limit)
    assert rounds.limit == CEILING
    rounds.run(1, limit)
    assert rounds.limit == limit


def test_messages_that_come_as_they_come_show_none() -> None:
    """Bursts of one size with nothing behind them, or streams of changing size, show no limit."""
    rounds = Rounds()
    rounds.run(20, 10, pause=PROMPT_SECONDS * 2)
    assert rounds.limit == CEILING
    for size in (3, 4) * 20:
        rounds.run(1, size)
    assert rounds.limit == CEILING


def test_a_limit_learnt_too_low_is_dropped() -> None:
    """As soon as more are in flight than it allows; the true one is learnt then."""
    rounds = Rounds()
    rounds.run(ROUNDS + 1, 2)
    assert rounds.limit == 2
    rounds.run(1, 10)
    assert rounds.limit == CEILING
    rounds.run(ROUNDS, 10)
    assert rounds.limit == 10


def test_acknowledging_in_parts_counts_as_one_stop() -> None:
    """What counts is how many were in flight when the first part was acknowledged."""
    in_flight, now = InFlight(CEILING), 0.0
    for _ in range(ROUNDS + 1):
        in_flight.received(10, now)
        in_flight.acknowledged(4, now + 0.01)
        in_flight.acknowledged(6, now + 0.02)
        now += 0.021
    in_flight.received(1, now)
    assert in_flight.limit == 10


def test_a_new_connection_starts_over() -> None:
    """It may be another broker's, and what was in flight is delivered again."""
    rounds = Rounds()
    rounds.run(ROUNDS + 1, 10)
    rounds.in_flight.received(7, rounds.now)
    rounds.in_flight.connected()
    assert (rounds.limit, rounds.in_flight.unacknowledged) == (CEILING, 0)


def test_a_limit_that_holds_messages_back_is_reported_once() -> None:
    """With the rate that it allows; not when it has been reached for a moment only."""
    rounds = Rounds()
    rounds.run(ROUNDS + 2, 10)
    assert rounds.in_flight.held_back(rounds.now) is None
    rounds.run(round(BINDING_SECONDS / STEP_S), 10)
    assert rounds.in_flight.held_back(rounds.now) == pytest.approx(10 / 0.011, rel=0.01)
    assert rounds.in_flight.held_back(rounds.now) is None


def test_a_pause_is_no_holding_back() -> None:
    """A limit that is reached now and then costs nothing."""
    rounds = Rounds()
    for _ in range(round(BINDING_SECONDS / STEP_S / 20) + 1):
        rounds.run(20, 10)
        rounds.now += 1
        assert rounds.in_flight.held_back(rounds.now) is None


@pytest.mark.parametrize("asked", [AMPLE + 1, 10])
def test_our_own_limit_and_an_ample_one_are_not_reported(asked: int) -> None:
    """A small Receive Maximum is somebody's setting; a large limit is not a bottleneck."""
    rounds = Rounds(ceiling=asked)
    rounds.run(round(BINDING_SECONDS / STEP_S) + ROUNDS, min(asked, AMPLE + 1))
    assert rounds.limit == asked
    assert rounds.in_flight.held_back(rounds.now) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30), st.floats(0, 0.1))))
def test_the_limit_is_never_below_what_is_in_flight(steps: list[tuple[bool, int, float]]) -> None:
    """Whatever comes when: more messages in flight than the limit allows refute it."""
    in_flight, now = InFlight(CEILING), 0.0
    for arrived, messages, pause in steps:
        now += pause
        if arrived:
            in_flight.received(messages, now)
        elif in_flight.unacknowledged:
            in_flight.acknowledged(min(messages, in_flight.unacknowledged), now)
        assert in_flight.unacknowledged <= in_flight.limit <= CEILING
