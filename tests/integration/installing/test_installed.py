"""What `fleetgauge install` writes works on real servers, from roles and accounts to `check`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import psycopg
import pytest

from tests.acceptance.command import fleetgauge
from tests.integration.deploy.compose_broker import PLUGIN
from tests.integration.ingest.worker import running_worker
from tests.servers.fixtures import Tool, started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import Userland

ETC: Final = "etc/fleetgauge"
RESERVED: Final = {"reserved_connections": "20", "max_connections": "120"}


class Room(NamedTuple):
    """The machine room: what was installed, and the servers that run by it."""

    root: Path
    database: PostgresServer
    broker: MosquittoServer

    def environment(self, service: str) -> dict[str, str]:
        """Return what systemd gives a service; only the ports are the tests' own."""
        folder = self.root / ETC / "secrets" / service
        database = (folder / "database_url").read_text().strip()
        found = {"DATABASE_URL": database.replace(":5432/", f":{self.database.port}/")}
        if (folder / "mqtt_url").exists():
            broker = (folder / "mqtt_url").read_text().strip()
            found["MQTT_URL"] = broker.replace(":1884", f":{self.broker.ports[1884]}")
        return {f"FLEETGAUGE_{name}": value for name, value in found.items()}


@pytest.fixture
def room(userland: Userland, tmp_path: Path) -> Iterator[Room]:
    ended = fleetgauge("install", "--systemd", str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    accounts = (tmp_path / ETC / "secrets/mosquitto/accounts.json").read_text()
    broker = MosquittoServer(
        config_path=tmp_path / ETC / "mosquitto.conf",
        overrides={"plugin": PLUGIN, "plugin_opt_config_file": "{folder}/data/accounts.json"},
        files={"data/accounts.json": accounts},
        userland=userland,
    )
    with started(PostgresServer(RESERVED, userland=userland)) as database, started(broker):
        database.create_database("fleetgauge", extension="timescaledb")
        script = (tmp_path / ETC / "roles.sql").read_text()
        userland.run("psql", "-X", database.url(), user="postgres", text=script)
        yield Room(tmp_path, database, broker)


def test_a_machine_room_without_docker(room: Room, tmp_path: Path) -> None:
    """Each service gets in with what it is given, and the check of the room finds no fault."""
    migrated = fleetgauge("migrate", environment=room.environment("migrate"))
    assert (migrated.returncode, migrated.stderr) == (0, "")
    with running_worker(tmp_path / "ingest.log", room.environment("ingest")):
        for service in ("ingest", "admin"):
            checked = fleetgauge("check", environment=room.environment(service))
            assert checked.returncode == 0, checked.stdout
            assert "a worker is connected" in checked.stdout
            assert f"connected as {service}" in checked.stdout
    with psycopg.connect(room.database.url("fleetgauge")) as connection:
        password = connection.execute(
            "select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = 'ingest'"
        ).fetchone()
    assert password == (True,)
    assert LOOPBACK in room.environment("web")["FLEETGAUGE_DATABASE_URL"]


def test_prometheus_and_alertmanager_take_their_files(
    tmp_path: Path, promtool: Tool, amtool: Tool
) -> None:
    """By the word of their own tools."""
    assert fleetgauge("install", "--systemd", str(tmp_path)).returncode == 0
    configuration = tmp_path / ETC / "prometheus.yml"
    rules = configuration.read_text().replace("/etc/fleetgauge", str(tmp_path / ETC))
    configuration.write_text(rules)
    checked = promtool(["check", "config", str(configuration)])
    assert checked.returncode == 0, checked.stderr
    assert "2 rule files found" in checked.stdout
    alerting = tmp_path / ETC / "alertmanager/alertmanager.yml"
    assert amtool(["check-config", str(alerting)]).returncode == 0
