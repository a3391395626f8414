"""The role that reads the dashboards' views tries to become their owner."""

from collections.abc import Iterator
from typing import Final

import psycopg
import pytest
from psycopg import errors, sql

from storage.connection import Connection, connect
from storage.migrate import migrate
from tests.servers.databases import url_of_database
from tests.servers.fixtures import started
from tests.servers.ports import LOOPBACK
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import Userland

TABLES: Final = """
select relation.relname, array_agg(format('null::%s as %I', format_type(atttypid, null), attname))
from pg_class as relation
join pg_attribute on attrelid = relation.oid and attnum > 0 and not attisdropped
where relation.relnamespace = 'public'::regnamespace and relation.relkind = 'r'
group by 1
"""
"""Each table with columns of its types: what shadows it must look like it."""

FUNCTIONS: Final = """
select format('%s(%s)', proname, pg_get_function_identity_arguments(pg_proc.oid)),
       prosqlbody is not null or coalesce('pg_temp' = path[cardinality(path)], false)
from pg_proc
join pg_language on pg_language.oid = prolang and lanname in ('sql', 'plpgsql')
left join lateral (
    select regexp_split_to_array(split_part(setting, '=', 2), '[", ]+') as path
    from unnest(proconfig) as setting
    where setting like 'search_path=%'
) as fixed on true
where pronamespace in ('public'::regnamespace, 'grafana'::regnamespace)
  and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
"""
"""Each function of ours, and whether its names are bound whatever the session's search_path."""

UNSAFE: Final = """
create function grafana.unsafe() returns bigint language sql stable security definer
set search_path from current as 'select count(*) from vehicle';
grant execute on function grafana.unsafe() to fleetgauge_reader
"""
"""What the functions were like: here the attack has to succeed, or it proves nothing."""

CALLS: Final = (
    "select count(*) from grafana.bus_now()",
    "select count(*) from grafana.equipment_now",
    "select count(*) from grafana.equipment_broken()",
    "select count(*) from grafana.kpi_on(current_date)",
    "select count(*) from grafana.kpi_by_month(now() - interval '1 year', now())",
    "select count(*) from grafana.window_share()",
    "select count(*) from grafana.municipality_now()",
    "select count(*) from grafana.bus_fix",
    "select count(*) from grafana.bus_report",
    "select count(*) from grafana.equipment_reading",
    "select count(*) from grafana.rejected_message",
    "select count(*) from grafana.account",
    "select count(*) from grafana.operator",
    "select count(*) from grafana.target",
)


@pytest.fixture(scope="module")
def server(userland: Userland) -> Iterator[PostgresServer]:
    """A cluster of its own, since roles belong to a cluster; one vehicle is in service."""
    with started(PostgresServer(userland=userland)) as server:
        migrate(server.create_database("fleet", extension="timescaledb"))
        with psycopg.connect(server.url("fleet"), autocommit=True) as owner:
            owner.execute("create role reader login in role fleetgauge_reader")
            owner.execute("""
                insert into operator (operator_id, time_zone) values ('op', 'UTC');
                insert into vehicle (operator_id, vehicle_id) values ('op', '1');
                insert into registry_change (changed_by, source) values ('test', 'test');
                insert into registry_entry (known_from, change_id, vehicle_key, operator_id)
                select '-infinity', 1, vehicle_key, operator_id from vehicle;
            """)
        yield server


@pytest.fixture
def reader(server: PostgresServer) -> Iterator[Connection]:
    url = url_of_database(f"postgresql://reader@{LOOPBACK}:{server.port}", "fleet")
    with connect(url, "test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(server: PostgresServer) -> Iterator[Connection]:
    with connect(server.url("fleet"), "test", autocommit=True) as connection:
        yield connection


def test_a_reader_makes_no_temporary_objects(reader: Connection) -> None:
    """PUBLIC has lost the right to; what only reads needs no tables of its own."""
    with pytest.raises(errors.InsufficientPrivilege):
        reader.execute("create temporary table vehicle ()")


def test_functions_are_bound_when_they_are_created(owner: Connection) -> None:
    """By a parsed body, or by a search_path of theirs with pg_temp as the last."""
    functions: dict[str, bool] = dict(owner.execute(FUNCTIONS).fetchall())
    assert len(functions) > 20
    assert [name for name, is_bound in functions.items() if not is_bound] == []


def test_temporary_objects_lead_no_function_elsewhere(
    reader: Connection, owner: Connection
) -> None:
    """Even where somebody grants TEMP: shadows of every table, and a function that would use it."""
    owner.execute("grant temporary on database fleet to reader")
    before = [reader.execute(sql.SQL(call)).fetchone() for call in CALLS]
    owner.execute(UNSAFE)
    _shadow(reader, dict(owner.execute(TABLES).fetchall()))

    assert [reader.execute(sql.SQL(call)).fetchone() for call in CALLS] == before
    assert _robbed(reader) == set()
    reader.execute("select grafana.unsafe()")
    assert _robbed(reader) == {"postgres"}
    assert before[0] == (1,)


@pytest.mark.parametrize(
    "attempt",
    [
        "set role postgres",
        "alter role reader superuser",
        "create table public.mine ()",
        "create function public.now() returns timestamptz language sql as 'select null'",
        "create or replace function public.fleet_at(timestamptz) returns setof record"
        " language sql as 'select 1'",
        "create function grafana.mine() returns integer language sql as 'select 1'",
        "create schema mine",
        "alter function grafana.bus_now owner to reader",
        "select * from public.figures(now(), interval '5 minutes', false)",
        "select * from public.kpi_vehicles(current_date, 7, 10)",
        "delete from grafana.bus_fix",
        "copy (select 1) to program 'id'",
    ],
)
def test_what_is_not_granted_is_refused(reader: Connection, attempt: str) -> None:
    """The owner's rights end where the views end."""
    with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
        reader.execute(sql.SQL(attempt))


def _shadow(reader: Connection, tables: dict[str, list[str]]) -> None:
    reader.execute("""
        create temporary table robbed (rights_of text);
        create function pg_temp.rob() returns boolean language plpgsql as $$
        begin
            if current_user <> session_user then
                insert into pg_temp.robbed values (current_user);
            end if;
            return true;
        end $$;
        create function pg_temp.fleet_at(timestamptz) returns setof record
            language sql as 'select pg_temp.rob()';
    """)
    for table, columns in tables.items():
        query = sql.SQL("create temporary view {} as select {} where pg_temp.rob()")
        reader.execute(query.format(sql.Identifier(table), sql.SQL(", ".join(columns))))
    reader.execute("set search_path = pg_temp, public, grafana, pg_catalog")


def _robbed(reader: Connection) -> set[str]:
    rows = reader.execute("select rights_of from pg_temp.robbed").fetchall()
    return {name for (name,) in rows}
