"""A part of the demo as a process: started under the watchdog, stopped with nothing left behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fleetgauge.embedded.system_user import SystemUser

WATCHDOG = Path(__file__).with_name("watchdog.py")


class WatchedProcess:
    """Run a command in a session of its own, never longer than this process lives."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        *,
        stop_signal: signal.Signals,
        grace_seconds: float,
        user: SystemUser | None = None,
        hold: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the command.

        Args:
            hold: a file descriptor (a lock) kept open until the command has ended.
            environment: variables added to ours.
        """
        order = {
            "command": command,
            "parent": os.getpid(),
            "stop_signal": int(stop_signal),
            "grace_seconds": grace_seconds,
            "user": user.uid if user else None,
            "group": user.gid if user else None,
        }
        self._grace_seconds = grace_seconds
        stdin_end, pipe = os.pipe()
        self._pipe = os.fdopen(pipe, "wb", buffering=0)
        with log.open("ab") as output, os.fdopen(stdin_end, "rb") as stdin:
            self._watchdog = subprocess.Popen(
                # -P: the watchdog must import nothing from the folder it is in.
                [sys.executable, "-P", str(WATCHDOG), json.dumps(order)],
                stdin=stdin,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=() if hold is None else (hold,),
                env=os.environ | dict(environment or {}),
            )

    @property
    def running(self) -> bool:
        return self._watchdog.poll() is None

    def stop(self) -> None:
        """End the command and wait for it; safe to call twice."""
        if self._pipe.closed:
            return
        with suppress(BrokenPipeError):
            # Closing alone goes unnoticed while a fork of ours holds the pipe too.
            self._pipe.write(b"\n")
        self._pipe.close()
        # The watchdog kills after its grace and then ends; it cannot outlast this.
        self._watchdog.wait(self._grace_seconds + 10)
