"""The PostgreSQL of the tests is the real thing, and its crashes are real ones."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.servers.embedded import EmbeddedServer
from tests.servers.fixtures import started
from tests.servers.postgresql import PostgresServer, StopMode
from tests.servers.process import ServerError
from tests.servers.userland import Userland


@pytest.fixture(scope="module")
def server(userland: Userland) -> Iterator[PostgresServer]:
    """A server that these tests may kill."""
    with started(PostgresServer(userland=userland)) as server:
        yield server


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM fix").fetchone()
        assert row is not None
        return int(row[0])


def test_timescaledb_makes_a_hypertable(timescaledb_url: str) -> None:
    """A fresh database has the extension, in its Apache edition."""
    with psycopg.connect(timescaledb_url) as connection:
        connection.execute("CREATE TABLE fix (observed_at timestamptz NOT NULL)")
        connection.execute("SELECT create_hypertable('fix', by_range('observed_at'))")
        connection.execute(
            "INSERT INTO fix SELECT now() - d * interval '7 days' FROM generate_series(0, 3) d"
        )
        chunks = connection.execute("SELECT show_chunks('fix')").fetchall()
    assert len(chunks) >= 4


def test_database_is_fresh_and_then_gone(server: PostgresServer) -> None:
    """Each database is empty, and dropped even while somebody is connected to it."""
    url = server.create_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE fix ()")
        connection.commit()
        server.drop_database(url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_committed_rows_survive_a_kill(server: PostgresServer) -> None:
    """After SIGKILL and a start, what was committed is there and what was not is gone."""
    url = server.create_database(extension="timescaledb")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE fix (observed_at timestamptz NOT NULL)")
        connection.execute("SELECT create_hypertable('fix', 'observed_at')")
        connection.execute("INSERT INTO fix VALUES (now())")
        connection.commit()
        connection.execute("INSERT INTO fix VALUES (now())")
        before = server.pid
        server.kill()
        assert not server.running
        assert server.pid is None
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    server.start()
    assert server.pid != before
    assert count(url) == 1
    assert "automatic recovery in progress" in server.log_text()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_restart_keeps_port_and_data(server: PostgresServer, mode: StopMode) -> None:
    """A stop in any mode and a start leave the URL and the rows as they were."""
    url = server.create_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE fix AS SELECT generate_series(1, 10)")
    server.restart(mode)
    assert count(url) == 10


def test_options_are_settings(userland: Userland) -> None:
    """An option replaces a setting of ours."""
    options = {"shared_preload_libraries": "", "fsync": "off", "application_name": "it's"}
    options |= {"timescaledb.telemetry_level": "basic"}
    server = PostgresServer(options, userland=userland)
    with started(server), psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
        assert connection.execute("SHOW application_name").fetchone() == ("it's",)


def test_failed_start_shows_the_log(userland: Userland) -> None:
    """A server that cannot start says why at once."""
    server = PostgresServer({"shared_preload_libraries": "no_such_library"}, userland=userland)
    try:
        with pytest.raises(ServerError, match="no_such_library"):
            server.start()
    finally:
        server.close()


def test_embedded_server_makes_databases(
    embedded_server: EmbeddedServer, embedded_url: str
) -> None:
    """The packaged PostgreSQL gives fresh databases too, without TimescaleDB."""
    with psycopg.connect(embedded_url) as connection:
        connection.execute("CREATE TABLE fix ()")
    assert count(embedded_url) == 0
    assert not embedded_server.offers("timescaledb")


def test_both_databases_answer(database_url: str) -> None:
    """Storage tests run on both kinds."""
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
