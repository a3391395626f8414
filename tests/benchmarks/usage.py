"""What processes and their children take, and how to make them wait."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of all its children, those that have ended included."""
    seconds = 0.0
    for process in _family(pid):
        # What one took that ends at this moment is counted with its parent, at the next look.
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process and its children for a `with` block: what is sent to them waits."""
    family = _family(pid)
    for process in family:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            os.kill(process.pid, signal.SIGCONT)


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]
