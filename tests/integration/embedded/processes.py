"""Looking at processes from outside, as a test must."""

import time
from contextlib import suppress

import psutil

LOOK_SECONDS = 0.02


def descendants(process: psutil.Process | None = None) -> list[psutil.Process]:
    """Return every process that this one, or the given one, has started and has not ended."""
    return (process or psutil.Process()).children(recursive=True)


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those still running; a zombie that nobody collects is not."""
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def wait_until_gone(processes: list[psutil.Process], seconds: float = 15.0) -> None:
    """Return when none of them runs; fail naming those that do after the time."""
    deadline = time.monotonic() + seconds
    while left := living(processes):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(LOOK_SECONDS)


def kill(processes: list[psutil.Process]) -> None:
    """Kill them all, in this order; one may already have gone with another."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
