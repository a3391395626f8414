"""Messages/s and delay where the broker lets few messages be in flight: MQTT 3.1.1, small limits.

A broker that stops at N unacknowledged messages gets the next acknowledgement only with a commit:
the rate is N per round trip through the database, and no batch may wait for more company.
"""

import time
from collections.abc import Sequence
from typing import Final

from rich.table import Table

from storage.migrate import migrate
from tests.benchmarks import delay, gate, session
from tests.benchmarks.bench import Progress, figures
from tests.benchmarks.flood import FloodPublisher, positions
from tests.benchmarks.servers import broker_and_database
from tests.benchmarks.stored import Ledger
from tests.benchmarks.worker import Worker
from tests.servers.mosquitto import MosquittoServer

LIMITS: Final = (10, 20, 50)
"""The defaults of RabbitMQ and Moquette, of Mosquitto, of HiveMQ."""
MESSAGES: Final = 1_000
RATE: Final = 114
"""Messages/s of 1,140 buses that report every 10 s."""
SECONDS: Final = 20
DEADLINE_S: Final = 120.0


class Measure:
    """A flood that waits, and a steady rate, at each limit."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return rates and delays."""
        table = figures(
            "Where the broker stops at so many unacknowledged messages, MQTT 3.1.1",
            f"stored/s of {MESSAGES:,} that wait",
            f"p50 / p99 in ms at {RATE}/s",
            "CPU ms per 1,000",
        )
        for limit in LIMITS:
            progress(f"{limit} in flight")
            table.add_row(str(limit), *_measured(limit))
        return [table]


def _measured(limit: int) -> tuple[str, str, str]:
    with broker_and_database(f"max_inflight_messages {limit}") as (broker, databases):
        url = databases.create_database(extension="timescaledb")
        migrate(url)
        rate = _flood(broker, url)
        with Ledger(url) as ledger, Worker(broker.url, url, mqtt_protocol="3.1.1") as worker:
            gate.wait_for_connection(worker.pid, broker.port)
            time.sleep(1)
            before, cpu = ledger.stored(), gate.cpu_seconds(worker.pid)
            delay.publish(broker.port, RATE, SECONDS)
            ledger.wait(before + RATE * SECONDS, seconds=DEADLINE_S)
            cpu = gate.cpu_seconds(worker.pid) - cpu
            delays = delay.quantiles(ledger, SECONDS - delay.WARM_UP_S)
    per_1000 = cpu / RATE / SECONDS * 1e6
    return f"{rate:,.0f}", f"{delays[0]:.0f} / {delays[2]:.0f}", f"{per_1000:.0f}"


def _flood(broker: MosquittoServer, url: str) -> float:
    session.leave(broker.port, "flooded", mqtt5=False)
    flood = FloodPublisher(broker.port)
    flood.publish(positions(MESSAGES, time.time() - 25 * 86_400))
    flood.close()
    with gate.held_back(broker):
        worker = Worker(
            broker.url, url, mqtt_client_id="flooded", worker="flooded", mqtt_protocol="3.1.1"
        )
        gate.wait_for_connection(worker.pid, broker.port)
        started = time.monotonic()
    try:
        with Ledger(url) as ledger:
            ended = ledger.wait(MESSAGES, DEADLINE_S)
    finally:
        worker.close()
    return MESSAGES / (ended - started)
