"""A database that was dumped and restored works on: figures, triggers, the writer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import pytest
from psycopg import sql

from models.equipment import DEFAULT_KINDS, Flag
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Report
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.migrate import apply, migrate
from storage.schema import check_schema
from tests.integration.storage.fleet_history import FIX, T0, History, Received, RejectedReport
from tests.servers.databases import Databases
from tests.servers.postgresql import BIN, USER, PostgresServer
from tests.servers.userland import Userland

BUS: Final = VehicleId("east", "1")
LATER: Final = VehicleId("west", "2")
FLAGS: Final = DEFAULT_KINDS.bits({"cctv": Flag(True, False), "cashless": Flag(False)})

FIGURES: Final = (
    "select * from figures(timestamptz '2024-06-12 21:30Z', interval '5 minutes', true)",
    "select * from figures(timestamptz '2024-06-12 21:30Z', interval '5 minutes', false)",
    "select * from kpi_vehicles(date '2024-06-13', 7, 1)",
    "select operator, vehicle, observed_at, latitude, route from grafana.bus_fix",
    "select operator, vehicle, equipment, fitted, working from grafana.equipment_reading",
    "select operator, vehicle, reason, fix_at, route from grafana.bus_now()",
    "select * from grafana.kpi_on(date '2024-06-13')",
    "select operator, vehicle, equipment, source, broken from grafana.equipment_now",
    "select operator, vehicle, equipment, broken_since from grafana.equipment_broken()",
    "select name, time_zone from grafana.operator",
)


def history() -> History:
    """A bus with positions and flags, and one that is rejected."""
    events = [
        Received(Report(BUS, at, FIX, FLAGS), at + timedelta(seconds=1))
        for at in (T0 - timedelta(minutes=minutes) for minutes in range(60))
    ]
    rejected = RejectedReport(LATER, T0 - timedelta(minutes=1), RejectReason.SCHEMA)
    return History([RegistryEntry(BUS), RegistryEntry(LATER)], [*events, rejected])


@pytest.mark.parametrize("engine", ["timescaledb", "postgresql"])
def test_a_restored_database_works_on(
    timescaledb_server: PostgresServer, userland: Userland, engine: str
) -> None:
    """The same figures, the schema that is needed, and what comes after is kept."""
    with _databases(timescaledb_server, engine) as (source, target):
        if engine == "timescaledb":
            migrate(source)
        else:
            with connect(source, "test", autocommit=True) as connection:
                apply(connection)
        history().write(source)
        before = _figures(source)
        _copy(source, target, engine, userland)

        assert _figures(target) == before
        assert all(before)
        check_schema(target)
        at = T0 + timedelta(days=1)
        History((), [Received(Report(VehicleId("west", "9"), at, FIX), at)]).write(target)
        assert _figures(target)[3] != before[3]


@contextmanager
def _databases(server: Databases, engine: str) -> Iterator[tuple[str, str]]:
    extension = engine if engine == "timescaledb" else None
    urls = server.create_database(extension=extension), server.create_database(extension=extension)
    yield urls
    for url in urls:
        server.drop_database(url)


def _figures(url: str) -> list[list[tuple[object, ...]]]:
    with connect(url, "test", autocommit=True) as connection:
        return [sorted(connection.execute(sql.SQL(query)), key=repr) for query in FIGURES]


def _copy(source: str, target: str, engine: str, userland: Userland) -> None:
    workspace = userland.workspace("dump")
    workspace.folder("files", owner=userland.user(USER))
    file = str(workspace.inside / "files/dump")
    userland.run(f"{BIN}/pg_dump", "-Fc", f"--file={file}", source, user=USER)
    with connect(target, "test", autocommit=True) as connection:
        if engine == "timescaledb":
            connection.execute("select timescaledb_pre_restore()")
        userland.run(f"{BIN}/pg_restore", "--exit-on-error", f"--dbname={target}", file, user=USER)
        if engine == "timescaledb":
            connection.execute("select timescaledb_post_restore()")
    workspace.remove()


def test_triggers_need_no_search_path(
    timescaledb_url: str,
) -> None:
    """As in a restore of data alone, whose session has none."""
    migrate(timescaledb_url)
    with connect(timescaledb_url, "test", autocommit=True) as connection:
        connection.execute("set search_path = ''")
        connection.execute("insert into public.operator values ('op', 'A', 'UTC')")
        connection.execute("update public.operator set name = 'B'")
        connection.execute(
            "insert into public.vehicle (operator_id, vehicle_id) values ('op', '1')"
        )
        assert _count(connection, "operator_history") == 2
        assert _count(connection, "vehicle_state") == 1


def _count(connection: Connection, table: str) -> int:
    query = sql.SQL("select count(*) from public.{}").format(sql.Identifier(table))
    (count,) = connection.execute(query).fetchone() or (0,)
    return int(count)
