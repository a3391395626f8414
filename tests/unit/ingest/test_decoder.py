"""The decoding thread: which batch it opens, and when."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ingest.decoder import Decoder, RulesOfWaited
from ingest.queue import Delivery, MessageQueue
from models.rules import Rules
from storage.writing.batch import Message
from tests.servers.waiting import wait_until


class Opening:
    """A decoder of batches of one message, and its queue."""

    def __init__(self) -> None:
        self.queue = MessageQueue(100, 1 << 20)
        self.decoder = Decoder(self.queue, RulesOfWaited(Rules(), frozenset), size=1, age=60)
        self.batches = iter(self.decoder)
        self.decoder.start()

    def put(self, *numbers: int) -> None:
        """Let messages arrive, each known by its packet id."""
        self.queue.put(
            [Delivery(Message(b"t", b"{}", datetime.now(UTC)), n, 1, False, 1) for n in numbers]
        )

    def next(self) -> list[int]:
        """Return the packet ids of the next batch."""
        return [delivery.packet_id for delivery in next(self.batches).deliveries]


@pytest.fixture
def opening() -> Iterator[Opening]:
    made = Opening()
    yield made
    made.decoder.close()


def test_the_next_batch_is_opened_before_it_is_asked_for(opening: Opening) -> None:
    """As soon as the one before is with the database."""
    opening.put(1, 2)
    assert opening.next() == [1]
    assert len(opening.queue) == 1
    opening.decoder.open_next()
    wait_until(lambda: len(opening.queue) == 0, seconds=30, what="the second to be opened")
    assert opening.next() == [2]


def test_one_batch_is_opened_ahead_and_no_more(opening: Opening) -> None:
    """However often it is said of one batch, as of the parts in which the database takes it."""
    opening.put(1, 2, 3)
    assert opening.next() == [1]
    opening.decoder.open_next()
    opening.decoder.open_next()
    assert opening.next() == [2]
    assert len(opening.queue) == 1


def test_a_batch_of_which_nothing_is_said_delays_the_next_one_but_does_not_stop_it(
    opening: Opening,
) -> None:
    """It may be that nothing of it ever gets to the database."""
    opening.put(1, 2, 3)
    assert [opening.next(), opening.next(), opening.next()] == [[1], [2], [3]]
