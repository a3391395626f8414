"""The payloads of the README and docs/ are taken as they stand there."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import pytest

from models.decode import decode
from models.rejection import RejectReason
from models.rules import Rules
from tests.unit.project.repository import DOCUMENTS, fenced, text_of

LENIENT: Final = Rules(max_age=timedelta(days=36500))
RECEIVED_AT: Final = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)


class Example(NamedTuple):
    """A message as the documents show it: a line with the topic, then the payload."""

    document: str
    topic: str
    payload: str


def _examples() -> list[Example]:
    return [
        Example(path.name, *block.split("\n", 1))
        for path in DOCUMENTS
        for block in fenced(path.read_text(encoding="utf-8"), "mqtt")
    ]


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example.topic)
def test_example_is_taken(example: Example) -> None:
    """Every shown message becomes reports, without a refusal."""
    found = decode(example.topic.encode(), example.payload.strip().encode(), RECEIVED_AT, LENIENT)
    assert found.refusals == []
    assert found.reports


def test_every_format_has_an_example() -> None:
    """README and docs/ show each of the topics that are taken."""
    topics = {example.topic.split("/")[0] or "hfp" for example in _examples()}
    assert topics == {"fleet", "hfp", "owntracks", "traccar"}


def test_every_json_block_is_json() -> None:
    """A block that says it is JSON is."""
    for path in DOCUMENTS:
        for block in fenced(path.read_text(encoding="utf-8"), "json"):
            json.loads(block)


def test_every_reject_reason_is_explained() -> None:
    """docs/formats.md has a row for each reason, with its cause and its remedy."""
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", text_of("docs/formats.md"), re.M)
    assert sorted(rows) == sorted(RejectReason)
