"""Values and databases that cannot be used: one row fewer, or one line that says what to do."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from psycopg import sql

from ingest.committer import Committer
from ingest.instruments import Instruments
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import connect
from storage.errors import DatabaseUnusable, translate
from storage.migrate import migrate
from storage.schema import check_schema
from storage.writing import reception
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from tests.servers.databases import Databases

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONE_SURROGATE = "24\udc11"
"""A text that UTF-8 has no bytes for."""


def batch(*routes: str) -> Batch:
    made = Batch()
    for number, route in enumerate(routes):
        at = NOW + timedelta(seconds=number)
        report = Report(VehicleId("op", "1"), at, Fix(57.0, 41.0, route_id=route))
        made.add(Message(b"fleet/op/1/position", b"{}", at), [report], [])
    return made


@pytest.mark.parametrize("bad", [LONE_SURROGATE, "24\0"])
def test_a_value_that_cannot_be_sent_is_narrowed_to_its_row(embedded_url: str, bad: str) -> None:
    """psycopg raises before the server sees it; the other rows are stored all the same."""
    migrate(embedded_url)
    with Writer(embedded_url, "test", "UTC") as writer:
        committer = Committer(writer, Instruments(CollectorRegistry()), threading.Event())
        parts = list(committer.commit(batch("1", bad, "2", bad, "3")))
    assert sum(written.stored for _, written in parts) == 3
    with connect(embedded_url, "test", autocommit=True) as connection:
        totals = reception.totals(connection)
        details = connection.execute("select detail, reports from rejected_message").fetchall()
    assert (totals["stored"], totals["rejected"]) == (3, 2)
    assert {detail[:24] for detail, _ in details} == {"the database rejects it:"}


@pytest.fixture
def encoded(timescaledb_databases: Databases, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with another encoding than UTF8, on a server that has TimescaleDB."""
    name = f"encoded_{request.param.lower()}"
    create = sql.SQL("create database {} encoding {} locale 'C' template template0")
    with psycopg.connect(timescaledb_databases.url(), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Literal(request.param)))
    yield timescaledb_databases.url(name)
    timescaledb_databases.drop_database(name)


@pytest.mark.parametrize("encoded", ["SQL_ASCII", "LATIN1"], indirect=True)
def test_an_encoding_without_our_letters_is_refused(encoded: str) -> None:
    """Before anything is written, with what to do."""
    with pytest.raises(DatabaseUnusable, match=r"encoding (SQL_ASCII|LATIN1).*--encoding=UTF8"):
        migrate(encoded)
    with pytest.raises(DatabaseUnusable, match="encoding"):
        check_schema(encoded)


@pytest.mark.parametrize("encoded", ["WIN1251"], indirect=True)
def test_an_encoding_with_our_letters_rejects_what_it_lacks(encoded: str) -> None:
    """Russian names are kept, and a report that names another is rejected by itself."""
    migrate(encoded)
    with Writer(encoded, "test", "UTC") as writer:
        committer = Committer(writer, Instruments(CollectorRegistry()), threading.Event())
        parts = list(committer.commit(batch("24Б", "Itäkeskus", "24Б")))
    assert sum(written.stored for _, written in parts) == 2
    assert sum(written.rejected.total() for _, written in parts) == 1


def test_tables_of_another_program_are_left_alone(embedded_url: str) -> None:
    """A database that is not ours is named, and nothing is created in it."""
    with connect(embedded_url, "test", autocommit=True) as connection:
        connection.execute("create table vehicle (id integer)")
        with pytest.raises(DatabaseUnusable, match=r"another program \(vehicle\)"):
            migrate(embedded_url)
        tables = connection.execute(
            "select count(*) from pg_tables where schemaname = 'public'"
        ).fetchone()
    assert tables == (1,)


def test_a_session_that_is_taken_away_is_named(embedded_url: str) -> None:
    """As behind a pooler that gives each transaction another connection of the server's."""
    migrate(embedded_url)
    with Writer(embedded_url, "test", "UTC") as writer:
        writer.connect()
        assert writer._connection is not None
        writer._connection.execute("discard all")
        with pytest.raises(DatabaseUnusable, match="pool_mode = session"):
            writer.write(batch("1"))


def test_a_library_that_is_not_loaded_is_named() -> None:
    """In the server's own words, which fill half a screen."""
    words = 'extension "timescaledb" must be preloaded\nHINT:  Please preload it'
    error = translate(psycopg.errors.InternalError_(words))
    assert isinstance(error, DatabaseUnusable)
    assert "shared_preload_libraries" in str(error)
