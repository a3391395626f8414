"""A database of this program's schema, on each engine."""

from collections.abc import Iterator

import pytest

from storage.connection import Connection, connect
from storage.migrate import migrate


@pytest.fixture
def url(database_url: str) -> str:
    migrate(database_url)
    return database_url


@pytest.fixture
def database(url: str) -> Iterator[Connection]:
    with connect(url, "test", autocommit=True) as connection:
        yield connection
