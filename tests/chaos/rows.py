"""The rows of the table: each fault, how often, under how many reports."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple

from tests.chaos.publisher import Outgoing, Publisher
from tests.chaos.trial import Result, Rig, Trial
from tests.integration.ingest.worker import Worker
from tests.servers import database_faults as faults
from tests.servers.fixtures import started
from tests.servers.pgbouncer import PgBouncerServer, PoolMode, neighbours

RATE = 5_000.0
"""Messages a second while a fault happens."""

DATABASE_NOTICED = "database_unavailable"
BROKER_NOTICED = ("disconnected", "broker_unreachable")

Disturbance = Callable[[Trial], None]


class Row(NamedTuple):
    """One row: its words, its fault, and how much of it ``make chaos`` does."""

    name: str
    fault: str
    disturb: Disturbance
    times: int
    reports: int
    """A time."""
    workers: int = 1
    wired: bool = False
    resend_seconds: float = 0
    pool: PoolMode | None = None
    """How a PgBouncer between worker and database pools."""
    short: bool = True
    """Whether `make test` has the time for it."""


def run(rig: Rig, row: Row, *, times: int | None = None, reports: int | None = None) -> Result:
    """Run a row, as often and with as many reports a time as it says, or as given."""
    times, reports = times or row.times, reports or row.reports
    with ExitStack() as stack:
        trial = Trial(
            rig,
            row.name,
            rate=min(RATE, reports / 2),
            workers=row.workers,
            wired=row.wired,
            resend_seconds=row.resend_seconds,
            pooler=_pooler(rig, row.pool, stack) if row.pool else None,
        )
        stack.enter_context(trial)
        for _ in range(times):
            trial.publish(trial.reports.good(reports), row.disturb)
        return trial.judge(row.fault, times)


def _pooler(rig: Rig, pool: PoolMode, stack: ExitStack) -> PgBouncerServer:
    pooler = stack.enter_context(started(PgBouncerServer(rig.postgres.url(), pool, pool_size=8)))
    stack.enter_context(neighbours(pooler.through(rig.database)))
    return pooler


def _ingest_killed(trial: Trial) -> None:
    _killed_in_mid_batch(trial, trial.worker)


def _one_of_two_killed(trial: Trial) -> None:
    _killed_in_mid_batch(trial, random.choice(trial.workers))


def _killed_in_mid_batch(trial: Trial, worker: Worker) -> None:
    # Made sure of by a lock: a batch of some milliseconds is hard to hit.
    with faults.table_locked(trial.rig.database):
        faults.wait_until_blocked(trial.rig.postgres, sessions=len(trial.workers))
        worker.kill()
    trial.fault_ended()
    worker.start()


def _database_away(end: Callable[[Trial], None]) -> Disturbance:
    def disturb(trial: Trial) -> None:
        before = trial.said(DATABASE_NOTICED)
        end(trial)
        trial.wait_for(DATABASE_NOTICED, since=before)
        trial.rig.postgres.start()
        trial.fault_ended()

    return disturb


def _database_restarted(trial: Trial) -> None:
    trial.rig.postgres.restart()
    trial.fault_ended()


def _database_in(fault: Callable[[Trial], AbstractContextManager[None]]) -> Disturbance:
    def disturb(trial: Trial) -> None:
        before = trial.said(DATABASE_NOTICED)
        with fault(trial):
            trial.wait_for(DATABASE_NOTICED, since=before)
        trial.fault_ended()

    return disturb


def _statement_cancelled(trial: Trial) -> None:
    before = trial.said(DATABASE_NOTICED)
    with faults.table_locked(trial.rig.database):
        faults.wait_until_blocked(trial.rig.postgres)
        faults.cancel_worker(trial.rig.postgres)
        trial.wait_for(DATABASE_NOTICED, since=before)
    trial.fault_ended()


def _deadlock(trial: Trial) -> None:
    before = trial.said(DATABASE_NOTICED)
    with faults.deadlock(trial.rig.database, trial.rig.postgres, trial.name):
        pass
    trial.wait_for(DATABASE_NOTICED, since=before)
    trial.fault_ended()


def _broker_restarted(trial: Trial) -> None:
    trial.rig.mosquitto.restart()
    trial.fault_ended()


def _broker_killed(trial: Trial) -> None:
    broker = trial.rig.mosquitto
    broker.kill()
    saved = broker.saved_text()
    broker.start()
    trial.fault_ended()
    earlier = trial.forgotten_by_broker
    # The broker had acknowledged it to the bus, and its file of that moment does not have it.
    trial.forgotten_by_broker = lambda payload: payload not in saved or earlier(payload)


def _cut_from_broker(trial: Trial) -> None:
    before = sum(map(trial.said, BROKER_NOTICED))
    trial.broker_wire.cut()
    trial.wait_for(*BROKER_NOTICED, since=before)
    trial.broker_wire.restore()
    trial.fault_ended()


def _cut_from_database(trial: Trial) -> None:
    before = trial.said(DATABASE_NOTICED)
    trial.database_wire.cut()
    trial.wait_for(DATABASE_NOTICED, since=before)
    trial.database_wire.restore()
    trial.fault_ended()


def _buses_cut_off(trial: Trial) -> None:
    trial.bus_wire.cut()
    trial.bus_wire.restore()
    trial.fault_ended()


def _killed_and_pooler_restarted(trial: Trial) -> None:
    _ingest_killed(trial)
    if trial.pooler is not None:
        trial.pooler.restart()
    trial.fault_ended()


def _half_open_to_broker(trial: Trial) -> None:
    before = sum(map(trial.said, BROKER_NOTICED))
    trial.broker_wire.stall()
    trial.wait_for(*BROKER_NOTICED, since=before)
    trial.broker_wire.resume()
    trial.fault_ended()


def _half_open_to_database(trial: Trial) -> None:
    before = trial.said(DATABASE_NOTICED)
    trial.database_wire.stall()
    trial.wait_for(DATABASE_NOTICED, since=before)
    trial.database_wire.resume()
    trial.fault_ended()


def _wrong_clocks(trial: Trial) -> None:
    """Be a bus of tomorrow, and one of two months ago, among the others."""
    _beside(trial, trial.reports.with_wrong_clock(500))


def _beside(trial: Trial, messages: list[Outgoing]) -> None:
    with Publisher(trial.rig.mosquitto.port, f"beside-{trial.name}") as other:
        other.start(messages, RATE)
        other.join(60)


def _twice_and_in_disorder(trial: Trial) -> None:
    messages = trial.reports.good(3_000)
    shuffled = [*messages, *messages]
    random.shuffle(shuffled)
    _beside(trial, shuffled)


def _backlog(trial: Trial) -> None:
    _beside(trial, trial.reports.backlog(buses=20, hours=6, every_seconds=10))


ROWS = (
    Row("ingest-killed", "ingest killed (kill -9) in mid-batch", _ingest_killed, 25, 6_000),
    Row(
        "two-workers",
        "one of two workers on a shared subscription killed",
        _one_of_two_killed,
        5,
        10_000,
        workers=2,
    ),
    Row(
        "pg-stopped",
        "PostgreSQL stopped, then started",
        _database_away(lambda trial: trial.rig.postgres.stop()),
        5,
        10_000,
        short=False,
    ),
    Row("pg-restarted", "PostgreSQL restarted", _database_restarted, 5, 10_000, short=False),
    Row(
        "pg-killed",
        "PostgreSQL killed (kill -9, all of it)",
        _database_away(lambda trial: trial.rig.postgres.kill()),
        10,
        8_000,
    ),
    Row(
        "pg-connections",
        "PostgreSQL out of connections",
        _database_in(lambda trial: faults.no_connection_left(trial.rig.postgres)),
        5,
        8_000,
        short=False,
    ),
    Row(
        "pg-read-only",
        "PostgreSQL read-only",
        _database_in(lambda trial: faults.read_only(trial.rig.postgres)),
        5,
        8_000,
        short=False,
    ),
    Row(
        "pg-disk-full",
        "PostgreSQL's disk full",
        _database_in(lambda trial: faults.disk_full(trial.rig.disk)),
        5,
        12_000,
    ),
    Row("pg-cancel", "statement cancelled", _statement_cancelled, 5, 8_000, short=False),
    Row("pg-deadlock", "deadlock", _deadlock, 5, 8_000, short=False),
    Row("mq-restarted", "Mosquitto restarted", _broker_restarted, 10, 8_000),
    Row(
        "mq-killed",
        "Mosquitto killed (kill -9); buses send their last 10 s again",
        _broker_killed,
        10,
        8_000,
        resend_seconds=10,
    ),
    Row(
        "mq-killed-once",
        "Mosquitto killed (kill -9); buses send nothing again",
        _broker_killed,
        5,
        8_000,
        short=False,
    ),
    Row("cut-broker", "network cut: worker – Mosquitto", _cut_from_broker, 5, 10_000, wired=True),
    Row(
        "cut-database",
        "network cut: worker – PostgreSQL",
        _cut_from_database,
        5,
        10_000,
        wired=True,
    ),
    Row("cut-buses", "network cut: buses – Mosquitto", _buses_cut_off, 5, 10_000, wired=True),
    Row(
        "half-open-broker",
        "network half-open: worker – Mosquitto",
        _half_open_to_broker,
        1,
        20_000,
        wired=True,
        short=False,
    ),
    Row(
        "half-open-database",
        "network half-open: worker – PostgreSQL",
        _half_open_to_database,
        2,
        20_000,
        wired=True,
        short=False,
    ),
    Row(
        "pool-session",
        "through PgBouncer, a session each: ingest killed, PgBouncer restarted",
        _killed_and_pooler_restarted,
        5,
        10_000,
        pool="session",
    ),
    Row(
        "pool-transaction",
        "through PgBouncer, a session a transaction: ingest killed, PgBouncer restarted",
        _killed_and_pooler_restarted,
        5,
        10_000,
        pool="transaction",
    ),
    Row("clocks", "buses with a wrong clock", _wrong_clocks, 5, 6_000, short=False),
    Row("disorder", "duplicates and disorder", _twice_and_in_disorder, 5, 6_000),
    Row("backlog", "6-hour backlogs in arrays, 20 buses each", _backlog, 5, 10_000),
)
