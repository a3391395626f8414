"""How many vehicles were trackable in each minute, against a count minute by minute."""

from hypothesis import given
from hypothesis import strategies as st

from storage.shares.day import MINUTES, trackable

SEEN = st.sets(st.integers(0, MINUTES - 1), max_size=40)


@given(st.lists(SEEN, max_size=9), st.integers(1, 6))
def test_it_is_as_counted_one_by_one(vehicles: list[set[int]], window: int) -> None:
    """A vehicle counts where any of the window's minutes is set."""
    maps = ["".join("01"[minute in seen] for minute in range(MINUTES)) for seen in vehicles]
    counted = [
        sum(any(minute - back in seen for back in range(window)) for seen in vehicles)
        for minute in range(MINUTES)
    ]
    assert trackable(maps, window) == counted
