"""How everything's time grows with a year of positions in 365 chunks; maintenance beside ingest.

A region's fleet. By default 0.2 and 1 million positions, which take two minutes; BENCH_POSITIONS
says how far to go: 10 million take ten minutes more, 50 million an hour and 8 GB of disk. Times are
of whole questions, planning among them. The last table throws half of the largest history away
while batches of 100 reports come, 1,000 reports a second: how long each batch took from its moment
to its commit, and whether all of it is there.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median, quantiles
from typing import Final, NamedTuple

from rich.table import Table

from models.indicator import DEFAULT_WINDOWS
from models.kpi import KpiRule
from models.report import Fix, Report
from models.retention import Retention
from models.vehicle import VehicleId
from storage.connection import connect
from storage.kpi.kpi import kpi_of_date
from storage.retention.throw_away import maintain
from storage.shares.shares import Asked, shares
from storage.snapshot import snapshot
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from tests.benchmarks.bench import Progress, figures
from tests.benchmarks.dashboards import PanelQuery, slowest_query
from tests.benchmarks.shares import (
    DAYS_OF_POSITIONS,
    MOST_NAME,
    in_turns,
    load_fleet,
    load_positions,
)
from tests.servers.postgresql import PostgresServer

VEHICLES: Final = 1_140
YEAR: Final = timedelta(days=365)
POSITIONS: Final = (200_000, 1_000_000, 10_000_000, 50_000_000)
MOST: Final = 1_000_000
BATCHES: Final = 20
BATCH: Final = 5_000
RATE: Final = 1_000
SMALL: Final = 100
ALONE_S: Final = 10.0

OWN_RANGE: Final = "slowest dashboard query, ms"
OVER_YEAR: Final = "the same over a year, ms"
GOALS: Final = {
    "share, ms": "≤ 1.3 ×",
    "KPI of a date, ms": "≤ 1.3 ×",
    "share --at, ms": "≤ 2000",
    OWN_RANGE: "≤ 300",
    OVER_YEAR: "≤ 2000",
    "ingest, µs a report": "≤ 1.2 ×",
}


class Measured(NamedTuple):
    """The times with so many positions."""

    times: Mapping[str, float]
    slowest: Mapping[str, PanelQuery]
    """Of the dashboards."""


class Beside(NamedTuple):
    """Ingest while something else goes on."""

    seconds: Sequence[float]
    """From each batch's moment to its commit."""
    sent: int
    there: int


class Measure:
    """A database for each size, on one server."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return the times by positions, and those of ingest beside maintenance."""
        most = int(os.environ.get(MOST_NAME, MOST))
        sizes = [each for each in POSITIONS if each <= most]
        server = PostgresServer({"shared_buffers": "1GB", "max_wal_size": "8GB"})
        try:
            server.start()
            urls = {size: _filled(server, size, progress) for size in sizes}
            progress("questions, of each size in turn")
            questions = _questions(urls)
            measured = {
                size: _measured(url, questions[size], progress) for size, url in urls.items()
            }
            progress("maintenance beside ingest")
            return [_table(measured), _slowest(measured), _maintenance(urls[sizes[-1]])]
        finally:
            server.close()


def _filled(server: PostgresServer, positions: int, progress: Progress) -> str:
    progress(f"{positions:,} positions in a year")
    url = server.create_database(extension="timescaledb")
    load_fleet(url, VEHICLES, datetime.now(UTC))
    turns = positions // VEHICLES
    with connect(url, "benchmark", autocommit=True) as database:
        load_positions(database, turns, YEAR / turns)
        database.execute(DAYS_OF_POSITIONS)
        database.execute("vacuum analyze")
        database.execute("checkpoint")
    return url


def _questions(urls: Mapping[int, str]) -> dict[int, dict[str, float]]:
    now = datetime.now(UTC)
    half = Asked(now - YEAR / 2, past=True)
    asks: dict[tuple[int, str], Callable[[], object]] = {}
    with ExitStack() as open_views:
        for size, url in urls.items():
            view = open_views.enter_context(snapshot(url, "benchmark"))
            asks |= {
                (size, "share, ms"): partial(shares, view, Asked(now), DEFAULT_WINDOWS),
                (size, "KPI of a date, ms"): partial(
                    kpi_of_date, view, now.date() - timedelta(days=1), KpiRule()
                ),
                (size, "share --at, ms"): partial(shares, view, half, DEFAULT_WINDOWS),
            }
        runs = in_turns(asks)
    return {
        size: {name: median(times) for (of_size, name), times in runs.items() if of_size == size}
        for size in urls
    }


def _measured(url: str, found: Mapping[str, float], progress: Progress) -> Measured:
    progress("dashboards and ingest")
    with connect(url, "benchmark", autocommit=True) as database:
        slowest = {
            OWN_RANGE: slowest_query(database),
            OVER_YEAR: slowest_query(database, period=YEAR),
        }
    of_dashboards = {name: query.ms for name, query in slowest.items()}
    return Measured({**found, **of_dashboards, "ingest, µs a report": _ingest(url)}, slowest)


def _ingest(url: str) -> float:
    times = []
    with Writer(url, "benchmark", "Europe/Moscow") as writer:
        for _ in range(BATCHES):
            batch = batch_of(datetime.now(UTC), BATCH)
            began = time.perf_counter()
            writer.write(batch)
            times.append((time.perf_counter() - began) * 1e6 / BATCH)
    return median(times)


def batch_of(now: datetime, reports: int, first: int = 0) -> Batch:
    """Return a batch of so many reports, each of the next vehicle from one on."""
    batch = Batch()
    for number in range(first, first + reports):
        name = number % VEHICLES + 1
        vehicle = VehicleId(f"op{name % 12}", str(name))
        at = now - timedelta(microseconds=number - first)
        message = Message(b"fleet/op/1/position", b"{}", now)
        batch.add(message, [Report(vehicle, at, Fix(57.0, 41.0), 85)], [])
    return batch


def _maintenance(url: str) -> Table:
    alone = _beside(url, lambda: time.sleep(ALONE_S))
    kept = Retention(YEAR / 2, timedelta(), timedelta())
    beside = _beside(url, lambda: maintain(url, kept, datetime.now(UTC)))
    table = figures(
        f"ingest of {RATE:,} reports/s, ms to the commit", "median", "p99", "most", "sent", "there"
    )
    for name, found in {"alone": alone, "beside maintenance": beside}.items():
        ms = sorted(each * 1000 for each in found.seconds)
        p99 = quantiles(ms, n=100, method="inclusive")[-1] if len(ms) > 1 else ms[0]
        counts = (f"{found.sent:,}", f"{found.there:,}")
        table.add_row(name, f"{median(ms):.0f}", f"{p99:.0f}", f"{ms[-1]:.0f}", *counts)
    return table


def _beside(url: str, work: Callable[[], object]) -> Beside:
    done = threading.Event()

    def run() -> None:
        try:
            work()
        finally:
            done.set()

    seconds: list[float] = []
    began = datetime.now(UTC)
    with Writer(url, "benchmark", "Europe/Moscow") as writer:
        worker = threading.Thread(target=run)
        worker.start()
        due = time.monotonic()
        while not done.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            writer.write(batch_of(datetime.now(UTC), SMALL))
            seconds.append(time.monotonic() - due)
            due += SMALL / RATE
        worker.join()
    return Beside(seconds, len(seconds) * SMALL, _received_since(url, began))


def _received_since(url: str, began: datetime) -> int:
    # By reception: what was loaded is older, and a report is observed up to a second before.
    query = """
        select count(*) from report
        where received_at >= %(began)s and observed_at >= %(began)s - interval '1 second'
    """
    with connect(url, "benchmark") as database:
        row = database.execute(query, {"began": began}).fetchone()
    return int(row[0]) if row else 0


def _table(measured: Mapping[int, Measured]) -> Table:
    first, *others = measured
    columns = [f"{first:,}", *(f"{size:,}" for size in others), *(f"× {size:,}" for size in others)]
    table = figures(f"{VEHICLES:,} vehicles, positions of a year in 365 chunks", *columns, "goal")
    for name, goal in GOALS.items():
        values = [each.times[name] for each in measured.values()]
        ratios = [f"{value / values[0]:.2f}" for value in values[1:]]
        table.add_row(name, *(f"{value:.0f}" for value in values), *ratios, goal)
    return table


def _slowest(measured: Mapping[int, Measured]) -> Table:
    table = figures("the slowest dashboard queries", *(f"{size:,}" for size in measured))
    for name in (OWN_RANGE, OVER_YEAR):
        table.add_row(name, *(str(each.slowest[name]) for each in measured.values()))
    return table
