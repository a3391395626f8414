"""A kind of equipment and an attribute are added by a setting and a list, and are everywhere."""

import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.acceptance.command import fleetgauge
from tests.integration.ingest.publishing import publish
from tests.integration.ingest.worker import running_worker
from tests.integration.metrics.exporting import exporting
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import free_port
from tests.servers.waiting import wait_until

KIND: Final = "air_conditioning"
FLEET: Final = f"""operator_id,vehicle_id,route_id,floor,{KIND}
op,1,24,low,false
op,2,24,high,true
op,3,7,low,
"""


@pytest.fixture
def environment(mosquitto_server: MosquittoServer, timescaledb_url: str) -> dict[str, str]:
    migrate(timescaledb_url)
    return {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
        "FLEETGAUGE_METRICS_ADDRESS": f"127.0.0.1:{free_port()}",
        "FLEETGAUGE_EQUIPMENT": f"cctv,cashless,{KIND}",
        "FLEETGAUGE_TIME_ZONE": "UTC",
        "FLEETGAUGE_MIN_GROUP_SIZE": "1",
    }


def message(vehicle: str, equipment: dict[str, Any]) -> tuple[str, bytes]:
    payload = {
        "observed_at": datetime.now(UTC).isoformat(),
        "latitude": 57.0,
        "longitude": 41.0,
        "equipment": equipment,
    }
    return f"fleet/op/{vehicle}/position", json.dumps(payload).encode()


def answer(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    ended = fleetgauge(*arguments, "--json", environment=environment)
    assert ended.returncode == 0, ended.stderr
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def test_a_kind_and_an_attribute_are_data(
    environment: dict[str, str], mosquitto_server: MosquittoServer, tmp_path: Path
) -> None:
    """Declared and observed, they are in share, report, exporter and views."""
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(FLEET, encoding="utf-8")
    imported = fleetgauge("registry", "import", str(fleet), environment=environment)
    assert imported.returncode == 0, imported.stderr

    url = environment["FLEETGAUGE_DATABASE_URL"]
    with (
        running_worker(tmp_path / "ingest.log", environment),
        connect(url, "test", autocommit=True) as database,
    ):
        messages = [
            message("1", {KIND: {"fitted": True, "working": False}, "ticket_printer": True}),
            message("3", {KIND: True}),
        ]
        publish(mosquitto_server, messages)
        wait_until(
            lambda: reception.totals(database)["stored"] == 2, seconds=20, what="both reports"
        )
        share = answer(environment, "share", "--by", "floor")
        assert share["indicators"][KIND] == {"vehicles": 3, "ratio": 1.0}
        assert share["sources"][KIND] == {"observed": 2, "declared": 1}
        by_floor = {group["name"]: group["vehicles"] for group in share["groups"]}
        assert by_floor == {"high": 1, "low": 2}

        report = answer(environment, "report", "--on", f"{datetime.now(UTC):%Y-%m-%d}")
        assert report["indicators"][KIND]["vehicles"] == 3
        vehicles = {vehicle["vehicle_id"]: vehicle for vehicle in report["fleet"]}
        assert vehicles["1"]["floor"] == "low"
        assert vehicles["1"][KIND] == {
            "equipped": True,
            "source": "observed",
            "observed": True,
            "declared": False,
            "working": False,
        }

        with exporting(tmp_path / "metrics.log", environment):
            address = f"http://{environment['FLEETGAUGE_METRICS_ADDRESS']}/metrics"
            with urllib.request.urlopen(address, timeout=10) as scraped:
                lines = scraped.read().decode().splitlines()
        assert f'fleet_vehicles_equipped{{equipment="{KIND}",operator="op"}} 3.0' in lines
        assert f'fleet_equipped_ratio{{equipment="{KIND}"}} 1.0' in lines

        seen = database.execute(
            """
            select bus.vehicle, bus.attributes ->> 'floor', flag.equipped, flag.differs
            from grafana.bus_now() as bus
            join grafana.equipment_now as flag using (operator, vehicle)
            where flag.equipment = %s
            order by bus.vehicle
            """,
            [KIND],
        ).fetchall()
        assert seen == [
            ("1", "low", True, True),
            ("2", "high", True, False),
            ("3", "low", True, False),
        ]
