"""What a real Traccar 6.14.5 forwarded for five trackers, from the broker to the reasons."""

import json
from pathlib import Path

from models.registry import RegistryEntry
from models.vehicle import VehicleId
from storage.connection import connect
from storage.migrate import migrate
from storage.registry.importing import import_registry
from storage.writing import reception
from tests.acceptance.command import fleetgauge
from tests.integration.ingest.publishing import publish
from tests.integration.ingest.worker import running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until

FORWARDED = Path(__file__).with_name("traccar_heartbeats.txt")
REASONS = {"003": "no_fix", "004": "no_fix", "005": "silent", "006": "no_fix", "007": None}
"""A repeated fix, never one, nothing since ten minutes ago, an invalid one, a good one."""


def test_heartbeats_are_told_from_fixes(
    mosquitto_server: MosquittoServer, embedded_url: str, tmp_path: Path
) -> None:
    """A position that is repeated or located by cell towers shows that the bus is there only."""
    migrate(embedded_url)
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": embedded_url,
    }
    with connect(embedded_url, "test", autocommit=True) as connection:
        import_registry(
            connection,
            [RegistryEntry(VehicleId("traccar", f"350000000000{each}")) for each in REASONS],
            time_zone="Europe/Moscow",
            changed_by="test",
            source="test",
            claimed_at=None,
        )
        with running_worker(tmp_path / "log", environment):
            replay = ("replay", str(FORWARDED), "--shift", "--speed", "100")
            replayed = fleetgauge(*replay, environment=environment)
            assert replayed.returncode == 0, replayed.stderr
            wait_until(
                lambda: reception.totals(connection)["received"] >= 6,
                seconds=20,
                what="six positions to be booked",
            )
    told = fleetgauge("untrackable", "--window", "5m", "--json", environment=environment)
    listed = json.loads(told.stdout)["untrackable"]
    assert {each["vehicle_id"][-3:]: each["reason"] for each in listed} == {
        vehicle: reason for vehicle, reason in REASONS.items() if reason
    }


def test_what_is_no_report_is_acknowledged_and_counts_nothing(
    mosquitto_server: MosquittoServer, embedded_url: str, tmp_path: Path
) -> None:
    """A cleared retained message and a command to a bus: no report, no rejected vehicle."""
    migrate(embedded_url)
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": embedded_url,
    }
    with (
        connect(embedded_url, "test", autocommit=True) as connection,
        running_worker(tmp_path / "log", environment),
    ):
        publish(
            mosquitto_server,
            [("fleet/op/1/position", b""), ("fleet/op/1/cmd", b"x"), ("fleet/op/1/pos", b"x")],
        )
        wait_until(
            lambda: reception.totals(connection)["received"] > 0,
            seconds=20,
            what="the third to be booked",
        )
        assert reception.totals(connection)["received"] == 1
