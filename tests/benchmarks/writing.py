"""The database's side alone: bare COPY, and the writer with all that it keeps."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from models.decode import decode
from models.rules import Rules
from storage.connection import connect
from storage.writing.batch import Batch, Message
from storage.writing.keys import Journey, Keys
from storage.writing.staging import rows_of
from storage.writing.writer import Writer
from tests.benchmarks.flood import positions

BATCH = 5_000

_TABLE = """
create table if not exists copied (like report including all);
select create_hypertable('copied', by_range('observed_at', interval '1 day'),
                         create_default_indexes => false, if_not_exists => true);
truncate copied
"""
_COPY = """
copy copied (observed_at, received_at, equipment, vehicle_key, latitude, longitude, journey_key,
             speed, bearing, hdop, satellites)
from stdin (format binary)
"""
_TYPES = ["timestamptz", "timestamptz", "int8", *["int4"] * 4, *["int2"] * 4]


def copy_rate(url: str, rows: int, since: float) -> float:
    """Return the rows/s that COPY alone brings into a hypertable like ours, a commit a batch."""
    batches = [_rows(batch) for batch in _batches(rows, since)]
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
        reports, rejections, _ = decode(topic, payload, received_at, rules)
        batch.add(Message(topic, payload, received_at), reports, rejections)
        if number % BATCH == 0 or number == rows:
            yield batch
            batch = Batch()


def _rows(batch: Batch) -> list[tuple[object, ...]]:
    """Return what the writer would copy, with the vehicles' numbers for their keys."""
    keys = Keys("UTC")
    for report, _ in batch.reports:
        keys.vehicles[report.vehicle] = int(report.vehicle.vehicle_id)
        if report.fix is not None:
            keys.journeys[Journey(report.fix.route_id, report.fix.trip_id)] = 1
    return [(*row[:7], *row[8:]) for row in rows_of(batch, keys)]
