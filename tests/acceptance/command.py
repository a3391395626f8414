"""Run a command of ours in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping


def fleetgauge(
    *arguments: str, environment: Mapping[str, str] | None = None, seconds: float = 90
) -> "subprocess.CompletedProcess[str]":
    """Run ``fleetgauge …`` to its end, without any setting of the outer environment."""
    clean = {name: value for name, value in os.environ.items() if "FLEETGAUGE_" not in name}
    return subprocess.run(
        [sys.executable, "-m", "fleetgauge", *arguments],
        env=clean | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
