"""The decoding thread: opens messages one batch ahead of the one that is being written."""

import threading
from collections.abc import Callable, Iterator, Set
from queue import SimpleQueue
from typing import NamedTuple

from ingest.queue import Delivery, MessageQueue
from models.decode import decode_any, usual_report
from models.rules import Rules
from models.vehicle import VehicleId
from storage.writing.batch import Batch, ReceivedReport

BATCH_BYTES = 4 * 1024 * 1024
"""A batch's payloads at the most: arrays make many reports out of few messages."""


class Opened(NamedTuple):
    """A batch, and the messages that may be acknowledged once it is committed."""

    batch: Batch
    deliveries: list[Delivery]


class RulesOfWaited:
    """The rules for each message: other ones for what the broker kept while we were away."""

    def __init__(self, rules: Rules, clocks_ahead: Callable[[], Set[VehicleId]]) -> None:
        """Take the usual rules, and who knows the vehicles whose clocks were ahead before."""
        self._rules = rules
        self._clocks_ahead = clocks_ahead
        self._of_waited = rules
        self._connection: int | None = None

    def of(self, delivery: Delivery) -> Rules:
        """Return the rules for a message; the clocks are asked for once a connection."""
        if not delivery.waited:
            return self._rules
        if delivery.connection != self._connection:
            self._of_waited = self._rules.of_waited(self._clocks_ahead())
            self._connection = delivery.connection
        return self._of_waited


class Decoder:
    """Open messages while the database keeps those before: neither waits for the other.

    No more than one batch waits here, and what comes meanwhile gathers in the queue to be the
    next one. One thread iterates, and says of each batch when the next may be opened.
    """

    def __init__(self, queue: MessageQueue, rules: RulesOfWaited, size: int, age: float) -> None:
        """Take where messages come from, how they are judged, and when a batch is full.

        Args:
            queue: whose only reader this is.
            rules: by which reports are judged.
            size: how many messages, or reports in them, make a batch.
            age: after how many seconds the oldest message waits for no others.
        """
        self._queue = queue
        self._rules = rules
        self._size = size
        self._age = age
        self._ready: SimpleQueue[Opened | BaseException | None] = SimpleQueue()
        self._wanted = threading.Semaphore(0)
        self._is_next_wanted = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)

    def start(self) -> None:
        """Begin to take messages from the queue."""
        self._thread.start()

    def __iter__(self) -> Iterator[Opened]:
        """Yield batches until the queue is closed and empty; raise what went wrong in decoding."""
        self.open_next()
        while (opened := self._ready.get()) is not None:
            if isinstance(opened, BaseException):
                raise opened
            self._is_next_wanted = False
            yield opened
            self.open_next()

    def open_next(self) -> None:
        """Open the next batch now, the one before being with the database; once for each batch.

        Without this call it is opened when it is asked for. Opened sooner, while the rows of the
        one before are made, both wait by turns for Python's lock, and the database for both: of
        a queue 0.84 as many a second were stored. Called by the thread that iterates.
        """
        if not self._is_next_wanted:
            self._is_next_wanted = True
            self._wanted.release()

    def close(self) -> None:
        """End the thread; what it still holds is not acknowledged, and stays with the broker."""
        self._ended = True
        self._queue.close()
        self._wanted.release()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        batches = self._batches()
        try:
            while self._wanted.acquire() and not self._ended:
                opened = next(batches, None)
                self._ready.put(opened)
                if opened is None:
                    return
        except BaseException as error:  # noqa: BLE001 (a thread's top: who iterates raises it)
            self._ready.put(error)

    def _batches(self) -> Iterator[Opened]:
        while deliveries := self._queue.take(self._size, BATCH_BYTES, self._age):
            yield from self._opened(deliveries)

    def _opened(self, deliveries: list[Delivery]) -> Iterator[Opened]:
        # In parts: a few messages with arrays may hold a hundred thousand reports.
        opened, reports_opened = Opened(Batch(), []), 0
        for delivery in deliveries:
            message, retained = delivery.message, delivery.retained
            rules = self._rules.of(delivery)
            report = None if retained else usual_report(*message, rules)
            if report is not None:
                opened.batch.reports.append(ReceivedReport(report, message))
                reports_opened += 1
            else:
                reports, rejections, unknown = decode_any(*message, rules, retained=retained)
                opened.batch.add(message, reports, rejections, unknown)
                reports_opened += len(reports) + len(rejections)
            opened.deliveries.append(delivery)
            if reports_opened >= self._size:
                yield opened
                opened, reports_opened = Opened(Batch(), []), 0
        if opened.deliveries:
            yield opened
