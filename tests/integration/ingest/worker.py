"""A worker as its users run it: a process, its environment, its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.waiting import wait_until

START_SECONDS = 60.0
"""Of several processes on a busy machine."""
STOP_SECONDS = 10.0
"""What the issue allows a clean stop."""


class Worker:
    """One ``fleetgauge ingest``, of one process or of several."""

    def __init__(self, log: Path, environment: Mapping[str, str], workers: int = 1) -> None:
        self._log = log
        self._workers = workers
        address = {"FLEETGAUGE_INGEST_ADDRESS": "127.0.0.1:0"}
        self._environment = os.environ | address | dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until all of it is subscribed."""
        wanted = self.log_text().count('"subscribed"') + self._workers
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fleetgauge", "ingest", "--workers", str(self._workers)],
                env=self._environment,
                stdout=output,
                stderr=output,
            )
        wait_until(
            lambda: self.log_text().count('"subscribed"') >= wanted or self.returncode is not None,
            seconds=START_SECONDS,
            what="the worker to subscribe",
        )
        if self.returncode is not None:
            raise AssertionError(f"the worker ended with {self.returncode}:\n{self.log_text()}")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process."""
        if self._process is None:
            raise AssertionError("the worker was not started")
        return self._process

    @property
    def returncode(self) -> int | None:
        """How it ended, None while it runs."""
        return self.process.poll()

    def stop(self) -> int:
        """Ask for a clean stop; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """Kill it at once."""
        self.process.kill()
        self.process.wait()

    def log_text(self) -> str:
        """What it has said."""
        return self._log.read_text() if self._log.exists() else ""


@contextmanager
def running_worker(log: Path, environment: Mapping[str, str], workers: int = 1) -> Iterator[Worker]:
    """Run a worker that is killed at the end if it still runs."""
    worker = Worker(log, environment, workers)
    worker.start()
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
