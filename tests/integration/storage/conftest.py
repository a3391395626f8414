"""A database of this program's schema, on each engine."""

from collections.abc import Iterator
from random import randrange

import pytest
from hypothesis import settings

from storage.connection import Connection, connect
from storage.migrate import migrate
from tests.integration.storage.crowd import DEFAULT_HISTORIES, Crowds


@pytest.fixture
def crowds(request: pytest.FixtureRequest) -> Crowds:
    """The random histories that a test tries; `--histories` says how many."""
    first_seed = request.config.getoption("--histories-seed")
    if first_seed is None:
        # As hypothesis does: under CI always the same ones.
        first_seed = 0 if settings().derandomize else randrange(10**6)
    return Crowds(request.config.getoption("--histories") or DEFAULT_HISTORIES, first_seed)


@pytest.fixture
def url(database_url: str) -> str:
    migrate(database_url)
    return database_url


@pytest.fixture
def database(url: str) -> Iterator[Connection]:
    with connect(url, "test", autocommit=True) as connection:
        yield connection
