"""The exporter throws away what is old enough, and so does `fleetgauge maintain --every`."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import psycopg
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from metrics.maintenance import Maintenance
from models.report import Fix, Report
from models.retention import Retention
from models.vehicle import VehicleId
from storage.connection import connect
from storage.migrate import migrate
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from tests.servers.waiting import wait_until

KEPT = Retention(timedelta(days=60), timedelta(), timedelta(), timedelta(days=7))
COMPLETED = "fleet_maintenance_completed_timestamp_seconds"


def fill(url: str) -> None:
    """One position of a hundred days ago, and one of now."""
    migrate(url)
    with Writer(url, "test", "UTC") as writer:
        for age in (timedelta(days=100), timedelta()):
            at = datetime.now(UTC) - age
            batch = Batch()
            message = Message(b"fleet/op/1/position", b"{}", at)
            batch.add(message, [Report(VehicleId("op", "1"), at, Fix(57.0, 41.0))], [])
            writer.write(batch)


def positions(url: str) -> int:
    with connect(url, "test") as connection:
        row = connection.execute("select count(*) from report").fetchone()
    return int(row[0]) if row else 0


def test_the_exporter_throws_away_and_says_when(embedded_url: str) -> None:
    """Only what is old enough; the gauge is 0 before the first run. Nor can it compress here."""
    fill(embedded_url)
    registry = CollectorRegistry()
    soon = timedelta(milliseconds=50)
    loop = Maintenance(embedded_url, KEPT, timedelta(hours=1), registry, first=soon)
    assert registry.get_sample_value(COMPLETED) == 0
    with capture_logs() as logs, loop:
        wait_until(
            lambda: (registry.get_sample_value(COMPLETED) or 0) > 0,
            seconds=60,
            what="maintenance completed",
        )
    assert positions(embedded_url) == 1
    assert [each["event"] for each in logs].count("compression_unused") == 1


def test_a_role_that_only_reads_leaves_it_to_others(embedded_url: str) -> None:
    """Nothing is thrown away, and nothing fails."""
    fill(embedded_url)
    with psycopg.connect(embedded_url, autocommit=True) as connection:
        connection.execute("drop role if exists watching")
        connection.execute("create role watching login in role fleetgauge_metrics")
    registry = CollectorRegistry()
    url = embedded_url.replace("postgres:@", "watching:@", 1)
    with Maintenance(url, KEPT, timedelta(hours=1), registry, first=timedelta()):
        wait_until(_has_ended, seconds=60, what="maintenance left to others")
    assert registry.get_sample_value(COMPLETED) == 0
    assert positions(embedded_url) == 2


def _has_ended() -> bool:
    return all(thread.name != "maintenance" for thread in threading.enumerate())


def test_it_repeats_until_it_is_stopped(embedded_url: str) -> None:
    """`maintain --every` ends with 0 at SIGTERM."""
    fill(embedded_url)
    environment = os.environ | {
        "FLEETGAUGE_DATABASE_URL": embedded_url,
        "FLEETGAUGE_KEEP_POSITIONS": "60d",
    }
    command = [sys.executable, "-m", "fleetgauge", "maintain", "--every", "1h"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        wait_until(lambda: positions(embedded_url) == 1, seconds=60, what="thrown away")
        process.send_signal(signal.SIGTERM)
        logs, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert logs.count(b"compression_unused") == 1
