"""``fleetgauge demo`` counts the scenario's fleet exactly."""

import json
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from fleetgauge.demo.servers import EXTRA
from tests.acceptance.command import fleetgauge
from tests.servers.mosquitto import MosquittoServer


def _demo(environment: dict[str, str], *more: str) -> dict[str, Any]:
    ended = fleetgauge("demo", "--seconds", "12", "--json", *more, environment=environment)
    assert ended.returncode == 0, ended.stderr
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def _numerators(document: dict[str, Any]) -> tuple[int, int, int]:
    indicators = document["indicators"]
    return tuple(indicators[name]["vehicles"] for name in ("trackable", "cctv", "cashless"))


def _adds_up(reports: dict[str, int]) -> bool:
    received, *outcomes = (
        reports[name] for name in ("received", "stored", "duplicate", "contact", "rejected")
    )
    return received == sum(outcomes) > 0


def test_embedded() -> None:
    """Without any server it runs on the embedded ones, and leaves no process behind."""
    document = _demo({})
    assert document["vehicles"] == 1140
    assert _numerators(document) == (980, 969, 1140)
    assert document["indicators"]["trackable"]["ratio"] == pytest.approx(0.8596, abs=5e-5)
    assert _adds_up(document["reports"])
    assert document["database"]["engine"] == "postgresql"
    mine = psutil.Process().children(recursive=True)
    assert not [each for each in mine if "fleetgauge-demo-" in " ".join(each.cmdline())]


def _without_the_extra(folder: Path) -> str:
    for module in EXTRA:
        (folder / f"{module}.py").write_text("raise ImportError('the extra is not installed')")
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))


def test_named_servers(
    mosquitto_server: MosquittoServer, timescaledb_url: str, tmp_path: Path
) -> None:
    """On Mosquitto and TimescaleDB the figures are the same, also of the year before.

    Nothing of the extra `demo` is needed for that, in whatever process.
    """
    environment = {
        "PYTHONPATH": _without_the_extra(tmp_path),
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
    }
    document = _demo(environment, "--scenario", "ivanovo-2023")
    assert _numerators(document) == (397, 821, 1140)
    assert _adds_up(document["reports"])
    assert document["database"]["engine"] == "timescaledb"


def test_strange_fleet_is_left_alone(timescaledb_url: str) -> None:
    """A database with somebody else's fleet is an error that says so."""
    environment = {"FLEETGAUGE_DATABASE_URL": timescaledb_url}
    assert fleetgauge("migrate", environment=environment).returncode == 0
    listed = fleetgauge("registry", "import", "tests/acceptance/fleet.csv", environment=environment)
    assert listed.returncode == 0, listed.stderr
    ended = fleetgauge("demo", "--seconds", "12", environment=environment)
    assert ended.returncode == 1
    assert "already has a fleet of somebody-else" in ended.stderr
    assert "Traceback" not in ended.stderr
