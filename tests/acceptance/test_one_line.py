"""What goes wrong is one line on stderr, and tells no secret."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from storage.migrate import migrate
from tests.acceptance.command import fleetgauge


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("FLEETGAUGE_DATABASE_URL", "mysql://a:s3cret@b/c", "FLEETGAUGE_DATABASE_URL: expected"),
        ("FLEETGAUGE_DATABASE_URL", "postgresql://a:s3cret@[::1/c", "FLEETGAUGE_DATABASE_URL"),
        ("FLEETGAUGE_MQTT_URL", "http://a:s3cret@b", "FLEETGAUGE_MQTT_URL: expected"),
        ("FLEETGAUGE_TIME_ZONE", "Mars/Base", "expected an IANA time zone"),
        ("FLEETGAUGE_TIME_ZONE", "EET", "'EET' is an abbreviation"),
        ("FLEETGAUGE_MAX_AGE", "99999999999d", "FLEETGAUGE_MAX_AGE"),
    ],
)
def test_wrong_setting(variable: str, value: str, words: str) -> None:
    """The variable is named, and what it takes; its value may be a password."""
    ended = fleetgauge("share", environment={variable: value})
    assert ended.returncode == 1
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert "s3cret" not in ended.stderr


def test_full_disk(embedded_url: str) -> None:
    """Output that cannot be written is a failure."""
    migrate(embedded_url)
    script = "import os, sys; sys.argv[1:] = ['share', '--json']; import fleetgauge.__main__"
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", script],
            env={"FLEETGAUGE_DATABASE_URL": embedded_url},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert "No space left" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("terminal", [False, True])
def test_an_output_without_unicode(embedded_url: str, terminal: bool) -> None:
    """JSON stays JSON on a poor terminal, and a file is UTF-8 in every locale."""
    migrate(embedded_url)
    environment = {"FLEETGAUGE_DATABASE_URL": embedded_url, "PYTHONIOENCODING": "ascii"}
    fleet = Path(__file__).with_name("fleet.csv")
    assert fleetgauge("registry", "import", str(fleet), environment=environment).returncode == 0
    command = [sys.executable, "-m", "fleetgauge", "registry", "list", "--json"]
    reading, writing = pty.openpty() if terminal else os.pipe()
    with os.fdopen(writing, "wb") as output, os.fdopen(reading, "rb", buffering=0) as listed:
        subprocess.run(command, env=environment, stdout=output, check=True, timeout=60)
        written = listed.read(65_536)
    assert json.loads(written)[0]["municipality"] == "Кинешма"
    assert ("Кинешма".encode() in written) is not terminal
