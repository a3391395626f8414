"""When a batch is due. Times are bounds of the test's patience, never of speed."""

import threading
import time
from datetime import UTC, datetime

import pytest

from ingest.queue import QUIET_SECONDS, Delivery, MessageQueue
from storage.writing.batch import Message

FOREVER_S = 3600.0
PATIENCE_S = 10.0
ROOMY = 1_000_000
AT = datetime(2024, 12, 31, 9, tzinfo=UTC)


def deliveries(count: int, payload: bytes = b"{}") -> list[Delivery]:
    return [Delivery(Message(b"t", payload, AT), number, 1, False, 1) for number in range(count)]


@pytest.fixture
def queue() -> MessageQueue:
    return MessageQueue(1_000, ROOMY)


def test_a_batch_is_due_when_nothing_more_arrives(queue: MessageQueue) -> None:
    """However old it may become and however large."""
    began = time.monotonic()
    queue.put(deliveries(3))
    assert len(queue.take(100, ROOMY, FOREVER_S)) == 3
    assert time.monotonic() - began >= QUIET_SECONDS


def test_a_batch_is_due_at_its_size(queue: MessageQueue) -> None:
    """The rest stays for the next one."""
    queue.put(deliveries(7))
    assert len(queue.take(5, ROOMY, FOREVER_S)) == 5
    assert len(queue.take(5, ROOMY, FOREVER_S)) == 2


def test_a_batch_is_due_at_its_bytes(queue: MessageQueue) -> None:
    """With the message that reaches them."""
    queue.put(deliveries(7, b"x" * 100))
    assert len(queue.take(5, 250, FOREVER_S)) == 3


def test_a_batch_is_due_at_its_age() -> None:
    """Though it is never quiet."""
    queue = MessageQueue(1_000, ROOMY, FOREVER_S)
    queue.put(deliveries(3))
    assert len(queue.take(100, ROOMY, 0.05)) == 3


def test_a_batch_is_due_at_the_limit_of_the_broker() -> None:
    """It sends no more until these are acknowledged; the last of them wakes who waits."""
    queue = MessageQueue(1_000, ROOMY, FOREVER_S)
    queue.limit = 10
    queue.put(deliveries(9))
    taken: list[list[Delivery]] = []
    thread = threading.Thread(target=lambda: taken.append(queue.take(100, ROOMY, FOREVER_S)))
    thread.start()
    queue.put(deliveries(1))
    thread.join(PATIENCE_S)
    assert [len(batch) for batch in taken] == [10]


def test_a_full_queue_is_due() -> None:
    """In messages or in bytes: nothing more is read until some are taken."""
    for queue in (MessageQueue(3, ROOMY), MessageQueue(100, 6)):
        queue.put(deliveries(3))
        assert not queue.has_room()
        assert len(queue.take(100, ROOMY, FOREVER_S)) == 3
        assert queue.has_room()


def test_closing_gives_what_is_left_and_then_nothing(queue: MessageQueue) -> None:
    """At once, and to one who is waiting, too."""
    queue.put(deliveries(3))
    queue.close()
    assert len(queue.take(100, ROOMY, FOREVER_S)) == 3
    assert queue.take(100, ROOMY, FOREVER_S) == []


def test_closing_wakes_who_waits(queue: MessageQueue) -> None:
    """Even for the first message."""
    taken: list[list[Delivery]] = []
    thread = threading.Thread(target=lambda: taken.append(queue.take(100, ROOMY, FOREVER_S)))
    thread.start()
    queue.close()
    thread.join(PATIENCE_S)
    assert taken == [[]]


def test_what_was_taken_and_is_not_acknowledged_fills_the_broker_s_limit_too() -> None:
    """A batch that is still being written leaves the next one less to wait for."""
    queue = MessageQueue(1_000, ROOMY, FOREVER_S)
    queue.limit = 10
    queue.put(deliveries(10))
    assert len(queue.take(6, ROOMY, FOREVER_S)) == 6
    assert len(queue.take(100, ROOMY, FOREVER_S)) == 4
    queue.settle(6)
    queue.put(deliveries(6))
    assert len(queue.take(100, ROOMY, FOREVER_S)) == 6
