"""What a view of a map shows of many vehicles."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.crowd import Box, crowds, within


class Spot(NamedTuple):
    """A place, marked or not."""

    longitude: float
    latitude: float
    is_marked: bool = False


spots = st.lists(
    st.builds(
        Spot,
        st.floats(-180, 180, allow_nan=False),
        st.floats(-90, 90, allow_nan=False),
        st.booleans(),
    ),
    max_size=200,
)


@given(spots)
def test_nobody_is_lost_in_a_crowd(found: list[Spot]) -> None:
    """Numbers add up, wherever the vehicles are; the crowds are few, and each has another name."""
    made = crowds(found, lambda spot: spot.is_marked)
    assert sum(each.number for each in made) == len(found)
    assert sum(each.marked for each in made) == sum(spot.is_marked for spot in found)
    assert len({each.name for each in made}) == len(made) <= 25 * 14


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "a,b,c,d", "nan,0,1,1", "2,0,1,1", "0,0,inf,1", "0,-91,1,1"]
)
def test_what_is_no_box_is_the_whole_world(text: str) -> None:
    """An address may hold anything."""
    assert Box.read(text) is None


def test_a_box_holds_what_was_asked_for() -> None:
    """And is one of few, so that neighbours share what is made for it."""
    box = Box.read("40.9012,56.9012,41.1034,57.0534")
    near = Box.read("40.9017,56.9019,41.1031,57.0531")
    assert box == near is not None
    inside, outside = Spot(40.9012, 57.0534), Spot(41.4, 57)
    assert within(box, [inside, outside]) == [inside]
    assert within(None, [inside, outside]) == [inside, outside]
