"""What befalls a database that goes on running: each fault for the length of a `with` block."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from tests.servers.postgresql import PostgresServer
from tests.servers.small_disk import SmallDisk
from tests.servers.waiting import wait_until

WORKER = "fleetgauge ingest%"
"""The application name of the worker's sessions, as LIKE takes it."""

_TERMINATE = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like %s"
_CANCEL = "select pg_cancel_backend(pid) from pg_stat_activity where application_name like %s"
_WAITING = """
select count(*) from pg_stat_activity
where application_name like %s and wait_event_type = 'Lock'
"""


def maintenance(server: PostgresServer) -> "psycopg.Connection[tuple[Any, ...]]":
    """Connect to the server beside all databases under test."""
    return psycopg.connect(server.url(), autocommit=True)


_KEYS = """
select vehicle_key from vehicle_state join vehicle using (vehicle_key)
where operator_id = %s order by vehicle_key
"""


@contextlib.contextmanager
def read_only(server: PostgresServer) -> Iterator[None]:
    """No transaction may write."""
    with maintenance(server) as connection:
        connection.execute("alter system set default_transaction_read_only = on")
        connection.execute("select pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute("set default_transaction_read_only = off")
            connection.execute("alter system reset default_transaction_read_only")
            connection.execute("select pg_reload_conf()")


@contextlib.contextmanager
def no_connection_left(server: PostgresServer) -> Iterator[None]:
    """Every connection is taken, and the worker's is gone."""
    with contextlib.ExitStack() as taken:
        first = taken.enter_context(maintenance(server))
        first.execute(_TERMINATE, [WORKER])
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                taken.enter_context(maintenance(server))
        yield


@contextlib.contextmanager
def disk_full(disk: SmallDisk) -> Iterator[None]:
    """No table can grow; the WAL, on another disk, can."""
    disk.fill()
    try:
        yield
    finally:
        disk.free()


@contextlib.contextmanager
def table_locked(url: str, table: str = "report") -> Iterator[None]:
    """Whoever writes to the table waits."""
    with psycopg.connect(url) as connection:
        connection.execute(f"lock table {table} in exclusive mode".encode())
        yield


def terminate_worker(server: PostgresServer) -> None:
    """End the worker's sessions, as an administrator would."""
    with maintenance(server) as connection:
        connection.execute(_TERMINATE, [WORKER])


def cancel_worker(server: PostgresServer) -> None:
    """Cancel what the worker's sessions are doing."""
    with maintenance(server) as connection:
        connection.execute(_CANCEL, [WORKER])


def wait_until_blocked(server: PostgresServer, sessions: int = 1) -> None:
    """Return once so many of the worker's sessions wait for a lock, in the middle of a batch."""
    with maintenance(server) as connection:

        def found() -> bool:
            row = connection.execute(_WAITING, [WORKER]).fetchone()
            return row is not None and row[0] >= sessions

        wait_until(found, seconds=20, what="the worker to wait for a lock")


@contextlib.contextmanager
def deadlock(url: str, server: PostgresServer, operator_id: str) -> Iterator[None]:
    """Lock two vehicles' states against the worker's order; the worker is the one to give way.

    Within the block the worker's next batch must write all vehicles of the operator.
    """
    with psycopg.connect(url) as connection:
        connection.execute("set deadlock_timeout = '60s'")
        keys = connection.execute(_KEYS, [operator_id]).fetchall()
        lock = "select from vehicle_state where vehicle_key = %s for update"
        connection.execute(lock, keys[-1])
        yield
        wait_until_blocked(server)
        connection.execute(lock, keys[0])
