"""One worker process, as its supervisor sees it."""

import contextlib
import signal
import subprocess
import sys
import threading

from fleetgauge.workers import link

_CHILD = "fleetgauge.workers.child"
ANSWER_SECONDS = 1.0
"""A worker that takes longer to tell its metrics is counted as it was last."""


class WorkerProcess:
    """A running worker, and how to ask it."""

    def __init__(self, number: int) -> None:
        """Start it."""
        self.number = number
        self.failure: str | None = None
        self.failed_at_start = False
        self._asking = threading.Lock()
        self._link, theirs = link.pair()
        with theirs:
            descriptor = theirs.fileno()
            self._process = subprocess.Popen(
                # -P: the current folder must not lend its modules to the worker.
                [sys.executable, "-P", "-m", _CHILD, str(number), str(descriptor)],
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, None while it runs."""
        return self._process.poll()

    def metrics(self) -> str | None:
        """Return its metrics in Prometheus' text format; None where it does not answer."""
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
        """Wait for its end, and kill it if it takes longer."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def bury(self) -> None:
        """Hear its last words, once it has ended."""
        with self._asking, contextlib.suppress(EOFError, OSError):
            while True:
                self._note(link.hear(self._link))
        self._link.close()

    def _answer(self) -> str | None:
        while self._link.poll(ANSWER_SECONDS):
            said = link.hear(self._link)
            if said.what == link.METRICS:
                # An answer that was too late for an earlier question is as good as a new one.
                return said.text
            self._note(said)
        return None

    def _note(self, said: link.Said) -> None:
        if said.what in {link.FAILED, link.FAILED_AT_START}:
            self.failure = said.text
            self.failed_at_start = said.what == link.FAILED_AT_START
