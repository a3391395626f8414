"""Messages/s: paho alone, and `fleetgauge ingest` from the same flood until all is committed."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

from rich.table import Table

from storage.migrate import migrate
from tests.benchmarks import gate, session, writing
from tests.benchmarks.bench import Progress, figures, median_and_spread
from tests.benchmarks.flood import STEP_MS, VEHICLES, FloodPublisher, positions
from tests.benchmarks.servers import broker_and_database
from tests.benchmarks.stored import Ledger
from tests.benchmarks.worker import Worker
from tests.servers.mosquitto import MosquittoServer

MESSAGES: Final = 50_000
ROUNDS: Final = 3
DEADLINE_S: Final = 120.0
PROTOCOLS: Final = ("5", "3.1.1")

_ALONE: Final = "paho alone, MQTT {}"
_INGEST: Final = "ingest, MQTT {}"
_COPY: Final = "COPY alone"
_WRITER: Final = "the writer alone"


class Rate(NamedTuple):
    """One measurement."""

    per_second: float
    cpu_ms_per_1000: float | None = None
    peak_mb: float | None = None


class Measure:
    """Interleaved rounds: each side once a round, in an order that turns round by round."""

    def __init__(self) -> None:
        self._rates: dict[str, list[Rate]] = defaultdict(list)
        self._since = time.time() - 25 * 86_400
        self._round = 0

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return rates and ratios."""
        with broker_and_database() as (broker, databases):
            url = databases.create_database(extension="timescaledb")
            migrate(url)
            # The vehicles get their keys, and the first chunk is made.
            writing.writer_rate(url, VEHICLES, self._next_times())
            for number in range(ROUNDS):
                progress(f"round {number + 1} of {ROUNDS}")
                self._measure_round(broker, url)
        return [self._rates_table(), self._ratios_table()]

    def _measure_round(self, broker: MosquittoServer, url: str) -> None:
        for protocol in PROTOCOLS:
            self._measure_protocol(broker, url, protocol)
        self._rates[_COPY].append(Rate(writing.copy_rate(url, MESSAGES, self._next_times())))
        self._rates[_WRITER].append(Rate(writing.writer_rate(url, MESSAGES, self._next_times())))
        self._round += 1

    def _measure_protocol(self, broker: MosquittoServer, url: str, protocol: str) -> None:
        alone, ingest = (f"{who}-{protocol}-{self._round}" for who in ("alone", "ingest"))
        for client_id in (alone, ingest):
            session.leave(broker.port, client_id, mqtt5=protocol == "5")
        flood = FloodPublisher(broker.port)
        flood.publish(positions(MESSAGES, self._next_times()))
        flood.close()
        turns = [(_ALONE, _alone, alone), (_INGEST, _ingest, ingest)]
        for name, measure, client_id in turns if self._round % 2 == 0 else reversed(turns):
            self._rates[name.format(protocol)].append(measure(broker, url, client_id, protocol))

    def _next_times(self) -> float:
        # Each flood is of times of its own: none of it is a duplicate.
        self._since += (MESSAGES // VEHICLES + 1) * STEP_MS / 1000
        return self._since

    def _rates_table(self) -> Table:
        title = f"{MESSAGES:,} messages, QoS 1, {ROUNDS} rounds: median (lowest – highest)"
        table = figures(title, "per second", "CPU ms per 1,000", "peak MB")
        for name, rates in self._rates.items():
            cpu = [rate.cpu_ms_per_1000 for rate in rates if rate.cpu_ms_per_1000 is not None]
            peak = [rate.peak_mb for rate in rates if rate.peak_mb is not None]
            table.add_row(
                name,
                median_and_spread([rate.per_second for rate in rates], ",.0f"),
                median_and_spread(cpu, ".1f") if cpu else "",
                f"{max(peak):.0f}" if peak else "",
            )
        return table

    def _ratios_table(self) -> Table:
        table = figures("Ratios of rates, round by round", "median", "lowest", "goal")
        for protocol in PROTOCOLS:
            ingest, alone = _INGEST.format(protocol), _ALONE.format(protocol)
            self._add_ratio(table, ingest, alone, "≥ 0.8")
        self._add_ratio(table, _INGEST.format(PROTOCOLS[0]), _COPY, "")
        self._add_ratio(table, _WRITER, _COPY, "")
        return table

    def _add_ratio(self, table: Table, one: str, other: str, goal: str) -> None:
        pairs = zip(self._rates[one], self._rates[other], strict=True)
        ratios = [a.per_second / b.per_second for a, b in pairs]
        table.add_row(f"{one} : {other}", f"{median(ratios):.2f}", f"{min(ratios):.2f}", goal)


def _alone(broker: MosquittoServer, _url: str, client_id: str, protocol: str) -> Rate:
    arguments = [str(broker.port), client_id, protocol, str(MESSAGES)]
    with gate.held_back(broker):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.paho_alone", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        gate.wait_for_connection(process.pid, broker.port)
        started, cpu = time.monotonic(), gate.cpu_seconds(process.pid)
    output, _ = process.communicate(timeout=DEADLINE_S)
    ended, cpu_at_end = (float(word) for word in output.split())
    return _rate(ended - started, cpu_at_end - cpu)


def _ingest(broker: MosquittoServer, url: str, client_id: str, protocol: str) -> Rate:
    with Ledger(url) as ledger:
        before = ledger.stored()
        with gate.held_back(broker):
            worker = Worker(
                broker.url, url, mqtt_client_id=client_id, worker=client_id, mqtt_protocol=protocol
            )
            gate.wait_for_connection(worker.pid, broker.port)
            started, cpu = time.monotonic(), gate.cpu_seconds(worker.pid)
        try:
            ended = ledger.wait(before + MESSAGES, DEADLINE_S)
            cpu = gate.cpu_seconds(worker.pid) - cpu
            peak = worker.peak_bytes() / 1e6
        finally:
            worker.close()
    return _rate(ended - started, cpu, peak)


def _rate(seconds: float, cpu: float, peak_mb: float | None = None) -> Rate:
    return Rate(MESSAGES / seconds, cpu / MESSAGES * 1e6, peak_mb)
