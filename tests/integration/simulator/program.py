"""The program as users run it: a process of its own, its settings in the environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from subprocess import CompletedProcess

SECONDS = 30.0


class Program:
    """``fleetgauge`` with a broker's URL in its environment."""

    def __init__(self, mqtt_url: str, **settings: str) -> None:
        ours = {k: v for k, v in os.environ.items() if not k.startswith("FLEETGAUGE_")}
        self._environment = ours | {"FLEETGAUGE_MQTT_URL": mqtt_url} | settings

    def run(self, *arguments: object) -> CompletedProcess[str]:
        """Run a command to its end."""
        return self.run_until(lambda: None, *arguments)

    def run_until(
        self,
        ready: Callable[[], None],
        *arguments: object,
        number: signal.Signals | None = None,
    ) -> CompletedProcess[str]:
        """Run a command; once `ready` returns, send it a signal if one is given."""
        command = [sys.executable, "-m", "fleetgauge", *map(str, arguments)]
        with subprocess.Popen(
            command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                ready()
                if number is not None:
                    process.send_signal(number)
                out, err = process.communicate(timeout=SECONDS)
            finally:
                process.kill()
        return CompletedProcess(command, process.returncode, out, err)
