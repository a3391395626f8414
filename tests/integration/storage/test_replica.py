"""Readers ask a streaming replica, which answers as of its newest commit without its primary."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from prometheus_client import CollectorRegistry

from metrics import catalogue
from metrics.exporter import ShareCollector
from metrics.share_source import ShareSource
from models.finding import Level
from models.indicator import DEFAULT_WINDOWS
from models.registry import RegistryEntry
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import connect
from storage.errors import DatabaseUnavailable
from storage.health.replica import replica_finding
from storage.migrate import migrate
from storage.replica import known_now
from tests.acceptance.command import fleetgauge
from tests.integration.storage.fleet_history import History, Received
from tests.servers.databases import url_of_database
from tests.servers.fixtures import started
from tests.servers.postgresql import PostgresServer
from tests.servers.standby import StandbyServer
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

BUS = VehicleId("east", "1")


class Pair(NamedTuple):
    """A primary with a bus that reported just now, and its replica."""

    primary: PostgresServer
    url: str
    replica_url: str
    written_at: datetime


@pytest.fixture
def pair(userland: Userland) -> Iterator[Pair]:
    with started(PostgresServer(userland=userland)) as primary:
        url = primary.create_database("fleet", extension="timescaledb")
        migrate(url)
        with started(StandbyServer(primary, userland=userland)) as replica:
            now = datetime.now(UTC)
            report = Report(BUS, now, Fix(57.0, 41.0))
            History([RegistryEntry(BUS)], [Received(report, now)]).write(url)
            replica_url = url_of_database(replica.url(), "fleet")
            with connect(replica_url, "test", autocommit=True) as connection:
                there = "select count(*) from vehicle_state where fix_at is not null"
                wait_until(
                    lambda: connection.execute(there).fetchone() == (1,),
                    seconds=30,
                    what="the report on the replica",
                )
            yield Pair(primary, url, replica_url, datetime.now(UTC))


def test_readers_answer_while_the_primary_is_away(pair: Pair) -> None:
    """With the share of the newest commit, and how long ago that was; the primary's is now."""
    with connect(pair.url, "test", autocommit=True) as connection:
        assert abs(known_now(connection) - datetime.now(UTC)) < timedelta(seconds=5)
        assert replica_finding(connection).code == "replica.takes_writes"
    pair.primary.stop("immediate")
    later = datetime.now(UTC) + timedelta(hours=1)
    source = ShareSource(pair.replica_url, DEFAULT_WINDOWS, lambda: later)
    registry = CollectorRegistry()
    registry.register(ShareCollector(source, 1))
    value = registry.get_sample_value
    # An hour later the bus is still trackable: nothing says that it is silent.
    labels = {"operator": "east", "window": "5m"}
    assert value(catalogue.VEHICLES_TRACKABLE.name, labels) == 1
    delay = value(catalogue.SHARES_REPLICA_DELAY_SECONDS.name) or 0
    computed = value(catalogue.SHARES_COMPUTED_TIMESTAMP_SECONDS.name) or 0
    source.close()
    assert timedelta(hours=1) <= timedelta(seconds=delay) < timedelta(hours=1, minutes=2)
    assert abs(computed - pair.written_at.timestamp()) < 60
    with connect(pair.replica_url, "test", autocommit=True) as connection:
        found = replica_finding(connection)
        assert found.code == "replica.behind"
        assert found.level is not Level.FAULT
    environment = {
        "FLEETGAUGE_DATABASE_URL": pair.url,
        "FLEETGAUGE_READ_DATABASE_URL": pair.replica_url,
    }
    shown = fleetgauge("share", "--json", environment=environment)
    assert shown.returncode == 0, shown.stderr
    document = json.loads(shown.stdout)
    assert document["indicators"]["trackable"]["vehicles"] == 1
    assert datetime.fromisoformat(document["at"]) < pair.written_at
    with pytest.raises(DatabaseUnavailable):
        connect(pair.url, "test")
