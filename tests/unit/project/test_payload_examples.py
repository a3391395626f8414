"""The payloads of the README and docs/ are taken as they stand there."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import pytest

from models.decode import FORMATS, decode
from models.equipment import DEFAULT_KINDS, Kinds
from models.rejection import RejectReason
from models.rules import Rules
from tests.unit.project.repository import DOCUMENTS, fenced, text_of

RULES: Final = Rules(
    max_age=timedelta(days=36500), kinds=Kinds((*DEFAULT_KINDS.names, "air_conditioning"))
)
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
    """Every shown message becomes reports, and nothing of it is rejected or passed over."""
    found = decode(example.topic.encode(), example.payload.strip().encode(), RECEIVED_AT, RULES)
    assert found.rejections == []
    assert found.reports
    assert found.unknown_equipment == 0


def _shown(topic: str, payload: str) -> tuple[str, str]:
    # However it is broken into lines.
    return topic, " ".join(payload.split())


def test_the_document_shows_each_format_s_examples() -> None:
    """docs/formats.md has all of them, in their order and under their names, and no other."""
    text = text_of("docs/formats.md")
    shown = [_shown(*block.split("\n", 1)) for block in fenced(text, "mqtt")]
    assert shown == [_shown(*example) for each in FORMATS for example in each.examples]
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert [heading.lower() for heading in headings[: len(FORMATS)]] == [
        each.name.lower() for each in FORMATS
    ]


def test_every_json_block_is_json() -> None:
    """A block that says it is JSON is."""
    for path in DOCUMENTS:
        for block in fenced(path.read_text(encoding="utf-8"), "json"):
            json.loads(block)


def test_every_reject_reason_is_explained() -> None:
    """docs/formats.md has a row for each reason, with its cause and its remedy."""
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", text_of("docs/formats.md"), re.M)
    assert sorted(rows) == sorted(RejectReason)
