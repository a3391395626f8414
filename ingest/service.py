"""The worker: broker → queue → decoder → database → acknowledgement. Start reading here."""

import gc
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from ingest.committer import Committer, Interrupted
from ingest.decoder import Decoder, RulesOfWaited
from ingest.heartbeat import Heartbeat
from ingest.instruments import Instruments
from ingest.queue import MessageQueue
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess
from models.rules import Rules
from storage.writing.batch import Batch
from storage.writing.writer import Writer

QUEUE_BYTES = 16 * 1024 * 1024
"""Payloads that wait to be opened; with twice as many, messages of 250 KB made it 153 MB in all."""
STOP_SECONDS = 5.0
"""What is not committed so long after a stop stays with the broker; Docker kills after 10 s."""

_COLLECT_AFTER = 500_000
"""New objects, before the collector looks for cycles; Python's own figure is 700. What a flood has
under way, 60,000 messages and two batches, is fewer, so that it is not looked through each time."""

_SWITCH_SECONDS = 0.0003
"""How long one of the threads may keep Python's lock from another; Python's own figure is 5 ms. The
writer, which waits for it after each of the database's answers, made a fifth more a second."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """When a batch is written: after so many reports, or at that age of the oldest."""

    size: int = 20_000
    age: timedelta = timedelta(milliseconds=150)


class IngestService:
    """One worker: the subscriber's thread reads, the decoder's opens, and ``run`` writes."""

    def __init__(
        self,
        access: BrokerAccess,
        writer: Writer,
        rules: Rules,
        limits: BatchLimits,
        instruments: Instruments,
        make_subscriber: Callable[
            [BrokerAccess, MessageQueue, Instruments], Subscriber
        ] = Subscriber,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._writer = writer
        self._instruments = instruments
        self._stopping = threading.Event()
        # What the broker may have in flight to us, and as much again after a reconnect, when it
        # delivers again what still waits here.
        self._queue = MessageQueue(2 * access.receive_maximum, QUEUE_BYTES)
        self._committer = Committer(writer, instruments, self._stopping)
        waited = RulesOfWaited(rules, self._committer.clocks_ahead)
        self._decoder = Decoder(self._queue, waited, limits.size, limits.age.total_seconds())
        writer.on_staged = self._decoder.open_next
        self._subscriber = make_subscriber(access, self._queue, instruments)
        self._subscriber.on_failure = self._queue.close
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
        self._queue.close()
        patience = threading.Timer(STOP_SECONDS, self._writer.interrupt)
        patience.daemon = True
        patience.start()

    def run(self) -> None:
        """Work until ``stop``.

        Raises:
            IngestError: the broker cannot be reached at the start, or rejects us.
            StorageError: the database cannot be reached at the start, or is not ours to use.
        """
        self._writer.connect()
        self._instruments.database_up(True)
        self._subscriber.start()
        self._started = True
        if self._heartbeat is not None:
            self._heartbeat.start(
                lambda: self._subscriber.connected, lambda: self._subscriber.session
            )
        # What is here by now stays, and reports hold no cycles: looking for some took a tenth of
        # decoding.
        gc.freeze()
        gc.set_threshold(_COLLECT_AFTER)
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._decoder.start()
        try:
            self._write_until_stopped()
        finally:
            self._decoder.close()
            if self._heartbeat is not None:
                self._heartbeat.close()
            self._subscriber.close()
            self._writer.close()
        if self._subscriber.failure is not None:
            raise self._subscriber.failure

    def _write_until_stopped(self) -> None:
        try:
            for batch, deliveries in self._decoder:
                self._keep(batch)
                self._queue.settle(len(deliveries))
                self._subscriber.acknowledge(deliveries)
        except Interrupted as interrupted:
            log.warning("stopped_with_unacknowledged", error=str(interrupted))

    def _keep(self, batch: Batch) -> None:
        started = time.monotonic()
        for part, written in self._committer.commit(batch):
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
