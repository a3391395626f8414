"""The exporter as its users run it: a process."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.waiting import wait_until

NO_PROBE = {"FLEETGAUGE_PROBE_INTERVAL": "0"}
"""Unless the test asks for it: there is no broker behind most exporters here."""


@contextmanager
def exporting(log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run `fleetgauge metrics` for the length of a `with` block."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "fleetgauge", "metrics"],
            env=os.environ | NO_PROBE | dict(environment),
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(
            lambda: "listening_started" in log.read_text() or process.poll() is not None,
            seconds=20,
            what="the exporter to listen",
        )
        yield
    finally:
        process.terminate()
        process.wait(10)
