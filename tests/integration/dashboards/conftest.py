"""A database with the simulated hour, for the whole session."""

from collections.abc import Iterator

import pytest

from simulator.fleet import Fleet
from tests.integration.dashboards.simulated_hour import store
from tests.servers.databases import Databases


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
