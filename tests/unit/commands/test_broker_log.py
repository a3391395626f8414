"""``fleetgauge check --broker-log``: who was refused, by lines as Mosquitto 2.0 writes them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fleetgauge.cli import app
from models.mosquitto_log import refused_login, refused_publish

LOG = """\
2026-11-26T16:59:25: New connection from 127.0.0.1:45918 on port 1883.
2026-11-26T16:59:25: Client ivpat-1/101 disconnected, not authorised.
2026-11-26T16:59:25: Client ivpat-2 disconnected.
2026-11-26T16:59:26: Client ivpat-1/101 disconnected, not authorised.
1764176367: Denied PUBLISH from ivpat-1 (d0, q1, r0, m7, 'fleet/x/1/position', ... (9 bytes))
2026-11-26T16:59:27: Received PUBLISH from ivpat-1 (d0, q1, r0, m8, 'fleet/a/1/position', ...)
"""


def check(log: str, *options: str) -> str:
    done = CliRunner().invoke(app, ["check", "--broker-log", "-", *options], input=log)
    assert done.exit_code == 0
    return done.stdout


def test_each_refusal_is_counted_by_client() -> None:
    """Log-ins and publishes apart; neither broker nor database is asked."""
    found = json.loads(check(LOG, "--json"))["findings"]
    assert [(each["code"], each["values"]) for each in found] == [
        ("broker.logins_refused", {"client": "ivpat-1/101", "times": 2}),
        ("broker.publishes_refused", {"client": "ivpat-1", "times": 1}),
    ]


def test_made_up_names_do_not_fill_the_screen() -> None:
    """The most frequent ones, and how many others there are."""
    log = "".join(f"Client x{number} disconnected, not authorised.\n" for number in range(1_000))
    shown = check(log)
    assert shown.count(" refused: 1") == 20
    assert "log-ins of 980 others refused: 980" in " ".join(shown.split())


def test_nobody_was_refused() -> None:
    assert "nobody was refused; lines of its log read: 1" in check("Client a disconnected.\n")


@pytest.mark.parametrize("line", [b"", b"\xff", b"Client a disconnected.", b"Denied PUBLISH from"])
def test_other_lines_are_none(line: bytes) -> None:
    assert refused_login(line) is refused_publish(line) is None


def test_a_name_may_be_anything() -> None:
    """As it is in the log: spaces, brackets, what is not UTF-8."""
    assert (
        refused_login(b"1: Client a (d0, \xff disconnected, not authorised.\n") == "a (d0, \ufffd"
    )


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--broker-log", str(tmp_path / "none")])
    assert done.exit_code == 2
