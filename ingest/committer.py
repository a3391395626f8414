"""Committing a batch whatever the database does: try again, or narrow down to what it rejects."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import stamina
import structlog

from ingest.instruments import Instruments
from models.rejection import Rejection, RejectReason
from models.vehicle import VehicleId
from storage.errors import DatabaseUnavailable, DataRejected, StorageBug
from storage.writing.batch import Batch, ReceivedReport, RejectedMessage, Written
from storage.writing.writer import Writer

T = TypeVar("T")

log = structlog.get_logger()


class Interrupted(Exception):
    """The worker had to stop while the database was away: the batch is not kept."""


class Committer:
    """Commit batches through faults that pass; for one thread, but ``clocks_ahead`` for any."""

    def __init__(self, writer: Writer, instruments: Instruments, stopping: threading.Event) -> None:
        self._writer = writer
        self._instruments = instruments
        self._stopping = stopping
        self._problem = ""
        """What the database is away for, as it was logged."""

    def commit(self, batch: Batch) -> Iterator[tuple[Batch, Written]]:
        """Commit a batch, whole or in the parts that the database takes; yield what was written.

        Raises:
            Interrupted: stopped while the database is away; what was not yielded is not kept.
            StorageError: a fault of the schema or of this program.
        """
        parts, rejected = [batch], list[RejectedMessage]()
        while parts:
            part = parts.pop()
            try:
                written = self._through_outages(partial(self._writer.write, part))
            except DataRejected as error:
                if len(part.reports) == 1 and not part.rejected:
                    rejected.append(as_rejected(part.reports[0], str(error)))
                else:
                    parts.extend(reversed(narrowed(part, error)))
            else:
                yield part, written
            if rejected and not parts:
                log.warning("rows_rejected_by_database", rows=len(rejected))
                parts, rejected = [_of([], rejected)], []

    def clocks_ahead(self) -> frozenset[VehicleId]:
        """Return the vehicles whose newest report was rejected for being ahead.

        Raises:
            Interrupted: stopped while the database is away.
            StorageError: a fault of the schema or of this program.
        """
        return self._through_outages(self._writer.clocks_ahead)

    def _through_outages(self, task: Callable[[], T]) -> T:
        try:
            for attempt in stamina.retry_context(
                on=self._passes,
                attempts=None,
                timeout=None,
                wait_initial=0.1,
                wait_max=2.0,
                wait_jitter=0.1,
            ):
                with attempt:
                    if attempt.num > 1 and self._stopping.is_set():
                        raise Interrupted("stopped while the database was away")
                    done = task()
                    self._passed()
                    return done
        except DatabaseUnavailable as error:
            raise Interrupted(str(error)) from error
        raise RuntimeError("a retry that neither returned nor raised")

    def _passes(self, error: Exception) -> bool:
        if not isinstance(error, DatabaseUnavailable):
            return False
        self._instruments.database_up(False)
        if str(error) != self._problem:  # one line a problem, not one an attempt
            log.warning("database_unavailable", error=str(error))
        self._problem = str(error)
        return not self._stopping.is_set()

    def _passed(self) -> None:
        if self._problem:
            log.info("database_available_again")
        self._problem = ""


def narrowed(batch: Batch, rejected: DataRejected) -> list[Batch]:
    """Split a batch that holds what the database rejects.

    Raises:
        StorageBug: the batch holds no row at all: it is our own account that is rejected.
    """
    if len(batch.reports) + len(batch.rejected) > 1:
        return halves(batch)
    if not batch.rejected:
        raise StorageBug(f"the account is rejected: {rejected}") from rejected
    # Even the rejected message cannot be kept: it is counted, and that is all.
    return [Batch([], [], batch.rejections)]


def halves(batch: Batch) -> list[Batch]:
    """Split a batch in two; rejected messages travel with the first half of the reports."""
    if not batch.reports:
        middle = len(batch.rejected) // 2
        return [_of([], batch.rejected[:middle]), _of([], batch.rejected[middle:])]
    middle = len(batch.reports) // 2
    return [_of(batch.reports[:middle], batch.rejected), _of(batch.reports[middle:], [])]


def as_rejected(received: ReceivedReport, why: str) -> RejectedMessage:
    """Make a report that the database does not take a rejected one."""
    report, message = received
    detail = f"the database rejects it: {why}"[:300]
    rejection = Rejection(RejectReason.SCHEMA, detail, report.vehicle, element=report.element)
    return RejectedMessage(message, [rejection])


def _of(reports: list[ReceivedReport], rejected: list[RejectedMessage]) -> Batch:
    batch = Batch(reports, rejected)
    batch.rejections.update(
        rejection.reason for _, rejections in rejected for rejection in rejections
    )
    return batch
