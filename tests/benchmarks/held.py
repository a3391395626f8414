"""What a snapshot that is held open costs: the live share, and the table of states that it reads.

A region's fleet sends 1,000 reports a second, so that each vehicle's state is written about once a
second. Somebody's transaction then keeps all old states from being vacuumed: for a minute, or for
BENCH_HELD_S seconds, and the same is looked at when it has ended and autovacuum has been there.
"""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median
from typing import Final, NamedTuple

from rich.table import Table

from models.indicator import DEFAULT_WINDOWS
from storage.connection import Connection, connect
from storage.retention.shrinking import shrink_states
from storage.shares.shares import Asked, shares
from storage.snapshot import snapshot
from storage.writing.writer import Writer
from tests.benchmarks.bench import Progress, figures
from tests.benchmarks.growth import RATE, SMALL, VEHICLES, batch_of
from tests.benchmarks.shares import load_fleet
from tests.servers.postgresql import PostgresServer
from tests.servers.waiting import wait_until

HELD_NAME: Final = "BENCH_HELD_S"
HELD_S: Final = 60.0
LOOKED_S: Final = 20.0
PAUSE_S: Final = 0.5
VACUUMED_S: Final = 180.0
"""Autovacuum looks once a minute."""


class Look(NamedTuple):
    """The states for a while."""

    share_ms: float
    dead: int
    table_bytes: int


class Measure:
    """One database, and the times before, with and after the snapshot."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return the share's time and the table's size."""
        held = float(os.environ.get(HELD_NAME, HELD_S))
        server = PostgresServer()
        try:
            server.start()
            url = server.create_database(extension="timescaledb")
            load_fleet(url, VEHICLES, datetime.now(UTC))
            with _ingest(url), connect(url, "benchmark", autocommit=True) as database:
                progress("before")
                looks = {"before": _look(url, database, LOOKED_S)}
                progress(f"a snapshot for {held:.0f} s")
                with connect(url, "somebody") as other:
                    other.execute("set transaction isolation level repeatable read")
                    other.execute("select count(*) from vehicle_state")
                    time.sleep(max(0.0, held - LOOKED_S))
                    looks["at the end of it"] = _look(url, database, LOOKED_S)
                progress("until autovacuum has been there")
                wait_until(
                    lambda: _dead(database) < VEHICLES * RATE // SMALL,
                    seconds=VACUUMED_S,
                    what="vacuumed",
                )
                looks["after it"] = _look(url, database, LOOKED_S)
                progress("maintenance")
                shrink_states(url)
                looks["after the next maintenance"] = _look(url, database, LOOKED_S)
            return [_table(held, looks)]
        finally:
            server.close()


@contextmanager
def _ingest(url: str) -> Iterator[None]:
    done = threading.Event()

    def run() -> None:
        due, first = time.monotonic(), 0
        with Writer(url, "benchmark", "Europe/Moscow") as writer:
            while not done.wait(max(0.0, due - time.monotonic())):
                writer.write(batch_of(datetime.now(UTC), SMALL, first))
                first += SMALL
                due += SMALL / RATE

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _look(url: str, database: Connection, seconds: float) -> Look:
    times = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with snapshot(url, "benchmark") as view:
            began = time.perf_counter()
            shares(view, Asked(datetime.now(UTC)), DEFAULT_WINDOWS)
            times.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_S)
    size = database.execute("select pg_total_relation_size('vehicle_state')").fetchone() or (0,)
    return Look(median(times), _dead(database), size[0])


def _dead(database: Connection) -> int:
    query = "select n_dead_tup from pg_stat_user_tables where relname = 'vehicle_state'"
    row = database.execute(query).fetchone()
    return int(row[0]) if row else 0


def _table(held: float, looks: dict[str, Look]) -> Table:
    title = f"a snapshot held for {held:.0f} s, {VEHICLES:,} vehicles, {RATE:,} reports/s"
    table = figures(title, "share, ms", "× before", "dead states", "MB")
    first = looks["before"]
    for name, look in looks.items():
        ratio = look.share_ms / first.share_ms
        megabytes = look.table_bytes / 1e6
        table.add_row(
            name, f"{look.share_ms:.0f}", f"{ratio:.2f}", f"{look.dead:,}", f"{megabytes:.1f}"
        )
    return table
