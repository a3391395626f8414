"""One server process of ours: started, signalled, killed, and never outliving this one."""

import signal
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.servers.userland import ENVIRONMENT
from tests.servers.waiting import wait_until

START_S = 30.0
STOP_S = 30.0
LOG_TAIL_LINES = 30

# The kernel sends the death signal when the *thread* that forked ends, not its process. So all
# servers are forked by one thread that lives to the end, and a test may start one from any thread.
_launcher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="server-launcher")


class ServerError(Exception):
    """A server ended by itself, or did not become ready; the message has the end of its log."""


class ServerProcess:
    """A command that runs in the foreground, its output in a log file."""

    def __init__(
        self, command: Sequence[str], log: Path, *, start_seconds: float = START_S
    ) -> None:
        self._command = command
        self._log = log
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id, None while not running."""
        return self._process.pid if self._process is not None and self.running else None

    def log_text(self) -> str:
        """Return everything the server has logged since its first start."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self, ready: Callable[[], bool]) -> None:
        """Start the process and return once `ready`; raise ServerError if it never is."""
        if self.running:
            raise RuntimeError("already running")
        self._process = _launcher.submit(self._launch).result()
        try:
            wait_until(
                lambda: not self.running or ready(),
                seconds=self._start_seconds,
                what="server ready",
            )
        except TimeoutError as error:
            self.kill()
            raise ServerError(f"{error}\n{self._log_tail()}") from error
        if not self.running:
            raise ServerError(f"ended while starting\n{self._log_tail()}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if the process has ended."""
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to end, and wait for it."""
        if self._process is None:
            return
        self.send(number)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ServerError(f"did not stop on {number.name}\n{self._log_tail()}") from error

    def kill(self) -> None:
        """Kill the process with SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _launch(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=ENVIRONMENT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop the server
            )

    def _log_tail(self) -> str:
        return "\n".join(self.log_text().splitlines()[-LOG_TAIL_LINES:])
