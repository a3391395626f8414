"""One worker process, as its supervisor sees it."""

import contextlib
import signal
import subprocess
import sys
import threading

from fleetgauge.workers import link
from fleetgauge.workers.numbered import Place

_CHILD = "fleetgauge.workers.child"
ANSWER_SECONDS = 1.0
"""If a worker takes longer to answer, its last known metrics are used."""


class WorkerProcess:
    """A worker that runs, and the link to it."""

    def __init__(self, place: Place) -> None:
        """Start it."""
        self.number = place.number
        self.failure: str | None = None
        self.failed_at_start = False
        self._asking = threading.Lock()
        self._link, theirs = link.pair()
        with theirs:
            descriptor = theirs.fileno()
            self._process = subprocess.Popen(
                # -P: the worker must import nothing from the current folder.
                [sys.executable, "-P", "-m", _CHILD, *map(str, place), str(descriptor)],
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def metrics(self) -> str | None:
        """Return its metrics in Prometheus' text format; None if it does not answer."""
        with self._asking:
            try:
                self._link.send_bytes(link.METRICS_WANTED)
                return self._answer()
            except (EOFError, OSError):
                return None

    def stop(self) -> None:
        """Ask it to end cleanly."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def end(self, seconds: float) -> None:
        """Wait for its end, and kill it if that takes longer."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def reap(self) -> None:
        """Read its last messages, once it has ended."""
        with self._asking, contextlib.suppress(EOFError, OSError):
            while True:
                self._note(link.receive(self._link))
        self._link.close()

    def _answer(self) -> str | None:
        while self._link.poll(ANSWER_SECONDS):
            message = link.receive(self._link)
            if message.kind == link.METRICS:
                # An answer that was too late for an earlier question is as good as a new one.
                return message.text
            self._note(message)
        return None

    def _note(self, message: link.Message) -> None:
        if message.kind in {link.FAILED, link.FAILED_AT_START}:
            self.failure = message.text
            self.failed_at_start = message.kind == link.FAILED_AT_START
