"""What a wire format is, in one object: whatever else there is about it is derived from that."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from models.rejection import Rejection
from models.report import Report
from models.rules import Rules

Opened = tuple[Sequence[Report | Rejection], int]
"""What a message says, one item a report, none of them judged yet; and how many of its equipment
keys say nothing to us: a kind that is not known, or a value that is not a flag."""

Decoder = Callable[[str, bytes, datetime, Rules], Opened]
"""Opens a message, given its topic, its payload, when it was received, and what it is read by.

Raises ``Rejected`` where the message cannot be opened.
"""


class Example(NamedTuple):
    """A message as the documents show it."""

    topic: str
    payload: str


class WireFormat(NamedTuple):
    """One wire format."""

    name: str
    """For people."""
    topic_filter: str
    """What has to be subscribed to."""
    observed_keys: frozenset[str]
    """Keys under which a payload says when the vehicle was observed."""
    other_time_keys: frozenset[str]
    """Keys under which a number is a time too, of something else."""
    examples: tuple[Example, ...]
    decode: Decoder

    @property
    def prefix(self) -> str:
        """What the format's topics begin with."""
        return self.topic_filter.removesuffix("#")
