"""Windows as people write them, and ratios of something."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.equipment import DEFAULT_KINDS, Says
from models.indicator import DEFAULT_WINDOWS, UntrackableReason, window_label
from models.share import Cell, EquipmentCounts, ratio, tally


def test_default_windows_are_labelled_as_in_the_contract() -> None:
    """The label values that dashboards filter by."""
    assert [window_label(window) for window in DEFAULT_WINDOWS] == ["90s", "5m", "1h", "24h"]


@pytest.mark.parametrize(
    ("seconds", "label"), [(60, "1m"), (61, "61s"), (172800, "48h"), (0.5, "0.5s")]
)
def test_label_is_in_the_largest_whole_unit(seconds: float, label: str) -> None:
    """No window is rounded."""
    assert window_label(timedelta(seconds=seconds)) == label


def test_ratio_of_nothing_is_absent() -> None:
    """Neither 0 nor not-a-number."""
    assert ratio(0, 0) is None


def test_small_group_has_no_ratio() -> None:
    """Under the minimum there are counts only; at the minimum there is a ratio."""
    assert ratio(4, 4, 5) is None
    assert ratio(4, 5, 5) == 0.8


windows = st.lists(st.sampled_from(DEFAULT_WINDOWS), unique=True, min_size=1)
cells = st.lists(
    st.builds(
        Cell,
        st.just("op"),
        st.integers(0, 4),
        st.booleans(),
        st.none() | st.sampled_from(UntrackableReason),
        st.just(0),
        st.just(0),
        st.just(0),
        st.integers(1, 50),
    )
)


@given(cells, windows)
def test_longer_windows_hold_no_fewer_vehicles(cells: list[Cell], windows: list[timedelta]) -> None:
    """In whatever order the windows are given; and those on a route are among the trackable."""
    counts = tally(cells, windows, DEFAULT_KINDS)
    trackable = [counts.trackable[window] for window in sorted(windows)]
    assert trackable == sorted(trackable)
    assert set(counts.trackable) == set(windows)
    assert all(counts.trackable_on_route[w] <= counts.trackable[w] for w in windows)


@given(cells)
def test_reasons_add_up_to_the_vehicles_that_have_one(cells: list[Cell]) -> None:
    """No vehicle is lost in adding up."""
    counts = tally(cells, DEFAULT_WINDOWS, DEFAULT_KINDS)
    assert counts.vehicles == sum(cell.vehicles for cell in cells)
    assert sum(counts.untrackable.values()) == sum(c.vehicles for c in cells if c.reason)


def test_equipment_has_no_window() -> None:
    """A ratio of equipment can be asked for with any window."""
    cctv = Says.FITTED << 4 * DEFAULT_KINDS.names.index("cctv")
    counts = tally([Cell("op", 0, False, None, cctv, 0, 0, 3)], DEFAULT_WINDOWS, DEFAULT_KINDS)
    assert counts.ratio("cctv", timedelta()) == 1.0
    assert counts.equipment["cctv"] == EquipmentCounts(equipped=3, observed=0, working=0)
