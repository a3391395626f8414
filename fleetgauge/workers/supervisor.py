"""Keep a number of workers running, and end them together."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from fleetgauge.workers.process import WorkerProcess

RESTART_SECONDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits before a worker is started again; a longer one each time, the last one repeats."""
STEADY_SECONDS: Final = 60.0
"""Who worked for this long begins with the shortest wait again."""
STOP_SECONDS: Final = 8.0
"""A worker gives up what it cannot commit after 5 s; Docker kills us all after 10 s."""
_LOOK_SECONDS: Final = 0.1

log = structlog.get_logger()


class WorkersFailed(Exception):
    """A worker could not start at all; the message is its own."""


@dataclass
class _Post:
    number: int
    worker: WorkerProcess | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0


class Supervisor:
    """So many workers, each restarted when it ends by itself."""

    def __init__(self, workers: int) -> None:
        """Say how many; ``on_end`` may be set to what is told the number of one that ended."""
        self._posts = [_Post(number) for number in range(1, workers + 1)]
        self.on_end: Callable[[int], None] = lambda _number: None
        self._on_duty: dict[int, WorkerProcess] = {}

    @property
    def numbers(self) -> Sequence[int]:
        """The workers' numbers."""
        return [post.number for post in self._posts]

    def metrics(self, number: int) -> str | None:
        """Return a worker's metrics in text format, None where it does not run or answer."""
        worker = self._on_duty.get(number)
        return None if worker is None else worker.metrics()

    def run(self, stop: threading.Event) -> None:
        """Keep the workers running until ``stop``, then end them all cleanly.

        Raises:
            WorkersFailed: one could not start when all were started: a setting, the broker, the
                database. Later such faults pass, and are waited for.
        """
        try:
            while not stop.wait(_LOOK_SECONDS):
                for post in self._posts:
                    self._look_after(post)
        finally:
            self._end_all()

    def _look_after(self, post: _Post) -> None:
        now = time.monotonic()
        if post.worker is None:
            if now >= post.due_at:
                self._start(post, now)
        elif post.worker.returncode is not None:
            self._ended(post, post.worker, now)

    def _start(self, post: _Post, now: float) -> None:
        post.worker = self._on_duty[post.number] = WorkerProcess(post.number)
        post.started_at = now
        log.info("worker_started", number=post.number, pid=post.worker.pid)

    def _ended(self, post: _Post, worker: WorkerProcess, now: float) -> None:
        self._bury(worker)
        post.worker = None
        first_life = post.failures == 0 and post.due_at == 0
        if first_life and worker.failed_at_start:
            raise WorkersFailed(worker.failure)
        post.failures = 0 if now - post.started_at > STEADY_SECONDS else post.failures
        wait = RESTART_SECONDS[min(post.failures, len(RESTART_SECONDS) - 1)]
        post.failures += 1
        post.due_at = now + wait
        log.warning(
            "worker_ended",
            number=post.number,
            exit_code=worker.returncode,
            error=worker.failure,
            restart_in_seconds=wait,
        )

    def _bury(self, worker: WorkerProcess) -> None:
        del self._on_duty[worker.number]
        worker.bury()
        self.on_end(worker.number)

    def _end_all(self) -> None:
        workers = list(self._on_duty.values())
        for worker in workers:
            worker.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in workers:
            worker.end(max(0.0, deadline - time.monotonic()))
            self._bury(worker)
