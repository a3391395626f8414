"""From publish to commit at a steady 1,000 messages/s.

Every payload bears the moment at which it was sent; PostgreSQL says when the row's transaction
was committed (``track_commit_timestamp``). Both are this machine's clock. The commit time is
taken just before the log is flushed to disk: the flush is shown beside it.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from rich.table import Table

from storage.migrate import migrate
from tests.benchmarks import gate
from tests.benchmarks.bench import Progress, figures
from tests.benchmarks.servers import broker_and_database
from tests.benchmarks.stored import Ledger
from tests.benchmarks.worker import Worker

RATE: Final = 1_000
SECONDS: Final = 25
WARM_UP_S: Final = 5
"""Of these seconds: the vehicles get their keys and the chunks are made in them."""

_DELAYS = """
select count(*) as messages,
       percentile_cont(array[0.5, 0.9, 0.99, 1.0]) within group (order by delay) as delays
from (
    select extract(epoch from pg_xact_commit_timestamp(xmin) - observed_at) * 1000 as delay
    from report
    where observed_at > (select max(observed_at) from report) - %s * interval '1 second'
) as measured
"""
_FLUSH = "select wal_sync_time / nullif(wal_sync, 0) from pg_stat_wal"


class Measure:
    """One worker, one paced publisher."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return the delay's quantiles in ms."""
        with broker_and_database() as (broker, databases):
            url = databases.create_database(extension="timescaledb")
            migrate(url)
            with Worker(broker.url, url) as worker, Ledger(url) as ledger:
                gate.wait_for_connection(worker.pid, broker.port)
                time.sleep(1)
                progress(f"{RATE:,} messages/s for {SECONDS} s")
                cpu = gate.cpu_seconds(worker.pid)
                worst = publish(broker.port, RATE, SECONDS)
                ledger.wait(RATE * SECONDS, seconds=30)
                cpu = gate.cpu_seconds(worker.pid) - cpu
                return [_table(ledger, worst, cpu)]


def publish(port: int, rate: int, seconds: int) -> float:
    """Publish at a steady rate, and return by how much the worst was late, in ms."""
    command = [sys.executable, "-m", "tests.benchmarks.pacing"]
    arguments = [str(port), str(rate), str(seconds)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout)


def quantiles(ledger: Ledger, seconds: float) -> list[float]:
    """Return p50, p90, p99 and the longest, in ms, of what was observed last."""
    row = ledger.connection.execute(_DELAYS, [seconds]).fetchone()
    if row is None:
        raise LookupError("no delays")
    found: list[float] = row[1]
    return found


def _table(ledger: Ledger, worst: float, cpu: float) -> Table:
    table = figures(f"From publish to commit at {RATE:,} messages/s", "ms", "goal")
    delays = quantiles(ledger, SECONDS - WARM_UP_S)
    flush = ledger.connection.execute(_FLUSH).fetchone()
    if flush is None:
        raise LookupError("no delays")
    goals = {"p50": "≤ 100", "p99": "≤ 300"}
    for name, delay in zip(("p50", "p90", "p99", "longest"), delays, strict=True):
        table.add_row(name, f"{delay:.0f}", goals.get(name, ""))
    table.add_row("the log's flush, on average", f"{flush[0]:.1f}", "")
    table.add_row("the publisher late at the worst", f"{worst:.0f}", "")
    table.add_row("CPU per 1,000 messages", f"{cpu / RATE / SECONDS * 1e6:.0f}", "")
    return table
