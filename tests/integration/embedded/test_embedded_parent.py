"""What becomes of the embedded parts when the process that started them is interrupted or dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from fleetgauge.embedded.database import EmbeddedDatabase
from tests.integration.embedded.processes import descendants, kill, wait_until_gone

REPOSITORY = Path(__file__).parents[3]
MODULE = "tests.integration.embedded.demo_like"


@contextmanager
def _demo(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the script in a process group of its own, as a terminal does, until both parts answer."""
    command = [sys.executable, "-m", MODULE, str(folder), *options]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, process_group=0
    ) as demo:
        try:
            assert demo.stdout is not None
            assert demo.stdout.readline().startswith("postgresql://")
            yield demo
        finally:
            demo.kill()


def _numbers(folder: Path) -> list[int]:
    with EmbeddedDatabase(folder / "database") as database, psycopg.connect(database.url) as s:
        return [number for (number,) in s.execute("SELECT number FROM bus ORDER BY number")]


def test_ctrl_c_leaves_the_parts_to_their_owner(place: Path) -> None:
    """After an interrupt of the whole foreground group the last batch can still be committed."""
    with _demo(place) as demo:
        started = descendants(psutil.Process(demo.pid))
        os.killpg(demo.pid, signal.SIGINT)
        output, _ = demo.communicate(timeout=60)

    assert output == "committed\n"
    assert demo.returncode == 0
    wait_until_gone(started)
    assert _numbers(place) == [1, 2]


@pytest.mark.parametrize("options", [(), ("fork",)], ids=["alone", "with a fork that lives on"])
def test_parts_end_with_a_killed_owner(place: Path, options: tuple[str, ...]) -> None:
    """Kill -9 of the owner ends broker and database, and the next start has all commits."""
    with _demo(place, *options) as demo:
        started = descendants(psutil.Process(demo.pid))
        fork = [process for process in started if process.cmdline()[1:3] == ["-m", MODULE]]
        demo.kill()
        demo.wait()
        wait_until_gone([process for process in started if process not in fork])
        kill(fork)
    assert len(fork) == len(options)
    assert _numbers(place) == [1]


def test_a_server_that_was_killed_is_taken_over(place: Path) -> None:
    """After kill -9 of owner, watchdogs and servers the data are recovered by the next start."""
    with _demo(place) as demo:
        started = descendants(psutil.Process(demo.pid))
        servers = [process for process in started if "-D" in process.cmdline()]
        kill([*servers, *started, psutil.Process(demo.pid)])
    wait_until_gone(started)
    assert (place / "database" / "data" / "postmaster.pid").exists()
    assert _numbers(place) == [1]


def test_a_server_whose_watchdog_was_killed_ends_too(place: Path) -> None:
    """After kill -9 of the owner and the watchdogs no server stays, or the next start ends it."""
    with _demo(place) as demo:
        started = descendants(psutil.Process(demo.pid))
        watchdogs = [process for process in started if "watchdog.py" in " ".join(process.cmdline())]
        kill([psutil.Process(demo.pid), *watchdogs])
    assert len(watchdogs) == 2
    assert _numbers(place) == [1]
    wait_until_gone(started)
