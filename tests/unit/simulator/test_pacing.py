"""Slices of real time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from simulator.pacing import SLICE_SECONDS, slices

START = datetime(2024, 12, 31, tzinfo=UTC)


class Clock:
    """A clock that only waiting, and work where told so, moves on."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.stop_at = float("inf")

    def __call__(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> bool:
        self.seconds += seconds
        return self.seconds >= self.stop_at


def test_slices_lie_end_to_end_and_end_on_time() -> None:
    """Each is given out when it is over; the last one is cut at the end."""
    clock = Clock()
    run = list(slices(START, 1.05, clock.wait, begun=clock(), clock=clock))

    assert len(run) == 11
    assert run[0].since == START
    assert all(a.until == b.since for a, b in pairwise(run))
    assert run[-1].until == START + timedelta(seconds=1.05)
    assert clock.seconds == pytest.approx(101.05)


def test_slow_work_does_not_add_up_to_a_drift() -> None:
    """A delay is caught up with: late slices come without waiting, and say how late they are."""
    clock, late = Clock(), []
    for number, piece in enumerate(slices(START, 2.0, clock.wait, begun=clock(), clock=clock)):
        late.append(piece.late_seconds)
        if number == 3:
            clock.seconds += 0.55

    assert late[4] == pytest.approx(0.55 - SLICE_SECONDS)
    assert late[-1] == 0
    assert clock.seconds == pytest.approx(102.0)


def test_stops_when_told() -> None:
    """Without an end it goes on until the wait says so."""
    clock = Clock()
    clock.stop_at = 100.95

    assert len(list(slices(START, None, clock.wait, begun=clock(), clock=clock))) == 9
