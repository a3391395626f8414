"""The worker: broker → inbox → batch → database → acknowledgement. Start reading here."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from ingest.heartbeat import Heartbeat
from ingest.instruments import Instruments
from ingest.keeper import Interrupted, Keeper
from ingest.queue import Delivery
from ingest.queue import MessageQueue as Inbox
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess
from models.decode import decode
from models.rules import Rules
from storage.batch import Batch
from storage.writer import Writer

INBOX_BYTES = 32 * 1024 * 1024
BATCH_BYTES = 4 * 1024 * 1024
"""A batch's payloads at the most: arrays make many reports out of few messages."""
STOP_SECONDS = 5.0
"""What is not committed so long after a stop stays with the broker; Docker kills after 10 s."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """When a batch is written: after so many reports, or at that age of the oldest."""

    size: int = 5_000
    age: timedelta = timedelta(milliseconds=200)


class IngestService:
    """One worker. ``run`` on the calling thread writes; the subscriber's thread reads."""

    def __init__(
        self,
        access: BrokerAccess,
        writer: Writer,
        rules: Rules,
        limits: BatchLimits,
        instruments: Instruments,
        make_subscriber: Callable[[BrokerAccess, Inbox, Instruments], Subscriber] = Subscriber,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._rules = rules
        self._limits = limits
        self._writer = writer
        self._instruments = instruments
        self._stopping = threading.Event()
        # What the broker may have in flight to us, and as much again after a reconnect, when it
        # delivers anew what still waits here.
        self._inbox = Inbox(2 * access.receive_maximum, INBOX_BYTES)
        self._keeper = Keeper(writer, instruments, self._stopping)
        self._subscriber = make_subscriber(access, self._inbox, instruments)
        self._subscriber.on_failure = self._inbox.close
        self._heartbeat = heartbeat
        self._started = False

    @property
    def started(self) -> bool:
        """Tell whether ``run`` has ever reached both the database and the broker."""
        return self._started

    @property
    def broker_fault(self) -> str | None:
        """Say what is wrong with the broker's connection, None if nothing is."""
        return None if self._subscriber.connected else "not connected to the broker"

    def stop(self) -> None:
        """Ask for a clean stop: what was received is committed and acknowledged first.

        From any thread or signal handler.
        """
        self._stopping.set()
        self._subscriber.stop_reading()
        self._inbox.close()
        patience = threading.Timer(STOP_SECONDS, self._writer.interrupt)
        patience.daemon = True
        patience.start()

    def run(self) -> None:
        """Work until ``stop``.

        Raises:
            IngestError: the broker cannot be reached at the start, or refuses us.
            StorageError: the database cannot be reached at the start, or is not ours to use.
        """
        self._writer.connect()
        self._instruments.database_up(True)
        self._subscriber.start()
        self._started = True
        if self._heartbeat is not None:
            self._heartbeat.start(lambda: self._subscriber.connected)
        try:
            self._write_until_stopped()
        finally:
            if self._heartbeat is not None:
                self._heartbeat.close()
            self._subscriber.close()
            self._writer.close()
        if self._subscriber.failure is not None:
            raise self._subscriber.failure

    def _write_until_stopped(self) -> None:
        age = self._limits.age.total_seconds()
        while deliveries := self._inbox.take(self._limits.size, BATCH_BYTES, age):
            for batch, opened in self._opened(deliveries):
                try:
                    self._keep(batch)
                except Interrupted as interrupted:
                    log.warning("stopped_with_unacknowledged", error=str(interrupted))
                    return
                self._subscriber.acknowledge(opened)

    def _opened(self, deliveries: list[Delivery]) -> Iterator[tuple[Batch, list[Delivery]]]:
        # In parts: a few messages with arrays may hold a hundred thousand reports.
        batch, opened, reports_opened = Batch(), [], 0
        rules = self._rules
        for delivery in deliveries:
            message = delivery.message
            reports, refusals = decode(
                message.topic,
                message.payload,
                message.received_at,
                rules,
                retained=delivery.retained,
            )
            batch.add(message, reports, refusals)
            opened.append(delivery)
            reports_opened += len(reports) + len(refusals)
            if reports_opened >= self._limits.size:
                yield batch, opened
                batch, opened, reports_opened = Batch(), [], 0
        if opened:
            yield batch, opened

    def _keep(self, batch: Batch) -> None:
        started = time.monotonic()
        for part, written in self._keeper.keep(batch):
            seconds = time.monotonic() - started
            self._instruments.committed(part, written, seconds, datetime.now(UTC))
            log.debug(
                "batch_committed",
                seconds=round(seconds, 3),
                received=part.received,
                stored=written.stored,
                duplicate=written.duplicate,
                contact=written.contact,
                rejected=written.rejected.total(),
            )
            started = time.monotonic()
