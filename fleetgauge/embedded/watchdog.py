"""A script between the demo and a part of it: it ends the part when the demo ends, however.

Run by path with the standard library alone, as `watchdog.py JSON`. The part must not get the Ctrl-C
that a terminal sends to the whole foreground group, or it would be gone before the last batch is
committed; so the watchdog and the part have a session of their own. Standard input is a pipe from
the demo: a byte or its end means stop. A fork of the demo may hold the pipe open after a kill -9,
so the watchdog also checks who its parent is.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

LOOK_SECONDS = 0.2
PR_SET_PDEATHSIG = 1


def watch(
    command: list[str],
    parent: int,
    stop_signal: int,
    grace_seconds: float,
    user: int | None,
    group: int | None,
) -> int:
    """Run the command until it ends or the parent does; return its exit status."""
    part = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_watchdog(stop_signal),
        user=user,
        group=group,
        extra_groups=None if group is None else [],
    )
    while part.poll() is None and not _must_stop(parent):
        pass
    if part.poll() is None:
        _stop(part, stop_signal, grace_seconds)
    return int(part.returncode)


def _must_stop(parent: int) -> bool:
    readable, _, _ = select.select([0], [], [], LOOK_SECONDS)
    return bool(readable) or os.getppid() != parent


def _stop(part: "subprocess.Popen[bytes]", stop_signal: int, grace_seconds: float) -> None:
    part.send_signal(stop_signal)
    try:
        part.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        part.kill()
        part.wait()


def _die_with_watchdog(stop_signal: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask_kernel() -> None:
        # Called after the change of user, which would clear it.
        libc.prctl(PR_SET_PDEATHSIG, stop_signal)

    return ask_kernel


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(watch(**json.loads(sys.argv[1])) & 0xFF)
