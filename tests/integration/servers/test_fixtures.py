"""The fixtures say why a server is missing, and use the one that the environment names."""

import os
import re
import subprocess
import sys

import psycopg
import pytest

from tests.servers.fixtures import DATABASE_URL
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import PROVIDE

PROMETHEUS = "test_prometheus_server.py::test_query_answers"
HYPERTABLE = "test_postgresql_server.py::test_timescaledb_makes_a_hypertable"
RESTARTED = "test_fixtures.py::test_session_server_is_ours"


def run(*tests: str, **environment: str) -> tuple[int, str]:
    """Run tests of this folder in a pytest of their own; return its status and summary."""
    folder = "tests/integration/servers"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        + [f"{folder}/{test}" for test in tests],
        cwd=PROVIDE.parents[2],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_session_server_is_ours(timescaledb_server: PostgresServer) -> None:
    """A test that asks for the server itself gets one that it may stop."""
    assert timescaledb_server.running


@pytest.mark.parametrize(("ci", "status", "word"), [("true", 1, "ERROR"), ("", 0, "SKIPPED")])
def test_missing_server_fails_under_ci_and_skips_otherwise(ci: str, status: int, word: str) -> None:
    """Either way the reason is in the summary."""
    returned, summary = run(PROMETHEUS, CI=ci, FLEETGAUGE_SERVERS_DIR="relative")
    assert returned == status
    assert re.search(f"^{word}.*server unavailable: .*FLEETGAUGE_SERVERS_DIR", summary, re.M)


def test_named_database_is_used_and_not_stopped(timescaledb_server: PostgresServer) -> None:
    """On a server from the environment, databases are made; tests that stop a server skip."""
    before = databases(timescaledb_server)
    url = timescaledb_server.url()
    returned, summary = run(HYPERTABLE, RESTARTED, **{DATABASE_URL: url})
    assert returned == 0, summary
    assert "1 passed, 1 skipped" in summary
    assert f"{DATABASE_URL} names a server" in summary
    assert databases(timescaledb_server) == before


def databases(server: PostgresServer) -> set[str]:
    with psycopg.connect(server.url()) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
