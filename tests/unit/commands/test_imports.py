"""A command imports what it needs, and no other: each takes a second of its own."""

import subprocess
import sys

import pytest

HEAVY = ("alembic", "sqlalchemy", "paho", "google.protobuf", "prometheus_client", "psutil")


@pytest.mark.parametrize("command", ["share", "untrackable", "target", "registry"])
def test_a_question_needs_neither_broker_nor_migrations(command: str) -> None:
    program = (
        "import sys; from fleetgauge.cli import app; app([sys.argv[1], '--help'], "
        "standalone_mode=False); print(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, command], capture_output=True, text=True, check=True
    )
    imported = set(ran.stdout.split())
    assert "storage.connection" in imported
    assert [each for each in HEAVY if each in imported] == []
