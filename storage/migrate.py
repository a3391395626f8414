"""Bring the schema up to date: versioned scripts once each, repeatable ones when they change."""

from typing import Final, NamedTuple

import stamina
from psycopg.errors import LockNotAvailable

from storage.connection import Connection, connect
from storage.errors import DatabaseUnusable, StorageBug, translated
from storage.repeatable import drop_obsolete, obsolete, run_repeatable
from storage.schema import Applied, applied, check_database, checksum, needed
from storage.sql import queries, roles, scripts

LOCK_KEY: Final = 0x666C656574  # "fleet"
"""The advisory lock that makes two migrations at once take turns."""

_SQL: Final = queries("migration")
_LOCK: Final = "select pg_advisory_xact_lock(%(key)s)"

_SCRIPT: Final = """
create table if not exists schema_script (
    kind       text not null,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default now(),
    primary key (kind, name)
)
"""

_OTHERS: Final = """
select string_agg(relname, ', ' order by relname collate "C")
from pg_class
where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
  and relname in ('operator', 'vehicle', 'report', 'vehicle_state', 'vehicle_day', 'target',
                  'journey', 'probe', 'rejection', 'reception', 'holiday', 'service_hours')
"""
"""Tables that ours would be named like, where there are none of ours yet."""

_TIMESCALEDB: Final = """
do $$
begin
    if exists (select from pg_available_extensions where name = 'timescaledb') then
        create extension if not exists timescaledb;
    end if;
end
$$
"""


_MISSING_ROLES: Final = """
select role
from unnest(array['fleetgauge_ingest', 'fleetgauge_admin', 'fleetgauge_metrics',
                  'fleetgauge_publisher', 'fleetgauge_reader'])
    with ordinality as group_role (role, place)
where not exists (select from pg_roles where rolname = role)
order by place
"""


SERVICE: Final = "fleetgauge service "
"""What a service's session is called by, with the fingerprint of the schema it was made for."""

_ATTEMPTS: Final = 40


class Status(NamedTuple):
    """What a migration would do."""

    version: str | None
    """The newest version that is there; None: none."""
    needed: str
    missing: tuple[str, ...]
    """Versions that would be applied."""
    unknown: tuple[str, ...]
    """Versions of a newer program."""
    changed: tuple[str, ...]
    """Scripts of functions and views that are others than those there."""
    obsolete: tuple[str, ...]
    """What only services of the version before use."""
    older_services: int
    """How many services of another version run."""

    @property
    def is_up_to_date(self) -> bool:
        """Nothing would be done."""
        return not (self.missing or self.unknown or self.changed or self.obsolete)


class Migrated(NamedTuple):
    """What a migration did."""

    before: str | None
    """The newest version that was there; None: none."""
    after: str
    applied: tuple[str, ...]
    """The scripts that were run, in their order."""
    missing_roles: tuple[str, ...]
    """The groups of docs/security.md that are not there, and that we may not make."""


def migrate(url: str) -> Migrated:
    """Apply what is missing, all of it or nothing, with TimescaleDB where the server offers it.

    Safe to run twice and from two places at once, and while services of the version before run:
    it takes nothing away that they use, and waits for no lock for longer than ingest may stand
    behind it, but tries again.

    Raises:
        DatabaseUnusable: our role may not make what is needed; the message says who grants what.
        StorageError: the database cannot be reached.
    """
    for attempt in stamina.retry_context(
        on=_is_waiting_too_long, attempts=_ATTEMPTS, timeout=None, wait_initial=0.2, wait_max=3
    ):
        with attempt:
            return _migrate(url)
    raise AssertionError  # the last attempt raises


def finish(url: str) -> list[str]:
    """Drop what the version before used and this one does not; return it.

    Nothing while a service of another version runs: see ``status``.

    Raises:
        StorageError: the database cannot be reached, or lets us drop nothing.
    """
    with translated(), connect(url, "fleetgauge migrate") as connection:
        connection.execute(_LOCK, {"key": LOCK_KEY})
        if _older_services(connection):
            return []
        connection.execute(_SQL["give_way"])
        return drop_obsolete(connection)


def status(url: str) -> Status:
    """Return what a migration would do, and who still runs on what was before.

    Raises:
        StorageError: the database cannot be reached.
    """
    with translated(), connect(url, "fleetgauge migrate", autocommit=True) as connection:
        check_database(connection)
        found, wanted = applied(connection), needed()
        changed = wanted.repeatable.items() - found.repeatable.items()
        return Status(
            found.version,
            max(wanted.versioned),
            tuple(sorted(wanted.versioned.keys() - found.versioned.keys())),
            tuple(sorted(found.versioned.keys() - wanted.versioned.keys())),
            tuple(sorted(name for name, _ in changed)),
            tuple(obsolete(connection)) if found.versioned else (),
            _older_services(connection),
        )


def _migrate(url: str) -> Migrated:
    with translated(), connect(url, "fleetgauge migrate", autocommit=True) as connection:
        check_database(connection)
        with connection.transaction():
            connection.execute(_LOCK, {"key": LOCK_KEY})
            _check_rights(connection)
            connection.execute(_SQL["give_way"])
            connection.execute(_TIMESCALEDB)
            return apply(connection)


def apply(connection: Connection) -> Migrated:
    """Apply what is missing to a database as it is, in a transaction."""
    with connection.transaction():
        connection.execute(_SCRIPT)
        before = applied(connection)
        _check_versioned(before)
        _check_ours(connection, before)
        done = [*_run_versioned(connection, before), *run_repeatable(connection, before)]
        connection.execute(roles().encode())
        missing = missing_roles(connection)
    return Migrated(before.version, max(needed().versioned), tuple(done), missing)


def missing_roles(connection: Connection) -> tuple[str, ...]:
    """Return the groups of docs/security.md that the server does not have."""
    with translated():
        return tuple(role for (role,) in connection.execute(_MISSING_ROLES))


def _check_rights(connection: Connection) -> None:
    if applied(connection).versioned:
        return
    (missing,) = connection.execute(queries("roles")["missing_rights"]).fetchone() or (None,)
    if missing:
        raise DatabaseUnusable(
            f"the role {connection.info.user} may not make what is needed in the database "
            f"{connection.info.dbname}: have its owner run there: {missing}"
        )


def _check_versioned(before: Applied) -> None:
    ours = needed().versioned
    for name, known in before.versioned.items():
        if ours.get(name) != known:
            whose = "changed since it was applied" if name in ours else "of a newer program"
            raise StorageBug(f"the schema's version {name} is {whose}")


def _check_ours(connection: Connection, before: Applied) -> None:
    if before.versioned:
        return
    (others,) = connection.execute(_OTHERS).fetchone() or (None,)
    if others:
        raise DatabaseUnusable(
            f"the database {connection.info.dbname} has tables of another program ({others}): "
            "name an empty database in FLEETGAUGE_DATABASE_URL"
        )


def _run_versioned(connection: Connection, before: Applied) -> list[str]:
    missing = {n: text for n, text in scripts("versioned").items() if n not in before.versioned}
    for name, script in missing.items():
        _run(connection, "versioned", name, script)
    return list(missing)


def _run(connection: Connection, kind: str, name: str, script: str) -> None:
    connection.execute(script.encode())
    binds = {"kind": kind, "name": name, "what": checksum(script)}
    connection.execute(_SQL["put_on_record"], binds)


def _older_services(connection: Connection) -> int:
    binds = {"application": SERVICE, "fingerprint": needed().fingerprint}
    row = connection.execute(_SQL["older_services"], binds).fetchone()
    return row[0] if row else 0


def _is_waiting_too_long(error: Exception) -> bool:
    return isinstance(error.__cause__, LockNotAvailable)
