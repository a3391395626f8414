"""Keep a number of workers running, and end them together."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from fleetgauge.workers.numbered import Place
from fleetgauge.workers.process import WorkerProcess
from models.errors import Unavailable

RESTART_SECONDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits before a worker is restarted, longer each time; the last one repeats."""
STEADY_SECONDS: Final = 60.0
"""After this long without a failure the waits start from the shortest again."""
STOP_SECONDS: Final = 8.0
"""A worker gives up what it cannot commit after 5 s; Docker kills us all after 10 s."""
_LOOK_SECONDS: Final = 0.1

log = structlog.get_logger()


class WorkersFailed(Unavailable):
    """A worker could not start at all; the message is its own."""


@dataclass
class _Slot:
    number: int
    worker: WorkerProcess | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0


class Supervisor:
    """A number of workers, each restarted when it ends by itself."""

    def __init__(self, workers: int) -> None:
        """Say how many; ``on_end``, if set, is called with the number of one that has ended."""
        self._slots = [_Slot(number) for number in range(1, workers + 1)]
        self.on_end: Callable[[int], None] = lambda _number: None
        self._running: dict[int, WorkerProcess] = {}

    @property
    def numbers(self) -> Sequence[int]:
        """The workers' numbers."""
        return [slot.number for slot in self._slots]

    def metrics(self, number: int) -> str | None:
        """Return a worker's metrics in text format; None if it does not run or answer."""
        worker = self._running.get(number)
        return None if worker is None else worker.metrics()

    def run(self, stop: threading.Event) -> None:
        """Keep the workers running until ``stop``, then end them all cleanly.

        Raises:
            WorkersFailed: one could not start at all: a setting, the broker, the database. Once it
                has run, such faults are waited out.
        """
        try:
            while not stop.wait(_LOOK_SECONDS):
                for slot in self._slots:
                    self._check(slot, time.monotonic())
        finally:
            self._end_all()

    def _check(self, slot: _Slot, now: float) -> None:
        if slot.worker is None:
            if now >= slot.due_at:
                self._start(slot, now)
        elif slot.worker.returncode is not None:
            self._ended(slot, slot.worker, now)

    def _start(self, slot: _Slot, now: float) -> None:
        slot.worker = self._running[slot.number] = WorkerProcess(
            Place(slot.number, len(self._slots))
        )
        slot.started_at = now
        log.info("worker_started", number=slot.number, pid=slot.worker.pid)

    def _ended(self, slot: _Slot, worker: WorkerProcess, now: float) -> None:
        self._reap(worker)
        slot.worker = None
        first_life = slot.failures == 0 and slot.due_at == 0
        if first_life and worker.failed_at_start:
            raise WorkersFailed(worker.failure)
        slot.failures = 0 if now - slot.started_at > STEADY_SECONDS else slot.failures
        wait = RESTART_SECONDS[min(slot.failures, len(RESTART_SECONDS) - 1)]
        slot.failures += 1
        slot.due_at = now + wait
        log.warning(
            "worker_ended",
            number=slot.number,
            exit_code=worker.returncode,
            error=worker.failure,
            restart_in_seconds=wait,
        )

    def _reap(self, worker: WorkerProcess) -> None:
        del self._running[worker.number]
        worker.reap()
        self.on_end(worker.number)

    def _end_all(self) -> None:
        workers = list(self._running.values())
        for worker in workers:
            worker.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in workers:
            worker.end(max(0.0, deadline - time.monotonic()))
            self._reap(worker)
