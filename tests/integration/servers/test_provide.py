"""provide.sh finds what it has built and gives its reasons in one line."""

import os
import subprocess
from pathlib import Path

from tests.servers.userland import PROVIDE, Userland


def provide(environment: dict[str, str], *before: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, "bash", str(PROVIDE)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_second_run_prints_the_same_folder(userland: Userland) -> None:
    """What is built is found again, and nothing else is on stdout."""
    done = provide({})
    assert done.stdout == f"{userland.root}\n"
    assert done.stderr == ""


def test_reason_is_one_line(userland: Userland, tmp_path: Path) -> None:
    """Where it cannot build it says why, builds nothing and prints no folder."""
    done = provide({"FLEETGAUGE_SERVERS_DIR": "relative"})
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "FLEETGAUGE_SERVERS_DIR" in done.stderr


def test_nothing_stays_mounted(userland: Userland) -> None:
    """The host's mounts do not know the userland."""
    assert str(userland.root.parent) not in Path("/proc/self/mounts").read_text()
