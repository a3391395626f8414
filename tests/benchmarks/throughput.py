"""Messages/s: paho alone, `fleetgauge ingest`, and Telegraf where it is, from the same floods."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from statistics import median
from typing import Final, NamedTuple

from rich.table import Table

from storage.migrate import migrate
from storage.writing import reception
from tests.benchmarks import gate, session, telegraf
from tests.benchmarks.bench import Progress, figures, median_and_spread
from tests.benchmarks.flood import STEP_MS, VEHICLES, FloodPublisher, Published, positions
from tests.benchmarks.servers import broker_and_database
from tests.benchmarks.stored import Ledger
from tests.benchmarks.usage import cpu_seconds, stopped
from tests.benchmarks.worker import Worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgresql import PostgresServer
from tests.servers.waiting import wait_until

MESSAGES: Final = 150_000
ROUNDS: Final = 3
DEADLINE_S: Final = 180.0
POLL_S: Final = 0.05
LONGEST_POLL_S: Final = 0.5


class Side(NamedTuple):
    """One of those that are compared."""

    name: str
    workers: int = 1
    """0: not ours."""
    protocol: str = "5"
    live: bool = False
    flags: bool = True

    def __str__(self) -> str:
        said = f"MQTT {self.protocol}, {'live' if self.live else 'queue'}"
        return f"{self.name}, {said}, {'both flags' if self.flags else 'no flags'}"


class Trial(NamedTuple):
    """One flood, kept."""

    per_second: float
    cpu_s: float
    """Of the tool, for 100,000 messages."""
    postgresql_s: float = 0.0
    wal_bytes: float = 0.0
    """For each message."""


ALONE: Final = tuple(Side("paho alone", 0, protocol) for protocol in ("5", "3.1.1"))
INGEST: Final = (
    *(
        Side(f"ingest --workers {workers}", workers, live=live, flags=flags)
        for workers, live, flags in product((1, 2), (True, False), (True, False))
    ),
    Side("ingest --workers 1", protocol="3.1.1"),
)
TELEGRAF: Final = tuple(
    Side("Telegraf", 0, "3.1.1", live, flags) for live, flags in product((True, False), repeat=2)
)


class Measure:
    """Interleaved rounds: each side once a round, in an order that turns round by round."""

    def __init__(self) -> None:
        self._trials: dict[Side, list[Trial]] = defaultdict(list)
        self._since = time.time() - 25 * 86_400
        self._number = 0

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return rates and ratios."""
        sides = [*ALONE, *INGEST, *(TELEGRAF if telegraf.binary() else ())]
        with broker_and_database() as (broker, databases):
            url = databases.create_database(extension="timescaledb")
            migrate(url)
            bench = _Bench(broker, databases, url)
            # The vehicles get their keys, and the chunks of these times are made.
            bench.ingest(Side("warm-up"), self._next_times(), "warm-up")
            for number in range(ROUNDS):
                for side in sides if number % 2 == 0 else reversed(sides):
                    progress(f"round {number + 1} of {ROUNDS}: {side}")
                    self._trials[side].append(self._measured(bench, side))
            bench.check_account()
        return [self._rates_table(), self._ratios_table()]

    def _measured(self, bench: "_Bench", side: Side) -> Trial:
        self._number += 1
        # Without persistence: the sessions of those before would be sent this flood as well.
        bench.restart_broker()
        measure = {"paho alone": bench.alone, "Telegraf": bench.telegraf}.get(
            side.name, bench.ingest
        )
        return measure(side, self._next_times(), f"bench-{self._number}")

    def _next_times(self) -> float:
        # Each flood is of times of its own: none of it is a duplicate.
        self._since += (MESSAGES // VEHICLES + 1) * STEP_MS / 1000
        return self._since

    def _rates_table(self) -> Table:
        title = f"{MESSAGES:,} messages, QoS 1, {ROUNDS} rounds: median (lowest – highest)"
        table = figures(title, "per second", "CPU s per 100,000", "PostgreSQL's", "WAL B each")
        for side, trials in self._trials.items():
            table.add_row(
                str(side),
                median_and_spread([trial.per_second for trial in trials], ",.0f"),
                f"{median(trial.cpu_s for trial in trials):.2f}",
                f"{median(trial.postgresql_s for trial in trials):.2f}",
                f"{median(trial.wal_bytes for trial in trials):.0f}",
            )
        return table

    def _ratios_table(self) -> Table:
        table = figures("Ratios, round by round", "rate", "lowest", "CPU, PostgreSQL's with it")
        for side in INGEST:
            for other in self._trials:
                if self._comparable(side, other):
                    self._add_ratio(table, side, other)
        return table

    def _comparable(self, side: Side, other: Side) -> bool:
        if other in ALONE:
            return (side.protocol, side.live, side.flags) == (other.protocol, False, True)
        return other in TELEGRAF and (side.live, side.flags) == (other.live, other.flags)

    def _add_ratio(self, table: Table, one: Side, other: Side) -> None:
        pairs = list(zip(self._trials[one], self._trials[other], strict=True))
        rates = [a.per_second / b.per_second for a, b in pairs]
        cpu = [(a.cpu_s + a.postgresql_s) / (b.cpu_s + b.postgresql_s) for a, b in pairs]
        ratio = f"{median(rates):.2f}", f"{min(rates):.2f}", f"{median(cpu):.2f}"
        table.add_row(f"{one} : {other.name}", *ratio)


class _Bench:
    """The servers, and what each side does with them."""

    def __init__(self, broker: MosquittoServer, databases: PostgresServer, url: str) -> None:
        self._broker = broker
        self._postgresql = databases.pid or 0
        self._url = url
        self._ledger = Ledger(url)
        self._expected = 0

    def restart_broker(self) -> None:
        """Let the broker forget all sessions."""
        self._broker.restart()

    def alone(self, side: Side, since: float, client_id: str) -> Trial:
        """Let paho receive a queue and do nothing with it."""
        session.leave(self._broker.port, client_id, mqtt5=side.protocol == "5")
        self._publish(side, since)
        arguments = [str(self._broker.port), client_id, side.protocol, str(MESSAGES)]
        with gate.held_back(self._broker):
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.paho_alone", *arguments],
                stdout=subprocess.PIPE,
                text=True,
            )
            gate.wait_for_connection(process.pid, self._broker.port)
            started, cpu = time.monotonic(), cpu_seconds(process.pid)
        output, _ = process.communicate(timeout=DEADLINE_S)
        ended, cpu_at_end = (float(word) for word in output.split())
        return Trial(MESSAGES / (ended - started), (cpu_at_end - cpu) / MESSAGES * 1e5)

    def ingest(self, side: Side, since: float, client_id: str) -> Trial:
        """Let the command store a flood."""
        self._expected += MESSAGES
        settings = {"mqtt_client_id": client_id, "worker": client_id}
        worker = Worker(
            self._broker.url, self._url, side.workers, mqtt_protocol=side.protocol, **settings
        )
        try:
            wait_until(lambda: worker.subscribed() == side.workers, seconds=30, what="subscribed")
            return self._trial(side, since, worker.pid, self._ledger.stored)
        finally:
            worker.close()

    def telegraf(self, side: Side, since: float, client_id: str) -> Trial:
        """Let Telegraf store a flood."""
        executable = telegraf.binary() or "telegraf"
        telegraf.forget(self._ledger.connection)
        tool = telegraf.Telegraf(executable, self._broker.port, self._url, client_id)
        try:
            gate.wait_for_connection(tool.pid, self._broker.port)
            time.sleep(1)
            connection = self._ledger.connection
            return self._trial(side, since, tool.pid, lambda: telegraf.stored(connection))
        finally:
            tool.close()

    def check_account(self) -> None:
        """Hold the rows and the account against what was published for `ingest`."""
        totals = reception.totals(self._ledger.connection)
        rows = self._ledger.connection.execute("select count(*) from report").fetchone()
        found = (totals["received"], totals["stored"], rows and rows[0])
        if found != (self._expected,) * 3:
            raise AssertionError(f"{self._expected} published; received, stored, rows: {found}")

    def _trial(self, side: Side, since: float, pid: int, stored: Callable[[], int]) -> Trial:
        wanted = stored() + MESSAGES
        if side.live:
            flood = FloodPublisher(self._broker.port)
            pieces = list(flood.packed(_messages(side, since)))
            before = self._spent(pid)
            flood.send(pieces)
            flood.close()
        else:
            with stopped(pid):
                self._publish(side, since)
            before = self._spent(pid)
        _wait(stored, wanted, before[0])
        seconds, cpu, postgresql, wal = (
            after - earlier for after, earlier in zip(self._spent(pid), before, strict=True)
        )
        each = 1e5 / MESSAGES
        return Trial(MESSAGES / seconds, cpu * each, postgresql * each, wal / MESSAGES)

    def _spent(self, pid: int) -> tuple[float, float, float, int]:
        row = self._ledger.connection.execute(
            "select (pg_current_wal_insert_lsn() - '0/0')::bigint"
        ).fetchone()
        wal = int(row[0]) if row else 0
        # Looking how far they are is no work of theirs.
        looking = cpu_seconds(self._ledger.connection.info.backend_pid)
        return time.monotonic(), cpu_seconds(pid), cpu_seconds(self._postgresql) - looking, wal

    def _publish(self, side: Side, since: float) -> None:
        flood = FloodPublisher(self._broker.port)
        flood.publish(_messages(side, since))
        flood.close()


def _messages(side: Side, since: float) -> Iterator[Published]:
    return positions(MESSAGES, since, flags=side.flags)


def _wait(stored: Callable[[], int], wanted: int, started: float) -> None:
    while (left := wanted - stored()) > 0:
        seconds = time.monotonic() - started
        if seconds > DEADLINE_S:
            raise TimeoutError(f"{left} of {MESSAGES} not stored in {DEADLINE_S:g} s")
        # Looking counts Telegraf's rows, which takes CPU from it: so not every 50 ms.
        still = seconds * left / max(MESSAGES - left, 1)
        time.sleep(min(max(still / 2, POLL_S), LONGEST_POLL_S))
