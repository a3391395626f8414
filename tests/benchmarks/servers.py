"""The servers of a benchmark: Mosquitto and TimescaleDB of its own, as the tests have them."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgresql import PostgresServer


@contextmanager
def broker_and_database(*broker_lines: str) -> Iterator[tuple[MosquittoServer, PostgresServer]]:
    """Run both for a `with` block; the database commits to disk, as in real life.

    Args:
        broker_lines: of its configuration, after those of the tests.
    """
    # Commit times are kept so that the delay can be asked of the database itself.
    database = PostgresServer({"track_commit_timestamp": "on", "track_wal_io_timing": "on"})
    broker = MosquittoServer(broker_lines, persistence=False)
    try:
        database.start()
        broker.start()
        yield broker, database
    finally:
        broker.close()
        database.close()
