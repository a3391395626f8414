"""Histories side by side: all are judged, and one that is wrong is found, shrunk and named."""

from collections.abc import Sequence

import pytest
from hypothesis import strategies as st

from tests.integration.storage.crowd import Crowds, same

numbers = st.lists(st.integers(0, 1000), max_size=10)


def test_as_many_as_asked_for_are_judged_each_of_its_crowd() -> None:
    """With what the crowd has in common, and not the same ones again."""
    judged: list[tuple[int, ...]] = []

    def judge(of: int, crowd: Sequence[list[int]]) -> None:
        assert 0 <= of <= 9
        judged.extend(map(tuple, crowd))

    Crowds(250, 7).check(st.integers(0, 9), lambda _: numbers, judge)
    assert len(judged) == 250
    assert len(set(judged)) > 200


def test_one_that_is_wrong_is_found_shrunk_and_can_be_seen_again() -> None:
    """However many there are beside it; by the seed and number that the failure names."""

    def judge(_: int, crowd: Sequence[list[int]]) -> None:
        for history in crowd:
            same([number > 900 for number in history], [False] * len(history))

    with pytest.raises(AssertionError) as failure:
        Crowds(10_000, 3).check(st.integers(0, 9), lambda _: numbers, judge)
    notes = failure.value.__notes__
    assert any("[901]" in note for note in notes)
    again = next(note for note in notes if "--histories-seed" in note).split()
    histories, first_seed = int(again[-3]), int(again[-1])
    with pytest.raises(AssertionError) as seen_again:
        Crowds(histories, first_seed).check(st.integers(0, 9), lambda _: numbers, judge)
    assert seen_again.value.__notes__ == notes


def test_what_is_wrong_in_company_only_fails_too() -> None:
    """Each of its histories is as it should be, and yet the crowd is not."""

    def judge(_: int, crowd: Sequence[list[int]]) -> None:
        same(len(crowd), 1)

    with pytest.raises(AssertionError, match="100, and it should be 1"):
        Crowds(100, 3).check(st.integers(0, 9), lambda _: numbers, judge)


def test_the_first_difference_is_named() -> None:
    """And not all that a crowd has."""
    with pytest.raises(AssertionError, match=r"^of\['b'\]\[1\]: 2, and it should be 3$"):
        same({"a": [1], "b": [1, 2, 4]}, {"a": [1], "b": [1, 3, 5]}, "of")
    with pytest.raises(AssertionError, match=r"\['c'\]: 1, and it should be None"):
        same({"c": 1}, {})
