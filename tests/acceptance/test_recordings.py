"""Real recordings and a real fleet list, through the commands."""

import json
from pathlib import Path

import pytest

from storage.connection import connect
from storage.writing import reception
from tests.acceptance.command import fleetgauge
from tests.integration.ingest.worker import running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until
from tests.unit.models.recording import real_recordings


@pytest.fixture
def environment(mosquitto_server: MosquittoServer, database_url: str) -> dict[str, str]:
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": database_url,
    }
    assert fleetgauge("migrate", environment=environment).returncode == 0
    return environment


def test_helsinki(environment: dict[str, str], tmp_path: Path) -> None:
    """387 lines are 383 fixes; the same lines again are 387 duplicates."""
    recordings = [str(path) for path in real_recordings()]
    saved = tmp_path / "shifted.dump"
    with (
        running_worker(tmp_path / "ingest.log", environment),
        connect(environment["FLEETGAUGE_DATABASE_URL"], "test", autocommit=True) as connection,
    ):
        for arguments, stored, duplicate in (
            ([*recordings, "--shift", "--save", str(saved)], 383, 4),
            ([str(saved)], 383, 4 + 387),
        ):
            replayed = fleetgauge("replay", *arguments, environment=environment)
            assert replayed.returncode == 0, replayed.stderr
            wait_until(
                lambda expected=stored + duplicate: (  # type: ignore[misc]
                    reception.totals(connection)["received"] >= expected
                ),
                seconds=20,
                what="the replay to be recorded",
            )
            assert reception.totals(connection) == {
                "received": stored + duplicate,
                "stored": stored,
                "duplicate": duplicate,
                "contact": 0,
                "rejected": 0,
            }


def test_fleet_list(environment: dict[str, str]) -> None:
    """2,675 lines of a real list are 2,668 vehicles: seven are listed twice, with two types."""
    fleet_list = real_recordings()[0].parent.parent / "hsl-fleet.json"
    refused = fleetgauge("registry", "import", str(fleet_list), environment=environment)
    assert refused.returncode == 1
    assert "7 bad lines, nothing was imported" in refused.stderr
    imported = fleetgauge(
        "registry", "import", str(fleet_list), "--column", "type=", environment=environment
    )
    assert imported.returncode == 0, imported.stderr
    share = fleetgauge("share", "--json", environment=environment)
    document = json.loads(share.stdout)
    assert document["vehicles"] == 2668
    assert document["indicators"]["trackable"] == {"vehicles": 0, "ratio": 0.0}
