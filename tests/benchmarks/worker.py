"""``fleetgauge ingest`` as its users run it: the command, as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

STOP_S = 15.0


class Worker:
    """One worker or several, in one command, writing into a database."""

    def __init__(
        self, broker_url: str, database_url: str, workers: int = 1, **settings: str
    ) -> None:
        self._arguments = ["--workers", str(workers)]
        self._folder = TemporaryDirectory(prefix="fleetgauge-bench-")
        self._log = Path(self._folder.name) / "log"
        self._process = self._start(
            {
                "FLEETGAUGE_MQTT_URL": broker_url,
                "FLEETGAUGE_DATABASE_URL": database_url,
                "FLEETGAUGE_TOPICS": "fleet/#",
                "FLEETGAUGE_INGEST_ADDRESS": "127.0.0.1:0",
                **{f"FLEETGAUGE_{name.upper()}": value for name, value in settings.items()},
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id; raises with the end of the log once the process has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the worker ended: {self._log.read_text()[-2000:]}")
        return self._process.pid

    def subscribed(self) -> int:
        """Return how many of its workers have subscribed."""
        return self._log.read_text().count('"subscribed"')

    def peak_bytes(self) -> int:
        """Return the most memory that was resident at any time so far (proc(5), VmHWM)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise LookupError("VmHWM")

    def close(self) -> None:
        """Stop it cleanly, or kill it if that does not work."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "fleetgauge", "ingest", *self._arguments],
                env={**_without_ours(os.environ), **environment},
                stdout=output,
                stderr=output,
            )


def _without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    # What the caller has set for a worker of its own is none of a benchmark's business.
    return {k: v for k, v in environment.items() if not k.startswith("FLEETGAUGE_")}
