"""A meaningless argument ends with 2, before any server is contacted."""

import pytest
from typer.testing import CliRunner

from fleetgauge.cli import app

PERIOD = ("--from", "2024-01-01", "--to", "2024-12-31")
NO_ID = "99999999999999999999"


@pytest.mark.parametrize(
    "arguments",
    [
        ("rejected", "show", NO_ID),
        ("rejected", "replay", NO_ID),
        ("rejected", "list", "--limit", NO_ID),
        ("target", "set", "trackable", "79.3%", *PERIOD, "--author", "An\x1b[31mna"),
        ("target", "set", "trackable", "79.3%", *PERIOD, "--author", "An\nna"),
        ("target", "import", "plan.csv", "--author", ""),
        ("registry", "import", "fleet.csv", "--by", "\x07"),
        ("registry", "changes", "--limit", NO_ID),
        ("ingest", "--workers", "2", "--retire", "x"),
        ("simulate", "--write-registry", "-", "--json"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2, and nothing on stdout."""
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", "postgresql://postgres@127.0.0.1:1/none")
    ended = CliRunner().invoke(app, arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
