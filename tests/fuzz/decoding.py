"""Garbage through the decoder: any message becomes reports or rejections, in bounded time."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from models.decode import decode, is_no_report
from models.rules import Rules
from tests.fuzz.corpus import Corpus, Message

MAX_AGE_DAYS = 3_650
RULES = Rules(max_age=timedelta(days=MAX_AGE_DAYS))
"""The good messages that all begins with are of some past day."""


@dataclass
class Tally:
    """What came of the messages."""

    messages: int = 0
    reports: int = 0
    rejected: int = 0
    exceptions: list[tuple[Message, str]] = field(default_factory=list)
    unaccounted: int = 0
    """Messages that became neither a report nor a rejection."""
    slowest_seconds: float = 0
    slowest: Message = (b"", b"")
    seeds: int = 0


def fuzz(messages: int, seed: int) -> Tally:
    """Decode so many messages; nothing is raised, whatever the decoder does."""
    corpus, tally, now = Corpus(seed), Tally(), datetime.now(UTC)
    for _ in range(messages):
        message = corpus.message()
        _decode(corpus, tally, message, now)
    tally.seeds = corpus.seeds
    return tally


def _decode(corpus: Corpus, tally: Tally, message: Message, now: datetime) -> None:
    tally.messages += 1
    started = time.thread_time()
    try:
        decoded = decode(*message, now, RULES)
    except Exception as error:  # noqa: BLE001 (each is counted and shown: that is the point)
        tally.exceptions.append((message, repr(error)))
        return
    seconds = time.thread_time() - started
    if seconds > tally.slowest_seconds:
        tally.slowest_seconds, tally.slowest = seconds, message
    tally.reports += len(decoded.reports)
    tally.rejected += len(decoded.rejections)
    tally.unaccounted += not (decoded.reports or decoded.rejections or is_no_report(*message))
    corpus.learn(message, decoded)
