"""Attempts on the database that are one session's statements."""

from typing import Final, NamedTuple

from psycopg import errors

from tests.integration.deploy.attempts import HARMLESS, REFUSED, Attempt

Refusal = type[errors.Error]

DENIED: Final = errors.InsufficientPrivilege
READ_ONLY: Final = errors.ReadOnlySqlTransaction

WRITING: Final = "set transaction read write"
"""Which the default of the role does not prevent."""


class Session(NamedTuple):
    """Statements of one transaction, of which the last is refused or gives this one row."""

    attempt: Attempt
    statements: tuple[str, ...]
    refusal: Refusal | None = DENIED
    row: tuple[object, ...] | None = None


def _refused(who: str, attempt: str, *statements: str, by: Refusal = DENIED) -> Session:
    return Session(Attempt(who, attempt, REFUSED), statements, by)


def _harmless(
    who: str, attempt: str, why: str, *statements: str, row: tuple[object, ...]
) -> Session:
    return Session(Attempt(who, attempt, f"{HARMLESS}: {why}"), statements, None, row)


READER: Final = (
    _refused("grafana", "shadow `vehicle` with a temporary table, then call a view's function",
             WRITING, "create temporary table vehicle ()"),
    _refused("grafana", "shadow it with a temporary view",
             WRITING, "create temporary view vehicle as select 1"),
    _refused("grafana", "shadow `local_day` with a temporary function", WRITING,
             "create function pg_temp.local_day(timestamptz, text) returns date"
             " language sql return current_date"),
    _refused("grafana", "shadow `=` with a temporary operator", WRITING,
             "create operator pg_temp.= (leftarg = text, rightarg = text, function = textne)"),
    _refused("grafana", "make a schema to put before ours", WRITING, "create schema mine"),
    _refused("grafana", "make a table in ours", WRITING, "create table public.mine ()"),
    _harmless("grafana", "put other schemas first in `search_path`, then call a view's function",
              "the same rows", "set search_path = pg_temp, pg_catalog",
              "select count(*) from grafana.bus_now() where operator = 'attempted'", row=(1,)),
    _refused("grafana", "replace a function of the views", WRITING,
             "create or replace function grafana.window_share() returns int language sql return 1"),
    _refused("grafana", "change what a function of the views sets", WRITING,
             "alter function grafana.window_share() set search_path = pg_temp"),
    _refused("grafana", "drop a view", WRITING, "drop view grafana.target"),
    _refused("grafana", "read a table", "select * from public.vehicle"),
    _refused("grafana", "read whole rejected payloads",
             "select payload from public.rejected_message"),
    _refused("grafana", "read a chunk of TimescaleDB's by its own name",
             "select * from _timescaledb_internal._hyper_1_1_chunk"),
    _harmless("grafana", "read the planner's statistics of a table", "no row",
              "select count(*) from pg_stats where tablename = 'vehicle'", row=(0,)),
    _refused("grafana", "write although the session is read-only", "delete from vehicle",
             by=READ_ONLY),
    _refused("grafana", "make the session writable, then delete", WRITING, "delete from vehicle"),
    _refused("grafana", "insert through a view", WRITING,
             "insert into grafana.target (indicator) values ('trackable')"),
    _refused("grafana", "delete within `do`", WRITING,
             "do $$ begin delete from vehicle; end $$"),
    _refused("grafana", "use up the numbers of a sequence", WRITING,
             "select nextval('journey_number')"),
    _refused("grafana", "drop chunks with TimescaleDB's function", WRITING,
             "select drop_chunks('public.report', now())", by=errors.Error),
    _refused("grafana", "become the owner", "set role fleetgauge"),
    _refused("grafana", "become the superuser", "set session authorization postgres"),
    _refused("grafana", "join another group", WRITING, "grant fleetgauge_admin to grafana"),
    _refused("grafana", "lift its own connection limit", WRITING,
             "alter role grafana connection limit -1"),
    _refused("grafana", "lift the limit of temporary files", "set temp_file_limit = -1"),
    _refused("grafana", "take the advisory lock that a worker needs",
             "select pg_advisory_lock(1718380389, 1)"),
    _refused("grafana", "use up the memory for locks",
             "select count(pg_advisory_xact_lock(n)) from generate_series(1, 100000) as n"),
    _refused("grafana", "fill the disk with large objects", WRITING,
             "select lo_from_bytea(0, 'x')"),
    _refused("grafana", "lock a view against a migration",
             "lock table grafana.bus_fix in access exclusive mode"),
    _refused("grafana", "end the worker's session",
             "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'ingest'"),
    _harmless("grafana", "read what others are asking", "hidden",
              "select count(*) from pg_stat_activity where usename = 'ingest'"
              " and query <> '<insufficient privilege>'", row=(0,)),
    _refused("grafana", "read hashed passwords", "select * from pg_authid"),
    _refused("grafana", "read a file of the server", "select pg_read_file('/etc/passwd')"),
    _refused("grafana", "run a program on the server", "copy (select 1) to program 'id'"),
    _refused("grafana", "write a file on the server", "copy (select 1) to '/tmp/mine'"),
    _refused("grafana", "load a library", "load 'auto_explain'"),
    _refused("grafana", "install an extension", WRITING, "create extension dblink"),
    _refused("grafana", "change a setting of the server", "select pg_reload_conf()"),
)  # fmt: skip

PAGES: Final = (
    _refused("web", "insert a vehicle", WRITING,
             "insert into vehicle (operator_id, vehicle_id) values ('mine', '1')"),
    _refused("web", "have a bus been in the feeds on another day", WRITING,
             "update published_day set minutes = ~minutes"),
    _refused("web", "move a bus", WRITING, "update vehicle_state set latitude = 0"),
    _refused("web", "shadow a table with a temporary one", WRITING,
             "create temporary table vehicle ()"),
    _refused("web", "become ingest", "set role ingest"),
    _refused("web", "end the worker's session",
             "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'ingest'"),
    _refused("metrics", "set a target", WRITING,
             "insert into target (indicator) values ('trackable')"),
    _refused("metrics", "delete rejected messages", WRITING, "delete from rejected_message"),
    _refused("metrics", "become the administrator", "set role admin"),
)  # fmt: skip

INGEST: Final = (
    _refused("ingest", "delete positions", "delete from report"),
    _refused("ingest", "empty the day table", "truncate vehicle_day"),
    _refused("ingest", "end vehicles of the fleet list",
             "update registry_entry set in_service_to = current_date"),
    _refused("ingest", "read the plates of the fleet list", "select plate from registry_entry"),
    _refused("ingest", "set a target", "insert into target (indicator) values ('trackable')"),
    _refused("ingest", "rewrite the rules on record", "update rule_setting set value = '1'"),
    _refused("ingest", "rewrite what was known of an operator",
             "update operator_history set time_zone = 'UTC'"),
    _refused("ingest", "delete rejected messages", "delete from rejected_message"),
    _refused("ingest", "turn off a trigger", "alter table vehicle disable trigger all"),
    _refused("ingest", "make a table", "create table mine ()"),
    _refused("ingest", "become the administrator", "set role admin"),
)  # fmt: skip

ADMIN: Final = (
    _refused("admin", "delete lines of the fleet list", "delete from registry_entry"),
    _refused("admin", "rewrite who changed it", "update registry_change set changed_by = 'x'"),
    _refused("admin", "rewrite the rules on record", "update rule_setting set value = '1'"),
    _refused("admin", "change the record of migrations", "update schema_script set checksum = ''"),
    _refused("admin", "drop a table", "drop table target"),
    _refused("admin", "replace a definition",
             "create or replace function fitted(flags bigint) returns bigint return 1"),
    _refused("fleetgauge", "make a superuser", "create role mine superuser"),
    _refused("fleetgauge", "run a program on the server", "copy (select 1) to program 'id'"),
)  # fmt: skip

SESSIONS: Final = (*READER, *PAGES, *INGEST, *ADMIN)

LIFTED: Final = Attempt(
    "grafana",
    "lift `statement_timeout`, then run a statement without end",
    "ended by `fleetgauge metrics` after 60 s, and counted",
)
IDLE: Final = Attempt(
    "web",
    "leave a transaction open, which holds back vacuum and migrations",
    "ended by `fleetgauge metrics` after 60 s, and counted",
)
USED_UP: Final = Attempt(
    "grafana",
    "open all connections that it gets (20), as `web`, `metrics` and `admin` do at the same time",
    f"{REFUSED} from the 21st on; ingest connects",
)
ALL_USED_UP: Final = Attempt(
    "fleetgauge",
    "use up every connection of the server (100 of 120)",
    f"{REFUSED} from then on; ingest connects, by the 20 that are reserved for it",
)

ATTEMPTS: Final = (
    *(session.attempt for session in SESSIONS),
    LIFTED,
    IDLE,
    USED_UP,
    ALL_USED_UP,
)
