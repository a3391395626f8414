"""The data sources of the dashboards, for the whole session."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from simulator.fleet import Fleet
from storage.connection import connect
from storage.migrate import migrate
from tests.integration.dashboards.simulated_hour import store
from tests.integration.dashboards.stack import (
    RULES,
    SCRAPE,
    Stack,
    publishing,
    scraped,
)
from tests.integration.ingest.worker import running_worker
from tests.integration.metrics.exporting import exporting
from tests.servers.databases import Databases
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.prometheus import PrometheusServer
from tests.servers.userland import Userland


@pytest.fixture(scope="session")
def hour_url(timescaledb_databases: Databases) -> Iterator[str]:
    """An empty TimescaleDB for the hour."""
    url = timescaledb_databases.create_database(extension="timescaledb")
    yield url
    timescaledb_databases.drop_database(url)


@pytest.fixture(scope="session")
def hour(hour_url: str) -> Fleet:
    """The fleet whose hour is in the database."""
    return store(hour_url)


@pytest.fixture(scope="session")
def broker(userland: Userland) -> Iterator[MosquittoServer]:
    """A broker for the worker whose metrics are shown."""
    with started(MosquittoServer(userland=userland)) as server:
        yield server


@pytest.fixture(scope="session")
def stack(
    hour: Fleet,
    hour_url: str,
    timescaledb_databases: Databases,
    broker: MosquittoServer,
    userland: Userland,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """The hour behind the exporter; a worker at work on a database of its own; both scraped."""
    folder = tmp_path_factory.mktemp("stack")
    addresses = {name: f"{LOOPBACK}:{free_port()}" for name in ("ingest", "metrics")}
    other_url = timescaledb_databases.create_database(extension="timescaledb")
    migrate(other_url)
    worker = {
        "FLEETGAUGE_DATABASE_URL": other_url,
        "FLEETGAUGE_MQTT_URL": broker.url,
        "FLEETGAUGE_INGEST_ADDRESS": addresses["ingest"],
    }
    exporter = {
        "FLEETGAUGE_DATABASE_URL": hour_url,
        "FLEETGAUGE_METRICS_ADDRESS": addresses["metrics"],
        # The worker writes elsewhere, so each probe fails: the panel has to show just that.
        "FLEETGAUGE_MQTT_URL": broker.url,
        "FLEETGAUGE_PROBE_INTERVAL": "1s",
    }
    rules = {f"{path.stem}.rules.yml": path.read_text() for path in RULES.glob("*.yml")}
    server = PrometheusServer(SCRAPE.format(**addresses), files=rules, userland=userland)
    with (
        running_worker(folder / "ingest.log", worker),
        exporting(folder / "metrics.log", exporter),
        publishing(broker),
        started(server) as prometheus,
        connect(hour_url, "test", autocommit=True) as database,
    ):
        began = datetime.now(UTC)
        database.execute("set role fleetgauge_reader")
        scraped(prometheus)
        yield Stack(prometheus, database, began)
    timescaledb_databases.drop_database(other_url)
