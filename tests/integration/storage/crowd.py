"""Random histories, many side by side in one database: laid together, one costs a tenth.

What a history costs is connections, transactions and questions, and hardly its rows. So a *crowd*
of them is written at once, each with operators of its own, and judged in one go. Where a crowd
fails, each of its histories is tried alone, and the first that fails is shrunk as any example of
hypothesis is. That needs no record: the same seed gives the same histories again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count, cycle, zip_longest
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

DEFAULT_HISTORIES: Final = 111
"""Of each test that tries them, on each engine: a crowd of each size."""
SIZES: Final = (100, 10, 1, 100, 100)
"""A small crowd now and then: tables with few rows have other plans."""
SIMPLE: Final = 5
"""So many of the first examples are left out: hypothesis begins with the simplest."""

History = TypeVar("History")
Terms = TypeVar("Terms")
T = TypeVar("T")


class Crowds:
    """A test's random histories."""

    def __init__(self, histories: int, first_seed: int) -> None:
        """Say how many in all, and the first crowd's seed; the next one's is one more."""
        self._histories = histories
        self._first_seed = first_seed

    def check(
        self,
        terms: SearchStrategy[Terms],
        histories: Callable[[Terms], SearchStrategy[History]],
        judge: Callable[[Terms, Sequence[History]], None],
    ) -> None:
        """Have all histories judged, crowd by crowd.

        Args:
            terms: what a crowd has in common, such as the moments that it is asked about.
            histories: what it consists of.
            judge: lays it into an empty database, asks, and raises where the answer is wrong.
        """
        for number, size in zip(count(self._first_seed), self._sizes(), strict=False):
            of_crowd = drawn(terms, number, 1)[0]
            again = f"to see it again: --histories {size} --histories-seed {number}"
            with _told(again), _told(f"of {of_crowd!r}"):
                _check(partial(judge, of_crowd), histories(of_crowd), number, size)

    def _sizes(self) -> Iterator[int]:
        left = self._histories
        for size in cycle(SIZES):
            if not left:
                return
            yield min(size, left)
            left -= min(size, left)


def _check(
    judge: Callable[[Sequence[History]], None],
    histories: SearchStrategy[History],
    number: int,
    size: int,
) -> None:
    try:
        judge(drawn(histories, number, size))
    except Exception:
        alone = [Phase.generate, Phase.shrink]
        _each(histories, number, size, lambda history: judge([history]), phases=alone)
        raise  # Only in company.


def drawn(strategy: SearchStrategy[T], number: int, size: int) -> list[T]:
    """Return so many examples, the same of the same number."""
    examples: list[T] = []
    _each(strategy, number, size, examples.append, phases=[Phase.generate])
    return examples


def _each(
    strategy: SearchStrategy[T],
    number: int,
    size: int,
    take: Callable[[T], None],
    phases: Sequence[Phase],
) -> None:
    places = count()

    @seed(number)
    @settings(
        max_examples=SIMPLE + size,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def history(history: T) -> None:
        if next(places) >= SIMPLE:
            take(history)

    history()


@contextmanager
def _told(note: str) -> Iterator[None]:
    try:
        yield
    except Exception as failure:
        failure.add_note(note)
        raise


def same(found: Any, expected: Any, of: str = "") -> None:
    """Raise AssertionError with the first difference: all that a crowd has is too much to read."""
    if found == expected:
        return
    if isinstance(expected, Mapping):
        for key in [*expected, *found]:
            same(found.get(key), expected.get(key), f"{of}[{key!r}]")
    elif isinstance(expected, list):
        for place, pair in enumerate(zip_longest(found, expected)):
            same(*pair, f"{of}[{place}]")
    raise AssertionError(f"{of}: {found!r}, and it should be {expected!r}")
