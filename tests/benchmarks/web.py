"""``fleetgauge web`` under load: event streams, and feeds fetched at a steady rate.

The fleet is filled in SQL, and drives by a statement a second: a tenth of it has a new position,
as buses that report every 10 s. Streams and requests come from a process of their own on the same
machine, so that it has half of what the server has. The reads are the database's own count of
statements (pg_stat_statements).
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.table import Table

from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.sql import queries
from tests.benchmarks.bench import Progress, figures
from tests.benchmarks.usage import cpu_seconds
from tests.servers.ports import free_port
from tests.servers.postgresql import PostgresServer
from tests.servers.waiting import wait_until

VEHICLES: Final = 1_140
STREAMS: Final = 2_000
RATE: Final = 500
"""Requests a second."""
SECONDS: Final = 30
MANY: Final = 100_000

_FILL: Final = """
insert into operator (operator_id, time_zone)
select 'op' || number, 'Europe/Moscow' from generate_series(0, 11) as number;
insert into journey (journey_key, route_id)
select number + 1, number::text from generate_series(0, 39) as number;
insert into vehicle (operator_id, vehicle_id)
select 'op' || number % 12, number::text from generate_series(1, {vehicles}) as number;
insert into registry_change (changed_by, source) values ('benchmark', 'benchmark');
insert into registry_entry (vehicle_key, operator_id, attributes, equipment, known_from, change_id)
select vehicle_key, operator_id,
       jsonb_build_object('depot', 'depot ' || vehicle_key % 30,
                          'municipality', 'town ' || vehicle_key % 20),
       17, now() - interval '1 day', change_id
from vehicle cross join registry_change;
"""

# One in seven has been silent for a quarter of an hour.
_DRIVE: Final = """
update vehicle_state
set contact_at = at, fix_at = at, fix_heard_at = at,
    first_contact_at = coalesce(first_contact_at, at), journey_key = 1 + vehicle_key %% 40,
    latitude = 570000000 + vehicle_key * 13 %% 100000
               + extract(epoch from now())::integer %% 600 * 10,
    longitude = 410000000 + vehicle_key * 7 %% 200000, speed = 800, bearing = 1200
from (
    select vehicle_key as key,
           now() - interval '1 minute' * case when vehicle_key %% 7 = 0 then 15 else 0 end as at
    from vehicle
) as moment
where vehicle_key = key and (vehicle_key %% 10 = %(tenth)s or %(tenth)s is null)
"""

_CALLS: Final = """
select coalesce(sum(calls), 0)
from pg_stat_statements
where dbid = (select oid from pg_database where datname = current_database())
  and starts_with(query, %(beginning)s)
"""
_LOOK: Final = queries("shares")["fleet"].partition("\n")[0]
_TRANSACTION: Final = "BEGIN"
"""The driving has none."""


class Measure:
    """The fleet of a region under load, then one of 100,000 for one reader."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return both tables."""
        database = PostgresServer({"shared_preload_libraries": "timescaledb,pg_stat_statements"})
        try:
            database.start()
            return [_under_load(database, progress), _large(database, progress)]
        finally:
            database.close()


def _under_load(database: PostgresServer, progress: Progress) -> Table:
    table = figures(
        f"{VEHICLES:,} buses at 10 s, {STREAMS:,} event streams, {RATE} feed requests/s, "
        f"{SECONDS} s",
        "measured",
        "goal",
    )
    url = _fleet(database, VEHICLES, progress)
    with connect(url, "benchmark", autocommit=True) as connection, _serving(url) as server:
        table.add_row("first /now after the start, ms", f"{_page_ms(server, '/now'):.0f}", "≤ 200")
        progress("streams and requests")
        before = _calls(connection, _LOOK), _calls(connection, _TRANSACTION)
        began = time.monotonic()
        busy = cpu_seconds(server.process.pid)
        with _driving(url):
            found = _load(server.port)
        lasted = time.monotonic() - began
        busy = (cpu_seconds(server.process.pid) - busy) / lasted
        looks = (_calls(connection, _LOOK) - before[0]) / lasted
        transactions = (_calls(connection, _TRANSACTION) - before[1]) / lasted
        peak = server.peak_bytes() / 1e6
    table.add_row("streams that were open at the end", f"{found['open']:,}", f"{STREAMS:,}")
    table.add_row("events received", f"{found['events']:,}", "")
    table.add_row("requests answered", f"{found['answered']:,}", f"{RATE * SECONDS:,}")
    table.add_row("errors", f"{found['errors']:,}", "0")
    table.add_row("p50, ms", f"{found['p50']:.0f}", "")
    table.add_row("p99, ms", f"{found['p99']:.0f}", "≤ 100")
    table.add_row("p99 of how late they were sent, ms", f"{found['late']:.0f}", "")
    table.add_row("reads of the fleet/s", f"{looks:.2f}", "≤ 1")
    table.add_row("all transactions of the server/s", f"{transactions:.2f}", "")
    table.add_row("CPU of the server, of one", f"{busy:.0%}", "")
    table.add_row("memory, MB", f"{peak:.0f}", "≤ 200")
    return table


def _large(database: PostgresServer, progress: Progress) -> Table:
    table = figures(f"{MANY:,} vehicles, one reader", "ms", "MB sent")
    url = _fleet(database, MANY, progress)
    with _serving(url) as server:
        for path in ("/now", "/now", "/map", "/vehicles.geojson", "/gtfs-rt/vehicle-positions.pb"):
            progress(path)
            started = time.perf_counter()
            sent = len(_fetch(server, path))
            taken = (time.perf_counter() - started) * 1000
            table.add_row(path, f"{taken:.0f}", f"{sent / 1e6:.2f}")
        table.add_row("memory, MB", f"{server.peak_bytes() / 1e6:.0f}", "")
    return table


def _fleet(database: PostgresServer, vehicles: int, progress: Progress) -> str:
    progress(f"{vehicles:,} vehicles")
    url = database.create_database(extension="timescaledb")
    migrate(url)
    with connect(url, "benchmark", autocommit=True) as connection:
        connection.execute(_FILL.replace("{vehicles}", str(vehicles)))
        connection.execute(_DRIVE, {"tenth": None})
        connection.execute("vacuum analyze")
        connection.execute("create extension pg_stat_statements")
    return url


class _Server:
    """The command, as a process of its own."""

    def __init__(self, url: str) -> None:
        self.port = free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if "FLEETGAUGE_" not in name},
            "FLEETGAUGE_DATABASE_URL": url,
            "FLEETGAUGE_WEB_ADDRESS": f"127.0.0.1:{self.port}",
        }
        command = [sys.executable, "-m", "fleetgauge", "web"]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def is_up(self) -> bool:
        """Tell whether it answers."""
        try:
            return bool(_fetch(self, "/healthz"))
        except OSError:
            return False

    def peak_bytes(self) -> int:
        """Return the most memory that was resident at any time so far (proc(5), VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = (each for each in status.splitlines() if each.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024


@contextmanager
def _serving(url: str) -> Iterator[_Server]:
    server = _Server(url)
    try:
        wait_until(server.is_up, seconds=30, what="the server answers")
        yield server
    finally:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(15)


@contextmanager
def _driving(url: str) -> Iterator[None]:
    """Drive for a `with` block."""
    ending = threading.Event()

    def drive() -> None:
        with connect(url, "benchmark", autocommit=True) as connection:
            tenth = 0
            while not ending.wait(1):
                connection.execute(_DRIVE, {"tenth": tenth})
                tenth = (tenth + 1) % 10

    thread = threading.Thread(target=drive)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _load(port: int) -> dict[str, float]:
    arguments = map(str, (port, STREAMS, RATE, SECONDS))
    command = [sys.executable, "-m", "tests.benchmarks.web_load", *arguments]
    found: dict[str, float] = json.loads(
        subprocess.run(command, capture_output=True, check=True).stdout
    )
    return found


def _calls(connection: Connection, beginning: str) -> int:
    """Return how often statements that begin so were executed."""
    ((calls,),) = connection.execute(_CALLS, {"beginning": beginning}).fetchall()
    return int(calls)


def _page_ms(server: _Server, path: str) -> float:
    started = time.perf_counter()
    _fetch(server, path)
    return (time.perf_counter() - started) * 1000


def _fetch(server: _Server, path: str) -> bytes:
    request = urllib.request.Request(
        f"http://localhost:{server.port}{path}", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        body: bytes = answer.read()
    return body
