"""Bytes on disk and in the log: service days of 1,140 buses, written as the worker writes them.

Every report has a position, all four measurements, a trip, and what both kinds of equipment are.
The reports come in the order of time, each a little late, in batches of 5,000; what is counted is
heap and all indexes, with what updates have made them larger by. The first day has a report of
each bus every 10 s, and all but the days' rows is measured by it. The updates of all its rows at
once take room, about as much however long the table is, and further days take it again: what a day
takes is seen after many, of which it is enough that every minute has its report.
"""

import math
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from rich.table import Table

from models.equipment import DEFAULT_KINDS, Flag
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from tests.benchmarks.bench import Progress, figures
from tests.servers.postgresql import PostgresServer

VEHICLES: Final = 1_140
OPERATORS: Final = 12
INTERVAL: Final = timedelta(seconds=10)
FURTHER_INTERVAL: Final = timedelta(minutes=1)
FIRST_HOUR: Final = 5
LAST_HOUR: Final = 23
DELAY: Final = timedelta(seconds=1.2)
"""From the bus's clock to our reception."""
BATCH: Final = 5_000
DAYS_NAME: Final = "BENCH_DAYS"
"""The environment variable that says how many further days are written."""
DAYS: Final = 6
TIME_ZONE: Final = "Europe/Moscow"
UTC_OFFSET: Final = timedelta(hours=3)
FLAGS: Final = DEFAULT_KINDS.bits({"cctv": Flag(True, True), "cashless": Flag(True, False)})

SERVER_OPTIONS: Final = {"max_wal_size": "4GB", "autovacuum_naptime": "1s"}
"""A day takes minutes here: autovacuum comes as often within it as it would in a real one."""

_REPORT: Final = """
select sum(pg_table_size(chunk))::bigint, sum(pg_indexes_size(chunk))::bigint,
       (select count(*) from report)
from show_chunks('report') as chunk
"""

_DAY: Final = """
select pg_table_size('vehicle_day'), pg_indexes_size('vehicle_day'), count(*) from vehicle_day
"""

_LOG: Final = "select (pg_current_wal_insert_lsn() - '0/0')::bigint"


class Size(NamedTuple):
    """What some rows take, in bytes."""

    heap: int
    indexes: int
    rows: int

    def cells(self) -> list[str]:
        """Return bytes a row: heap, indexes, both."""
        parts = (self.heap, self.indexes, self.heap + self.indexes)
        return [f"{part / self.rows:.1f}" for part in parts]


class Measure:
    """The worker's writer, and a database with TimescaleDB."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Write the days, and return bytes a row and a report."""
        server = PostgresServer(SERVER_OPTIONS)
        try:
            server.start()
            url = server.create_database(extension="timescaledb")
            migrate(url)
            with connect(url, "benchmark", autocommit=True) as database:
                return [_measured(url, database, progress)]
        finally:
            server.close()


def _measured(url: str, database: Connection, progress: Progress) -> Table:
    further = int(os.environ.get(DAYS_NAME, DAYS))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=further + 1)
    with Writer(url, "benchmark", TIME_ZONE) as writer:
        progress("a day of a report every 10 s")
        log, began = _numbers(database, _LOG)[0], time.monotonic()
        reports = _write(writer, first, INTERVAL)
        seconds = time.monotonic() - began
        log = _numbers(database, _LOG)[0] - log
        report, day = Size(*_numbers(database, _REPORT)), Size(*_numbers(database, _DAY))
        for number in range(1, further + 1):
            progress(f"further day {number} of {further}")
            _write(writer, first + timedelta(days=number), FURTHER_INTERVAL)
    days = Size(*_numbers(database, _DAY))
    table = figures(f"Bytes, {VEHICLES:,} buses", "heap", "indexes", "all", "goal")
    table.add_row("a position with both flags", *report.cells(), "≤ 110")
    table.add_row("a vehicle's day, on the first evening", *day.cells(), "")
    table.add_row(f"a vehicle's day, after {further + 1} days", *days.cells(), "≤ 300")
    table.add_row("the log, a report", "", "", f"{log / reports:.0f}", "")
    table.add_section()
    table.add_row("reports/s, with making them", "", "", f"{reports / seconds:,.0f}", "")
    return table


def _numbers(database: Connection, query: str) -> Sequence[int]:
    row = database.execute(query).fetchone()
    if row is None:
        raise LookupError(query)
    return row


def _write(writer: Writer, midnight: datetime, interval: timedelta) -> int:
    return sum(writer.write(batch).stored for batch in _batches(midnight, interval))


def _batches(midnight: datetime, interval: timedelta) -> Iterator[Batch]:
    batch = Batch()
    for report in _day(midnight, interval):
        batch.add(Message(b"topic", b"payload", report.observed_at + DELAY), [report], [])
        if len(batch.reports) == BATCH:
            yield batch
            batch = Batch()
    yield batch


def _day(midnight: datetime, interval: timedelta) -> Iterator[Report]:
    """Yield the reports of a day in their order, bus by bus within each interval."""
    begins = midnight - UTC_OFFSET + timedelta(hours=FIRST_HOUR)
    for turn in range(timedelta(hours=LAST_HOUR - FIRST_HOUR) // interval):
        for number in range(VEHICLES):
            vehicle = VehicleId(f"op{number % OPERATORS}", str(number))
            at = begins + (turn + number / VEHICLES) * interval
            yield Report(vehicle, at, _fix(number, turn * (interval // INTERVAL)), FLAGS)


def _fix(number: int, turn: int) -> Fix:
    angle = (turn + 17 * number) / 90
    return Fix(
        57 + number / 10_000 + math.sin(angle) / 50,
        41 + number / 10_000 + math.cos(angle) / 50,
        8 + number % 7,
        math.degrees(angle) % 360,
        0.9,
        11,
        str(number % 40),
        f"{number}-{turn // 360}",
    )
