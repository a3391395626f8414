"""The database of a command that asks or changes something: its schema checked, one connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from fleetgauge.settings import Settings
from storage.connection import Connection, connect
from storage.schema import check_schema
from storage.snapshot import scratch, snapshot


@contextmanager
def database(settings: Settings, command: str) -> Iterator[Connection]:
    """Yield a connection on which each statement, or each transaction block, is committed.

    Raises:
        SchemaOutdated: the schema is not this program's.
        StorageError: the database cannot be reached.
    """
    url = settings.database_url.get_secret_value()
    check_schema(url)
    with connect(url, f"fleetgauge {command}", autocommit=True) as connection:
        yield connection


@contextmanager
def database_snapshot(settings: Settings, command: str) -> Iterator[Connection]:
    """Yield a connection that only reads, and sees nothing of what is written meanwhile.

    To the replica, where the settings name one.

    Raises:
        SchemaOutdated: the schema is not this program's.
        StorageError: the database cannot be reached, or does not answer.
    """
    url = settings.reading_url
    check_schema(url)
    with snapshot(url, f"fleetgauge {command}") as connection:
        yield connection


@contextmanager
def database_scratch(settings: Settings, command: str) -> Iterator[Connection]:
    """Yield a connection like ``database_snapshot`` on which rows may be put for this look alone.

    Raises:
        SchemaOutdated: the schema is not this program's.
        StorageError: the database cannot be reached, or does not answer.
    """
    url = settings.database_url.get_secret_value()
    check_schema(url)
    with scratch(url, f"fleetgauge {command}") as connection:
        yield connection
