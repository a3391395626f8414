"""Each wire format is one object; what is derived from it."""

import json
from datetime import datetime, timedelta

import pytest

from models.decode import DEFAULT_TOPICS, FORMATS, decode
from models.rules import Rules
from models.topic_filter import is_topic_filter
from models.wire_format import Example, WireFormat
from tests.unit.models.messages import RECEIVED_AT

ANY_TIME = Rules(timedelta(days=36_500), timedelta(days=36_500))
EXAMPLES = [(each, example) for each in FORMATS for example in each.examples]


def test_all_formats_are_subscribed_to() -> None:
    """The default topics are their filters."""
    assert DEFAULT_TOPICS == ("fleet/#", "/hfp/v2/#", "owntracks/#", "traccar/positions")
    assert all(map(is_topic_filter, DEFAULT_TOPICS))


def test_formats_are_told_apart_by_their_topics() -> None:
    """No topic begins like one of another format."""
    prefixes = [each.prefix for each in FORMATS]
    assert [sum(one.startswith(other) for other in prefixes) for one in prefixes] == [1] * 4
    assert len({each.name for each in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize(("wire_format", "example"), EXAMPLES)
def test_a_format_takes_its_examples(wire_format: WireFormat, example: Example) -> None:
    """Whole, on its own topic, and through its own decoder."""
    assert example.topic.startswith(wire_format.prefix)
    decoded = decode(example.topic.encode(), example.payload.encode(), RECEIVED_AT, ANY_TIME)
    assert decoded.reports
    assert decoded.rejections == []
    items, _ = wire_format.decode(example.topic, example.payload.encode(), RECEIVED_AT, ANY_TIME)
    assert list(items) == decoded.reports


def keyed_times(payload: object) -> set[str]:
    """Return the keys of a payload under which something like a time is."""
    match payload:
        case dict():
            here = {key for key, value in payload.items() if _is_time(value)}
            return here.union(*map(keyed_times, payload.values()))
        case list():
            return set[str]().union(*map(keyed_times, payload))
    return set()


def _is_time(value: object) -> bool:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            return False
    return isinstance(value, int) and value > 1_700_000_000


@pytest.mark.parametrize(("wire_format", "example"), EXAMPLES)
def test_a_format_names_the_keys_of_its_times(wire_format: WireFormat, example: Example) -> None:
    """All those of its examples: recordings are moved by them."""
    if example.payload.startswith(("{", "[")):
        found = keyed_times(json.loads(example.payload))
        assert found
        assert found <= wire_format.observed_keys | wire_format.other_time_keys
    assert not wire_format.observed_keys & wire_format.other_time_keys
