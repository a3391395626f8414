"""Which texts are topic filters."""

import pytest

from models.topic_filter import is_topic_filter, overlap, prefixed


@pytest.mark.parametrize(
    "text",
    ["fleet/#", "#", "+", "/hfp/v2/#", "fleet/+/+/position", "$share/workers/fleet/#", "a b/c"],
)
def test_filter_is_taken(text: str) -> None:
    """Wildcards alone in their level, and a shared subscription's group."""
    assert is_topic_filter(text)


@pytest.mark.parametrize(
    "text",
    ["", "fleet/#/x", "fleet#", "fl+et/x", "$share//x", "$share/g", "$share/g+/x", "a\0b"],
)
def test_other_text_is_not(text: str) -> None:
    """A wildcard inside a level, # before the end, a group without a filter."""
    assert not is_topic_filter(text)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("fleet/#", "fleet/a/#", True),
        ("fleet/#", "fleet", True),
        ("fleet/+/1", "fleet/a/+", True),
        ("fleet/a/#", "fleet/b/#", False),
        ("fleet/+", "fleet/a/b", False),
        ("fleet", "fleet/a", False),
    ],
)
def test_filters_meet(one: str, other: str, meet: bool) -> None:
    """Two filters overlap if some topic matches both, whichever is named first."""
    assert overlap(one, other) is overlap(other, one) is meet


def test_a_prefix_stands_before_the_topic_and_not_before_the_group() -> None:
    """A shared subscription is one of the filter with the prefix."""
    assert prefixed("fleet/#", "region-37/") == "region-37/fleet/#"
    assert prefixed("$share/g/fleet/#", "region-37/") == "$share/g/region-37/fleet/#"
    assert prefixed("#", "") == "#"
