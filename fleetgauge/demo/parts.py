"""The demo's own processes: the worker, the exporter and the pages, as in production."""

import socket
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from fleetgauge.commands.errors import CommandError
from fleetgauge.embedded.watched_process import WatchedProcess
from fleetgauge.environment import is_set, variable_of
from fleetgauge.setting_values import Address
from fleetgauge.settings import Settings

READY_SECONDS = 30.0
GRACE_SECONDS = 15.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Part:
    """One command of ours in a process of its own."""

    command: str
    address: Address
    process: WatchedProcess
    log: Path

    @property
    def url(self) -> str:
        """Where its metrics are."""
        return f"http://{self.address}/metrics"

    def value(self, metric: str) -> float:
        """Return the sum over a metric's series, as it exports them.

        Raises:
            OSError: it does not answer.
        """
        with urllib.request.urlopen(self.url, timeout=5) as answer:  # noqa: S310 (our own address)
            families = text_string_to_metric_families(answer.read().decode())
            return sum(
                sample.value
                for family in families
                for sample in family.samples
                if sample.name == metric
            )

    def raise_if_failed(self) -> None:
        """Raise CommandError with the last line of its log if it has ended by itself."""
        if not self.process.running:
            lines = self.log.read_text(errors="replace").strip().splitlines()
            why = f": {lines[-1].removeprefix('fleetgauge: ')}" if lines else " without output"
            raise CommandError(f"{self.command} exited{why}")

    def wait_until_ready(self) -> None:
        """Wait until it says that it has reached the database, and the worker the broker.

        Raises:
            CommandError: it ended, or is not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not _is_ready(self.address):
            self.raise_if_failed()
            if time.monotonic() > deadline:
                raise CommandError(f"{self.command} is not ready after {READY_SECONDS:.0f} s")
            time.sleep(_LOOK_SECONDS)


class Parts(NamedTuple):
    """All that the demo runs of ours."""

    ingest: Part
    metrics: Part
    web: Part


@contextmanager
def running(
    command: str, setting: str, preferred: Address, folder: Path, environment: Mapping[str, str]
) -> Iterator[Part]:
    """Run ``fleetgauge COMMAND`` while the context lasts, and end it cleanly.

    Args:
        setting: that of its address; where the environment does not give it and the preferred
            port is taken, a free one is used.
    """
    address = preferred
    if not is_set(setting):
        address = _free_address(preferred)
        environment = {**environment, variable_of(setting): str(address)}
    log = folder / f"{command}.log"
    log.write_bytes(b"")
    process = WatchedProcess(
        [sys.executable, "-P", "-m", "fleetgauge", command],
        log,
        stop_signal=SIGTERM,
        grace_seconds=GRACE_SECONDS,
        environment=environment,
    )
    try:
        yield Part(command, address, process, log)
    finally:
        process.stop()


@contextmanager
def all_parts(settings: Settings, folder: Path, environment: Mapping[str, str]) -> Iterator[Parts]:
    """Run them, ready to work.

    Raises:
        CommandError: one of them does not get ready.
    """
    with ExitStack() as stack:
        start = [
            running("metrics", "metrics_address", settings.metrics_address, folder, environment),
            running("ingest", "ingest_address", settings.ingest_address, folder, environment),
            running("web", "web_address", settings.web_address, folder, environment),
        ]
        metrics, ingest, web = (stack.enter_context(part) for part in start)
        for part in (metrics, ingest, web):
            part.wait_until_ready()
        yield Parts(ingest, metrics, web)


def _is_ready(address: Address) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:  # urllib's errors among them: refused, and 503
        return False


def _free_address(preferred: Address) -> Address:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(preferred)
        except OSError:
            probe.bind((preferred.host, 0))
        return Address(preferred.host, probe.getsockname()[1])
