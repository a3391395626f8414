"""One embedded part as a process: started under the keeper, stopped with nothing left behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from fleetgauge.embedded.account import Account

KEEPER = Path(__file__).with_name("keeper.py")


class KeptProcess:
    """Run a command in a session of its own, never longer than this process lives."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        *,
        stop_signal: signal.Signals,
        grace_seconds: float,
        account: Account | None = None,
        hold: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start; `hold` is a file descriptor (a lock) kept open until the command has ended.

        `environment` is added to ours.
        """
        order = {
            "command": command,
            "parent": os.getpid(),
            "stop_signal": int(stop_signal),
            "grace_seconds": grace_seconds,
            "user": account.uid if account else None,
            "group": account.gid if account else None,
        }
        self._grace_seconds = grace_seconds
        told, pipe = os.pipe()
        self._pipe = os.fdopen(pipe, "wb", buffering=0)
        with log.open("ab") as output, os.fdopen(told, "rb") as stdin:
            self._keeper = subprocess.Popen(
                # -P: a folder on the way must not lend its modules to the keeper.
                [sys.executable, "-P", str(KEEPER), json.dumps(order)],
                stdin=stdin,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=() if hold is None else (hold,),
                env=os.environ | dict(environment or {}),
            )

    @property
    def pid(self) -> int:
        """The keeper's process id; the command is its child."""
        return self._keeper.pid

    @property
    def running(self) -> bool:
        return self._keeper.poll() is None

    def stop(self) -> None:
        """End the command and wait for it; safe to call twice."""
        if self._pipe.closed:
            return
        with suppress(BrokenPipeError):
            # Closing alone is not heard while a fork of ours holds the pipe too.
            self._pipe.write(b"\n")
        self._pipe.close()
        # The keeper kills after its grace and then ends; it cannot outlast this.
        self._keeper.wait(self._grace_seconds + 10)


def find_process(pid: int) -> psutil.Process | None:
    """Return the living process of that number; a zombie lives no more.

    Orphans stay zombies for good in a container whose first process collects none.
    """
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None
