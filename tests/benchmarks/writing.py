"""The database's side alone: bare COPY, and the writer with all that it keeps."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from models.decode import decode
from models.rules import Rules
from storage.connection import connect
from storage.writing.batch import Batch, Message, ReceivedReport
from storage.writing.writer import Writer
from tests.benchmarks.flood import positions

BATCH = 5_000

_TABLE = """
create table if not exists copied (like fix including all);
select create_hypertable('copied', by_range('observed_at', interval '1 day'),
                         create_default_indexes => false, if_not_exists => true);
truncate copied
"""
_COPY = """
copy copied (vehicle_key, observed_at, received_at, latitude, longitude, speed_mps, bearing_deg,
             hdop, satellites, route_id, trip_id)
from stdin (format binary)
"""
_TYPES = ["int4", "timestamptz", "timestamptz", "float8", "float8", *["float4"] * 3, "int2"]
_TYPES += ["text", "text"]


def copy_rate(url: str, rows: int, since: float) -> float:
    """Return the rows/s that COPY alone brings into a hypertable like ours, a commit a batch."""
    batches = [[_row(report) for report in batch.reports] for batch in _batches(rows, since)]
    with connect(url, "benchmark", autocommit=True) as connection:
        connection.execute(_TABLE)
        started = time.perf_counter()
        for batch in batches:
            with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                copy.set_types(_TYPES)
                for row in batch:
                    copy.write_row(row)
        return rows / (time.perf_counter() - started)


def writer_rate(url: str, rows: int, since: float) -> float:
    """Return the reports/s that the writer stores, without a broker and without decoding."""
    batches = list(_batches(rows, since))
    with Writer(url, "benchmark", "Europe/Moscow") as writer:
        writer.connect()
        started = time.perf_counter()
        stored = sum(writer.write(batch).stored for batch in batches)
        seconds = time.perf_counter() - started
    if stored != rows:
        raise AssertionError(f"{stored} of {rows} stored")
    return rows / seconds


def _batches(rows: int, since: float) -> Iterator[Batch]:
    received_at = datetime.now(UTC)
    rules = Rules(max_skew=timedelta(days=1))
    batch = Batch()
    for number, (topic, payload) in enumerate(positions(rows, since), start=1):
        reports, rejections = decode(topic, payload, received_at, rules)
        batch.add(Message(topic, payload, received_at), reports, rejections)
        if number % BATCH == 0 or number == rows:
            yield batch
            batch = Batch()


def _row(received: ReceivedReport) -> tuple[object, ...]:
    report, message = received
    key = int(report.vehicle.vehicle_id)
    return (key, report.observed_at, message.received_at, *(report.fix or ()))
