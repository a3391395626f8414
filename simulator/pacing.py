"""Real time in slices: by deadline, so that delays never add up to a drift."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

SLICE_SECONDS = 0.1


class Slice(NamedTuple):
    """A span of time that has just passed; the slices of a run lie end to end."""

    since: datetime
    until: datetime
    late_seconds: float
    """By how much it is late; 0 if it was waited for."""


def slices(
    start: datetime,
    seconds: float | None,
    wait: Callable[[float], bool],
    *,
    begun: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Slice]:
    """Yield slices from start on, each when it is over; late ones at once.

    Args:
        seconds: when to end; None: when ``wait`` returns True.
        wait: sleeps, and returns True if the run is to end: ``threading.Event.wait``.
        begun: what the clock showed at the start.
        clock: a monotonic one. A step of the wall clock must neither stop the buses for an hour
            nor make them publish an hour in one go.
    """
    since = 0.0
    for number in count(1):
        until = number * SLICE_SECONDS if seconds is None else min(number * SLICE_SECONDS, seconds)
        ahead = begun + until - clock()
        if until <= since or wait(max(ahead, 0.0)):
            return
        begin, end = start + timedelta(seconds=since), start + timedelta(seconds=until)
        yield Slice(begin, end, max(-ahead, 0.0))
        since = until
