"""The largest remainder method."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.apportion import apportion

weights = st.lists(st.integers(0, 5_000), min_size=1, max_size=20).filter(any)


@given(st.integers(0, 100_000), weights)
def test_adds_up_to_the_total(total: int, weights: list[int]) -> None:
    """Nothing is lost or invented, and nobody is more than one seat off."""
    seats = apportion(total, weights)

    assert sum(seats) == total
    for seat, weight in zip(seats, weights, strict=True):
        assert abs(seat - total * weight / sum(weights)) < 1


@given(weights)
def test_the_same_total_changes_nothing(weights: list[int]) -> None:
    """Scaling to one's own size is the identity."""
    assert apportion(sum(weights), weights, keep=True) == weights


@given(st.integers(20, 1_000), weights)
def test_keep_leaves_no_positive_weight_at_zero(total: int, weights: list[int]) -> None:
    """A total that allows it gives every positive weight at least one."""
    seats = apportion(total, weights, keep=True)

    assert sum(seats) == total
    assert all(
        (seat > 0) == (weight > 0)
        for seat, weight in zip(seats, weights, strict=True)
        if weight > 0 or seat > 0
    )


def test_no_weight_gets_nothing() -> None:
    """Weights of nothing give seats of nothing."""
    assert apportion(5, [0, 0]) == [0, 0]
