"""How many random histories a test tries, and for how long."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hypothesis import HealthCheck, settings

DEFAULT_HISTORIES: Final = 500
"""Of all tests together that try them, on both engines."""
DEFAULT_SECONDS: Final = 30.0
"""For each test and engine, unless a number of histories was asked for."""


class Budget:
    """A test's part of the histories; for one thread."""

    def __init__(self, histories: int | None) -> None:
        """Take the number asked for; None: as many of the default as the seconds allow."""
        self._histories = histories or DEFAULT_HISTORIES
        self._ends = time.monotonic() + (float("inf") if histories else DEFAULT_SECONDS)
        self.tried = 0
        """How many were tried before the end."""

    def settings(self, part: float) -> settings:
        """Return the settings of a test that has this part of all histories, on each engine."""
        return settings(
            max_examples=max(1, round(self._histories * part / 2)),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )

    @contextmanager
    def history(self) -> Iterator[bool]:
        """Yield whether there is time for one more; one that fails has all time, to be shrunk."""
        within = time.monotonic() < self._ends
        self.tried += within
        try:
            yield within
        except BaseException:
            self._ends = float("inf")
            raise
