"""Processes of this machine, by their number."""

from contextlib import suppress

import psutil


def find_process(pid: int) -> psutil.Process | None:
    """Return the living process of that number; a zombie is not alive.

    Orphans stay zombies for good in a container whose first process does not collect them.
    """
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None
