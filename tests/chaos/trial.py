"""One row of the table: servers, workers, a publisher, a fault, and the comparison at the end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg

from storage.migrate import migrate
from tests.chaos.publisher import Outgoing, Publisher
from tests.chaos.reports import Reports
from tests.integration.ingest.worker import Worker
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.pgbouncer import PgBouncerServer
from tests.servers.postgresql import PostgresServer
from tests.servers.proxy import TcpProxy
from tests.servers.small_disk import SmallDisk
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

PUBLISHED_SECONDS = 120.0
RECOVERED_SECONDS = 120.0
STANDSTILL_SECONDS = 30.0
"""If so long nothing more is stored, what is missing is lost."""

AUTOSAVE = ("autosave_interval 1",)
"""Mosquitto writes its sessions every second: what a kill of it can lose is that young."""


class Rig(NamedTuple):
    """The servers of all rows."""

    postgres: PostgresServer
    mosquitto: MosquittoServer
    disk: SmallDisk
    database: str
    folder: Path


@contextmanager
def rig(userland: Userland, folder: Path) -> Iterator[Rig]:
    """Start the servers for the length of a `with` block."""
    postgres = PostgresServer({"max_connections": "20"}, userland=userland)
    with started(postgres), started(MosquittoServer(AUTOSAVE, userland=userland)) as mosquitto:
        disk = postgres.small_disk()
        database = postgres.create_database(extension="timescaledb", tablespace="small")
        migrate(database)
        yield Rig(postgres, mosquitto, disk, database, folder)


class Result(NamedTuple):
    """What a row of the table says."""

    fault: str
    times: int
    published: int
    stored: int
    lost: int
    lost_by_broker: int
    twice: int
    again: int
    recovered_seconds: float | None
    account: dict[str, int]
    account_holds: bool

    @property
    def holds(self) -> bool:
        """Tell whether the promise was kept."""
        return self.lost == 0 and self.twice == 0 and self.account_holds


class Trial:
    """A worker or two under load, on topics and in an account of their own."""

    def __init__(
        self,
        rig: Rig,
        name: str,
        *,
        rate: float,
        workers: int = 1,
        wired: bool = False,
        resend_seconds: float = 0,
        pooler: PgBouncerServer | None = None,
    ) -> None:
        """Take the servers, a name, and how fast to publish.

        Args:
            wired: everything goes through proxies that can be cut; it costs a third of the speed.
            resend_seconds: see Publisher.
            pooler: what is between the workers and the database.
        """
        self.rig = rig
        self.pooler = pooler
        self.name = name
        self.reports = Reports(name)
        self.rate = rate
        self._stack = ExitStack()
        self.broker_wire = self._proxy("127.0.0.1", rig.mosquitto.port)
        self.database_wire = self._proxy("127.0.0.1", rig.postgres.port)
        self.bus_wire = self._proxy("127.0.0.1", rig.mosquitto.port)
        self._wired = wired
        port = self.bus_wire.url_port if wired else rig.mosquitto.port
        self.publisher = Publisher(port, f"bus-{name}", resend_seconds=resend_seconds)
        self.workers = [self._worker(number, workers) for number in range(workers)]
        self._recovered: list[float] = []
        self._fault_ended_at: float | None = None
        self.forgotten_by_broker: Callable[[bytes], bool] = lambda _payload: False

    @property
    def worker(self) -> Worker:
        """The only worker, or the first of them."""
        return self.workers[0]

    def __enter__(self) -> "Trial":
        try:
            for worker in self.workers:
                worker.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        for worker in self.workers:
            if worker.returncode is None:
                worker.kill()
        self.publisher.close()
        self._stack.close()

    def said(self, event: str) -> int:
        """Count an event in the workers' logs."""
        return sum(worker.log_text().count(f'"{event}"') for worker in self.workers)

    def wait_for(self, *events: str, since: int) -> None:
        """Return once the workers have logged one of the events more often than that."""
        wait_until(
            lambda: sum(map(self.said, events)) > since,
            seconds=RECOVERED_SECONDS,
            what=f"{self.name}: the worker to notice",
        )

    def publish(
        self, messages: Sequence[Outgoing], disturb: Callable[["Trial"], None] | None = None
    ) -> None:
        """Publish, with a disturbance once a third is acknowledged."""
        third = self.publisher.acknowledged + len(messages) // 3
        self.publisher.start(messages, self.rate)
        if disturb is not None:
            wait_until(
                lambda: self.publisher.acknowledged >= third,
                seconds=PUBLISHED_SECONDS,
                what=f"{self.name}: a third published",
            )
            disturb(self)
            self._note_recovery()
        self.publisher.join(PUBLISHED_SECONDS)

    def fault_ended(self) -> None:
        """Say that from now on the worker can recover."""
        self._fault_ended_at = time.monotonic()

    def judge(self, fault: str, times: int) -> Result:
        """Wait until nothing is missing, or nothing more comes, and compare."""
        self._settle()
        stored = self._stored()
        found = set(stored)
        missing = self.reports.expected - found
        by_broker = sum(self._lost_by_broker(vehicle, second) for vehicle, second in missing)
        unknown = found - self.reports.expected
        account = self._account()
        outcomes = sum(account[name] for name in ("stored", "duplicate", "contact", "rejected"))
        holds = (
            not unknown
            and account["received"] == outcomes
            and account["stored"] == len(found)
            and account["rejected"] == account["reasons"] >= self.reports.rejected
        )
        return Result(
            fault,
            times,
            len(self.reports.expected),
            len(found),
            len(missing) - by_broker,
            by_broker,
            max(len(stored) - len(found), account["stored"] - len(found)),
            account["duplicate"],
            max(self._recovered, default=None),
            account,
            holds,
        )

    def _note_recovery(self) -> None:
        started = self._fault_ended_at if self._fault_ended_at is not None else time.monotonic()
        before = self._received()
        wait_until(
            lambda: self._received() > before or self._count() == len(self.reports.expected),
            seconds=RECOVERED_SECONDS,
            what=f"{self.name}: reports stored again",
        )
        self._recovered.append(time.monotonic() - started)
        self._fault_ended_at = None

    def _settle(self) -> None:
        expected, newest, since = len(self.reports.expected), -1, time.monotonic()
        while (count := self._count()) < expected or self._rejected() < self.reports.rejected:
            now = time.monotonic()
            newest, since = (count, now) if count > newest else (newest, since)
            if now - since > STANDSTILL_SECONDS:
                return
            time.sleep(0.2)  # a poll of a deadline, not a hope

    def _lost_by_broker(self, vehicle: str, second: int) -> bool:
        payload = self.reports.payload(vehicle, second)
        return payload in self.publisher.acknowledged_payloads and self.forgotten_by_broker(payload)

    def _received(self) -> int:
        with suppress(psycopg.OperationalError):
            return self._account()["received"]
        return 0

    def _rejected(self) -> int:
        return self._account()["rejected"]

    def _account(self) -> dict[str, int]:
        names = ("received", "stored", "duplicate", "contact", "rejected")
        sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in names)
        query = f"select {sums} from reception where worker like %s"
        reasons = "select coalesce(sum(reports), 0) from reception_rejected where worker like %s"
        with psycopg.connect(self.rig.database) as connection:
            row = connection.execute(query.encode(), [f"{self.name} %"]).fetchone() or ()
            (by_reason,) = connection.execute(reasons, [f"{self.name} %"]).fetchone() or (0,)
        return dict(zip(names, row, strict=True)) | {"reasons": int(by_reason)}

    def _count(self) -> int:
        query = """
        select count(*) from report where latitude is not null and vehicle_key in
            (select vehicle_key from vehicle where operator_id = %s)
        """
        with suppress(psycopg.OperationalError), psycopg.connect(self.rig.database) as connection:
            row = connection.execute(query, [self.name]).fetchone()
            return int(row[0]) if row else 0
        return 0

    def _stored(self) -> list[tuple[str, int]]:
        query = """
        select vehicle_id, extract(epoch from observed_at)::bigint
        from report join vehicle using (vehicle_key)
        where operator_id = %s and latitude is not null
        """
        with psycopg.connect(self.rig.database) as connection:
            rows = connection.execute(query, [self.name]).fetchall()
        return [(vehicle, int(second)) for vehicle, second in rows]

    def _proxy(self, host: str, port: int) -> TcpProxy:
        return self._stack.enter_context(TcpProxy(host, port))

    def _worker(self, number: int, workers: int) -> Worker:
        topics = f"fleet/{self.name}/#"
        broker, database = self.rig.mosquitto.url, self.rig.database
        if self._wired:
            broker = self.broker_wire.through(broker)
            database = self.database_wire.through(database)
        if self.pooler is not None:
            database = self.pooler.through(database)
        environment = {
            "FLEETGAUGE_MQTT_URL": broker,
            "FLEETGAUGE_DATABASE_URL": database,
            "FLEETGAUGE_TOPICS": f"$share/{self.name}/{topics}" if workers > 1 else topics,
            "FLEETGAUGE_MQTT_CLIENT_ID": f"{self.name}-{number}",
            "FLEETGAUGE_WORKER": f"{self.name} {number}",
            # Nobody has registered any of them.
            "FLEETGAUGE_NEW_VEHICLES_PER_HOUR": "1000000",
        }
        return Worker(self.rig.folder / f"{self.name}-{number}.log", environment)
