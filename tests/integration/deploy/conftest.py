"""The database and the broker as docker-compose.yml runs them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.integration.deploy.compose_broker import ComposeBroker, compose_broker
from tests.servers.databases import url_of_database
from tests.servers.fixtures import started
from tests.servers.ports import LOOPBACK
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import Userland

ROOT: Final = Path(__file__).parents[3]
ROLES: Final = ("fleetgauge", "ingest", "admin", "metrics", "web", "grafana")


class ComposeDatabase:
    """A cluster of its own, since roles belong to a cluster; prepared as the image does it."""

    def __init__(self, server: PostgresServer, userland: Userland) -> None:
        self.server = server
        server.create_database("fleetgauge", extension="timescaledb")
        workspace = userland.workspace("roles")
        for role in ROLES:
            workspace.write(role, f"password of {role}\n")
        script = (ROOT / "deploy/timescaledb/100_roles.sql").read_text()
        script = script.replace("/run/fleetgauge", str(workspace.inside))
        url = server.url("fleetgauge")
        userland.run("psql", "-X", url, user="postgres", text=script)
        workspace.remove()

    def url(self, role: str = "postgres") -> str:
        """Return the URL of the database for a role."""
        return url_of_database(f"postgresql://{role}@{LOOPBACK}:{self.server.port}", "fleetgauge")


@pytest.fixture(scope="package")
def compose_database(userland: Userland) -> Iterator[ComposeDatabase]:
    """PostgreSQL with the options and the roles of the compose file."""
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    command = compose["services"]["timescaledb"]["command"]
    options = dict(word.split("=", 1) for word in command if "=" in word)
    with started(PostgresServer(options, userland=userland)) as server:
        yield ComposeDatabase(server, userland)


@pytest.fixture
def broker(userland: Userland, tmp_path: Path) -> Iterator[ComposeBroker]:
    """Mosquitto with the shipped configuration."""
    with compose_broker(userland, tmp_path / "secrets") as broker:
        yield broker


@pytest.fixture(scope="package")
def shared_broker(
    userland: Userland, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ComposeBroker]:
    """The same for tests that leave the others' accounts alone."""
    with compose_broker(userland, tmp_path_factory.mktemp("secrets")) as broker:
        yield broker
