"""The worker's memory at full flood, with the database away, and with messages made to be large.

Resident, at its highest since the worker started (VmHWM). BENCH_WAITING=2462400 has the worker
catch up with what waits in the broker after six hours of 1,140 buses, first of all, and says how
long that takes; the broker needs 1.5 GB for it.
"""

import os
import time
from collections.abc import Iterator, Sequence
from typing import Final

from rich.table import Table

from storage.migrate import migrate
from tests.benchmarks import gate
from tests.benchmarks.bench import Progress, figures
from tests.benchmarks.flood import OPERATORS, FloodPublisher, Published, positions
from tests.benchmarks.servers import broker_and_database
from tests.benchmarks.stored import Ledger
from tests.benchmarks.usage import stopped
from tests.benchmarks.worker import Worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgresql import PostgresServer

GOAL_MB: Final = 150
WAITING_NAME: Final = "BENCH_WAITING"
CAUGHT_UP_S: Final = 600
FLOOD: Final = 60_000
AWAY_S: Final = 60
AWAY_MESSAGES: Final = 1_000
"""A second, while the database is away."""
LARGE: Final = 200
LARGE_REPORTS: Final = 500
"""In one message, each padded until the message has 250 KB."""
BACKLOGS: Final = 60
BACKLOG_REPORTS: Final = 7_000
"""In one message, each as short as can be: 256 KiB are the most that is parsed."""


class Measure:
    """One worker, three bad times one after the other."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return the peaks in MB."""
        table = figures("Resident memory of one worker, the most so far", "MB", "goal")
        with broker_and_database() as (broker, database):
            url = database.create_database(extension="timescaledb")
            migrate(url)
            with Worker(broker.url, url) as worker:
                gate.wait_for_connection(worker.pid, broker.port)
                if waiting := int(os.environ.get(WAITING_NAME, "0")):
                    progress(f"{waiting:,} messages wait in the broker")
                    seconds = _catch_up(broker, worker, url, waiting)
                    name = f"{waiting:,} that waited, caught up in {seconds:.0f} s"
                    table.add_row(name, f"{worker.peak_bytes() / 1e6:.0f}", f"≤ {GOAL_MB}")
                for name, burden in (
                    ("subscribed", lambda *_: None),
                    ("at full flood", _flood),
                    (f"the database away for {AWAY_S} s", _flood_without_database),
                    ("the database away, messages of 250 KB", _large_without_database),
                    (f"{BACKLOGS} arrays of {BACKLOG_REPORTS:,} reports", _backlogs),
                ):
                    progress(name)
                    burden(broker, database, url)
                    table.add_row(name, f"{worker.peak_bytes() / 1e6:.0f}", f"≤ {GOAL_MB}")
        return [table]


def _catch_up(broker: MosquittoServer, worker: Worker, url: str, waiting: int) -> float:
    """Return how many seconds it takes the worker to store what has waited."""
    with Ledger(url) as ledger:
        with stopped(worker.pid):
            _publish(broker, positions(waiting, time.time() - 28 * 86_400, flags=True))
        started = time.monotonic()
        return ledger.wait(waiting, CAUGHT_UP_S) - started


def _flood(broker: MosquittoServer, _database: PostgresServer, url: str) -> None:
    with Ledger(url) as ledger:
        before = ledger.stored()
        _publish(broker, positions(FLOOD, time.time() - 20 * 86_400))
        ledger.wait(before + FLOOD, seconds=60)


def _flood_without_database(broker: MosquittoServer, database: PostgresServer, url: str) -> None:
    with Ledger(url) as ledger:
        before = ledger.stored()
    database.stop("immediate")
    since = time.time() - 15 * 86_400
    for second in range(AWAY_S):
        started = time.monotonic()
        _publish(broker, positions(AWAY_MESSAGES, since + second))
        time.sleep(max(0.0, started + 1 - time.monotonic()))
    database.start()
    with Ledger(url) as ledger:
        ledger.wait(before + AWAY_S * AWAY_MESSAGES, seconds=60)


def _large_without_database(broker: MosquittoServer, database: PostgresServer, url: str) -> None:
    with Ledger(url) as ledger:
        before = ledger.stored()
    database.stop("immediate")
    padding = b',"padding":"%b"' % (b"x" * 450)
    _publish(broker, _arrays(LARGE, LARGE_REPORTS, time.time() - 12 * 86_400, padding))
    time.sleep(5)
    database.start()
    with Ledger(url) as ledger:
        ledger.wait(before + LARGE * LARGE_REPORTS, seconds=60)


def _backlogs(broker: MosquittoServer, _database: PostgresServer, url: str) -> None:
    with Ledger(url) as ledger:
        before = ledger.stored()
        _publish(broker, _arrays(BACKLOGS, BACKLOG_REPORTS, time.time() - 10 * 86_400))
        ledger.wait(before + BACKLOGS * BACKLOG_REPORTS, seconds=60)


def _arrays(count: int, length: int, since: float, padding: bytes = b"") -> Iterator[Published]:
    for vehicle in range(count):
        moments = range(int(since), int(since) + length)
        reports = b",".join(b'{"ts":%d,"lat":57,"lon":41%b}' % (at, padding) for at in moments)
        # A vehicle of the flood: there is room for so many new ones in an hour, and no more.
        topic = b"fleet/op%d/%d/position" % (vehicle % OPERATORS, vehicle)
        yield Published(topic, b"[%b]" % reports)


def _publish(broker: MosquittoServer, messages: Iterator[Published]) -> None:
    flood = FloodPublisher(broker.port)
    flood.publish(messages)
    flood.close()
