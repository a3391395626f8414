"""Which texts are topic filters."""

import pytest

from models.topic_filter import is_topic_filter


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
