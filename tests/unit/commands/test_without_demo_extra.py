"""A production install lacks the extra `demo`: nothing but `fleetgauge demo` misses it."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from fleetgauge.demo.servers import EXTRA
from fleetgauge.environment import PREFIX

WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({EXTRA})); "


def _run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + program, *arguments],
        env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
        capture_output=True,
        text=True,
    )


def test_demo_says_what_to_install() -> None:
    """In one line, which also says how to do without."""
    ended = _run("from fleetgauge.cli import main; main()", "demo", "--seconds", "10")
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert "run `pip install 'fleetgauge[demo]'`" in line
    assert "FLEETGAUGE_MQTT_URL and FLEETGAUGE_DATABASE_URL" in line


def test_every_command_can_be_imported() -> None:
    """The embedded servers are imported only to be started."""
    ended = _run(
        "from fleetgauge.commands import Commands; group = Commands(); "
        "print(*(group.get_command(None, name).name for name in group.list_commands(None)))"
    )
    assert ended.returncode == 0, ended.stderr
    assert {"demo", "ingest", "metrics"} <= set(ended.stdout.split())


@pytest.mark.parametrize("module", EXTRA)
def test_the_extra_is_what_it_installs(module: str) -> None:
    """By another name it would be missed although it is there."""
    assert find_spec(module)
