"""The roles that docker-compose.yml's database starts with: each gets its work done."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import structlog
from structlog.testing import capture_logs

from fleetgauge.excess_rights import warn_of_excess_rights
from models.rejection import Rejection, RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import connect
from storage.migrate import migrate
from storage.rules import record
from storage.writing.batch import Batch, Message
from storage.writing.keys import learn_kinds
from storage.writing.writer import Writer
from tests.integration.deploy.conftest import ROLES, ComposeDatabase


@pytest.fixture(scope="module")
def database(compose_database: ComposeDatabase) -> ComposeDatabase:
    """The same, migrated by its owner."""
    assert migrate(compose_database.url("fleetgauge")).missing_roles == ()
    return compose_database


def run(database: ComposeDatabase, role: str, *arguments: str) -> str:
    """Run a command as a role, and return what it prints."""
    command = [sys.executable, "-m", "fleetgauge", *arguments]
    environment = os.environ | {"FLEETGAUGE_DATABASE_URL": database.url(role)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_passwords_are_kept_hashed(database: ComposeDatabase) -> None:
    """Each role has one, by SCRAM, and none is superuser."""
    with psycopg.connect(database.url()) as connection:
        rows = connection.execute(
            "select rolname, rolpassword, rolsuper from pg_authid"
            " where rolcanlogin and rolname <> 'postgres'"
        ).fetchall()
    assert {name for name, _, _ in rows} == set(ROLES)
    assert all(password.startswith("SCRAM-SHA-256$") for _, password, _ in rows)
    assert not any(superuser for _, _, superuser in rows)


def test_ingest_writes_a_batch(database: ComposeDatabase) -> None:
    """New operators, vehicles, chunks and kinds of equipment, rejected messages, its uptime."""
    now = datetime.now(UTC)
    bus = VehicleId("north", "1")
    batch = Batch()
    message = Message(b"fleet/north/1/position", b"{}", now)
    batch.add(message, [Report(bus, now, Fix(57.0, 41.0, route_id="7"))], [])
    batch.add(message, [], [Rejection(RejectReason.NOT_JSON, "not JSON", bus)])
    with Writer(database.url("ingest"), "ingest", "Europe/Moscow") as writer:
        assert writer.write(batch).stored == 1
        assert writer.write(batch).stored == 0
    with connect(database.url("ingest"), "test", autocommit=True) as connection:
        assert "lift" in learn_kinds(connection, ["lift"]).names
        assert record(connection, {"max_age": "86400"}, "ingest") == ["max_age"]


def test_admin_keeps_the_fleet_list(database: ComposeDatabase, tmp_path: Path) -> None:
    """Import, targets, hours, what was rejected."""
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("operator_id,vehicle_id,plate\nnorth,1,A1\nnorth,2,A2\n")
    # A first list goes back to the beginning, and may find the fleet of another test there.
    added = run(database, "admin", "registry", "import", str(fleet), "--yes")
    assert "2 vehicles added" in added
    period = ("--from", "2026-01-01", "--to", "2026-12-31")
    run(database, "admin", "target", "set", "trackable", "79.3%", *period)
    run(database, "admin", "target", "note", "trackable", "late tender", *period)
    run(database, "admin", "target", "milestone", "Tender", "--due", "2024-06-01")
    run(database, "admin", "target", "actual", "trackable", "34.8%", "--on", "2023-12-31",
        "--source", "annual report")  # fmt: skip
    run(database, "admin", "rejected", "replay")


def test_metrics_and_web_read(database: ComposeDatabase) -> None:
    """The shares, by the role of each."""
    for role in ("metrics", "web"):
        assert "vehicles" in json.loads(run(database, role, "share", "--json"))


def test_restored_elsewhere_the_rights_come_with_the_next_migration(
    database: ComposeDatabase,
) -> None:
    """What a role lacks is granted, although no script has changed."""
    with psycopg.connect(database.url(), autocommit=True) as connection:
        connection.execute("revoke all on report, target from fleetgauge_ingest, fleetgauge_admin")
    assert migrate(database.url("fleetgauge")).applied == ()
    with psycopg.connect(database.url("admin")) as connection:
        connection.execute("select from report, target")


@pytest.mark.parametrize(
    ("role", "expected"),
    [("postgres", "superuser"), ("fleetgauge", "owner"), ("ingest", None), ("metrics", None)],
)
def test_service_says_when_it_may_too_much(
    database: ComposeDatabase, role: str, expected: str | None
) -> None:
    """One warning at its start, which names what would be enough."""
    structlog.reset_defaults()
    with capture_logs() as logs:
        warn_of_excess_rights(database.url(role), needed="fleetgauge_ingest")
    warned = [(line["connected_as"], line["enough"]) for line in logs]
    assert warned == ([] if expected is None else [(expected, "fleetgauge_ingest")])
