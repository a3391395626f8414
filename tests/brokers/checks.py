"""The list: what is done to each broker, and what each cell of the table says.

A cell is never empty: where something cannot be tried on a broker, it says why. ``holds`` is
whether the worker has kept its promise; what the broker has lost is said and does not break it.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from storage.connection import Connection
from tests.brokers.brokers import Broker
from tests.brokers.clients import Client, flag, positions, publish
from tests.integration.ingest.worker import Worker, running_worker
from tests.servers.waiting import wait_until

WAITING: Final = 2_000
"""Messages that wait for an absent worker; every broker's default queue is longer, or says so."""
FLOOD: Final = 3_000
KILLS: Final = 6
SECONDS: Final = 60.0
STANDSTILL: Final = 6.0
"""If so long nothing more is stored, what is missing is lost."""

_WRONG: Final = "mqtt://nobody:wrong@"


class Cell(NamedTuple):
    """What came of a check."""

    text: str
    holds: bool = True


class Rig(NamedTuple):
    """A broker that runs, a database, and a folder for logs."""

    broker: Broker
    database: str
    connection: Connection
    """To it, in autocommit."""
    folder: Path

    def environment(self, operator: str, version: str) -> dict[str, str]:
        """Return the settings of a worker for one operator's messages."""
        return {
            "FLEETGAUGE_MQTT_URL": self.broker.urls[version],
            "FLEETGAUGE_MQTT_PROTOCOL": version,
            "FLEETGAUGE_MQTT_CLIENT_ID": f"brokers-{operator}",
            "FLEETGAUGE_DATABASE_URL": self.database,
            "FLEETGAUGE_TOPICS": f"fleet/{operator}/#",
            "FLEETGAUGE_WORKER": operator,
            "FLEETGAUGE_INGEST_ADDRESS": "127.0.0.1:0",
        }

    def log(self, operator: str) -> Path:
        """Return where its worker logs."""
        return self.folder / f"{operator}.log"

    def one(self, query: str, operator: str) -> int:
        """Ask for one number about an operator or its worker."""
        row = self.connection.execute(query.encode(), [operator]).fetchone()
        return int(row[0] or 0) if row else 0

    def stored(self, operator: str) -> int:
        """Count the reports that are stored."""
        # A report that came again leaves a row without anything: the vehicle was heard.
        return self.one(
            "select count(*) from report join vehicle using (vehicle_key) where operator_id = %s "
            "and (latitude is not null or equipment & ((1::bigint << 60) - 1) <> 0)",
            operator,
        )

    def booked(self, operator: str, outcome: str) -> int:
        """Count what the worker's account has of an outcome."""
        columns = {
            "stored": "select sum(stored) from reception where worker like %s || '%%'",
            "received": "select sum(received) from reception where worker like %s || '%%'",
        }
        return self.one(columns[outcome], operator)

    def settle(self, operator: str, expected: int) -> int:
        """Wait until so many are stored, or no more come; return how many are."""
        deadline, newest, since = time.monotonic() + SECONDS, -1, time.monotonic()
        while (count := self.stored(operator)) < expected and time.monotonic() < deadline:
            now = time.monotonic()
            newest, since = (count, now) if count > newest else (newest, since)
            if now - since > STANDSTILL:
                break
            time.sleep(0.1)  # a poll of a deadline, not a hope
        return count


Check = Callable[[Rig], Cell]


def versions(rig: Rig) -> Cell:
    """Which versions of MQTT it speaks, and what it says of itself."""
    spoken, said = [], []
    for version in ("5", "3.1.1"):
        client = Client(rig.broker.urls[version], version)
        if client.reason is not None and not client.reason.is_failure:
            spoken.append(version)
            if version == "5" and getattr(client.granted, "SharedSubscriptionAvailable", 1) == 0:
                said.append("no shared subscriptions")
        client.close()
    return Cell("; ".join([" and ".join(spoken), *said]), bool(spoken))


def waiting(version: str) -> Check:
    """How fast what waited for an absent worker is stored, at the limit that the broker has."""

    def check(rig: Rig) -> Cell:
        operator = f"waiting-{version[0]}"
        environment = rig.environment(operator, version)
        if (refusal := _cannot(rig, version)) is not None:
            return refusal
        with running_worker(rig.log(operator), environment) as worker:
            worker.stop()
        taken = publish(rig.broker.urls[version], version, positions(operator, WAITING))
        with running_worker(rig.log(operator), environment):
            started = time.monotonic()
            stored = rig.settle(operator, taken)
            rate = stored / (time.monotonic() - started)
        if stored == taken:
            return Cell(f"{stored:,} of {taken:,}, {rate:,.0f}/s", _once(rig, operator, stored))
        kept = f"{stored:,} of {taken:,}: the broker's queue kept no more"
        return Cell(kept, _once(rig, operator, stored))

    return check


def worker_killed(version: str) -> Check:
    """The worker killed again and again in a flood."""

    def check(rig: Rig) -> Cell:
        operator = f"killed-{version[0]}"
        if (refusal := _cannot(rig, version)) is not None:
            return refusal
        with running_worker(rig.log(operator), rig.environment(operator, version)) as worker:
            taken = 0
            for part in range(KILLS):
                messages = positions(operator, FLOOD // KILLS, part * FLOOD // KILLS)
                taken += publish(rig.broker.urls[version], version, messages)
                worker.kill()
                worker.start()
            stored = rig.settle(operator, taken)
        return _compared(rig, operator, taken, stored)

    return check


def broker_restarted(rig: Rig) -> Cell:
    """The broker stopped and started in a flood."""
    return _broker_down(rig, "restarted", killed=False)


def broker_killed(rig: Rig) -> Cell:
    """The broker killed in a flood; what it had acknowledged and not saved is its own."""
    return _broker_down(rig, "broken", killed=True)


def _broker_down(rig: Rig, operator: str, *, killed: bool) -> Cell:
    server = rig.broker.server
    if server is None:
        return Cell("not tried: not ours to stop")
    version = _spoken(rig)
    url = rig.broker.urls[version]
    with running_worker(rig.log(operator), rig.environment(operator, version)) as worker:
        taken = publish(url, version, positions(operator, FLOOD // 2))
        before = worker.log_text().count('"subscribed"')
        (server.kill if killed else server.stop)()
        server.start()
        wait_until(
            lambda: (
                worker.log_text().count('"subscribed"') > before or worker.returncode is not None
            ),
            seconds=SECONDS,
            what="the worker to come back",
        )
        if worker.returncode is not None:
            return Cell(f"the worker ended: {_last_line(worker.log_text())}", holds=False)
        taken += publish(url, version, positions(operator, FLOOD // 2, FLOOD // 2))
        stored = rig.settle(operator, taken)
    twice = rig.booked(operator, "stored") - stored
    lost = f"; the broker lost {taken - stored:,}" if stored < taken else ""
    return Cell(f"{stored:,} of {taken:,}{lost}; twice {twice}", twice == 0)


def retained(rig: Rig) -> Cell:
    """A position that the broker remembers: kept at its own time, and no contact."""
    operator, version = "retained", _spoken(rig)
    publish(rig.broker.urls[version], version, positions(operator, 1), retain=True)
    with running_worker(rig.log(operator), rig.environment(operator, version)):
        stored = rig.settle(operator, 1)
    if not stored:
        return Cell("not delivered")
    contacts = rig.one(
        "select count(contact_at) from vehicle_state join vehicle using (vehicle_key) "
        "where operator_id = %s",
        operator,
    )
    return Cell("kept; no contact" if not contacts else "taken for a contact", not contacts)


def last_will(rig: Rig) -> Cell:
    """The `offline` of a bus that was cut off."""
    operator, version = "will", _spoken(rig)
    with running_worker(rig.log(operator), rig.environment(operator, version)):
        bus = Client(
            rig.broker.urls[version], version, will=(f"fleet/{operator}/1/status", b"offline")
        )
        bus.break_off()
        with suppress(TimeoutError):
            wait_until(lambda: rig.booked(operator, "received") > 0, seconds=15, what="the will")
            return Cell("comes")
    return Cell("does not come within 15 s")


def qualities(rig: Rig) -> Cell:
    """A message of each QoS, to a subscription of QoS 1."""
    operator, version = "qos", _spoken(rig)
    told = []
    with running_worker(rig.log(operator), rig.environment(operator, version)):
        for qos in (0, 1, 2):
            before = rig.stored(operator)
            with suppress(OSError, ValueError):
                publish(rig.broker.urls[version], version, [flag(operator, str(qos))], qos=qos)
            came = rig.settle(operator, before + 1) > before
            told.append(f"{qos} {'comes' if came else 'is refused'}")
    return Cell(", ".join(told), "1 comes" in told)


def properties(rig: Rig) -> Cell:
    """Properties of MQTT 5, those that a receiver has no use for among them."""
    operator = "properties"
    if (refusal := _cannot(rig, "5")) is not None:
        return refusal
    with running_worker(rig.log(operator), rig.environment(operator, "5")):
        publish(
            rig.broker.urls["5"],
            "5",
            positions(operator, 50),
            UserProperty=("depot", "Север"),
            ContentType="application/json",
            PayloadFormatIndicator=1,
            MessageExpiryInterval=600,
            CorrelationData=b"\x00\x01",
        )
        stored = rig.settle(operator, 50)
    return Cell(f"{stored} of 50", stored == 50)


def takeover(rig: Rig) -> Cell:
    """Another client that connects with the worker's client id."""
    operator, version = "takeover", _spoken(rig)
    with running_worker(rig.log(operator), rig.environment(operator, version)) as worker:
        other = Client(rig.broker.urls[version], version, f"brokers-{operator}", clean=False)
        with suppress(TimeoutError):
            wait_until(lambda: worker.returncode is not None, seconds=8, what="its end")
        other.close()
        if worker.returncode is not None:
            return Cell("the worker ends, with a line")
        publish(rig.broker.urls[version], version, [flag(operator, "1")])
        came = rig.settle(operator, 1) == 1
    text = "not told to the worker, which connects again"
    return Cell(text if came else f"{text}, and receives nothing", came)


def wrong_password(rig: Rig) -> Cell:
    """A user that the broker does not know."""
    operator, version = "password", _spoken(rig)
    address = rig.broker.urls[version].rpartition("@")[2].removeprefix("mqtt://")
    environment = rig.environment(operator, version) | {"FLEETGAUGE_MQTT_URL": _WRONG + address}
    worker = Worker(rig.log(operator), environment)
    try:
        worker.start()
    except AssertionError:
        said = [line for line in worker.log_text().splitlines() if not line.startswith("{")]
        clear = len(said) == 1 and "refused the connection" in said[0]
        return Cell("the worker ends, with a line" if clear else f"ends: {said}", clear)
    worker.kill()
    return Cell("lets anybody in, as it is set up here")


def two_workers(rig: Rig) -> Cell:
    """Two workers on a shared subscription."""
    operator, version = "sharing", _spoken(rig)
    environment = rig.environment(operator, version)
    worker = Worker(rig.log(operator), environment, workers=2)
    try:
        worker.start()
    except AssertionError:
        said = _last_line(worker.log_text())
        clear = "has no shared subscriptions" in said
        return Cell("none: `ingest` says so and ends" if clear else f"ends: {said}", clear)
    try:
        taken = publish(rig.broker.urls[version], version, positions(operator, FLOOD // 2))
        stored = rig.settle(operator, taken)
    finally:
        worker.kill()
    return _compared(rig, operator, taken, stored)


def split_filters(rig: Rig) -> Cell:
    """Two workers that share the filters instead."""
    operator, version = "filters", _spoken(rig)
    environment = rig.environment(operator, version) | {
        "FLEETGAUGE_WORKERS_SHARE": "filters",
        "FLEETGAUGE_TOPICS": f"fleet/{operator}/+/position,fleet/{operator}/+/equipment",
    }
    with running_worker(rig.log(operator), environment, workers=2):
        messages = [*positions(operator, FLOOD // 2), flag(operator, "flag")]
        taken = publish(rig.broker.urls[version], version, messages)
        stored = rig.settle(operator, taken)
    return _compared(rig, operator, taken, stored)


def warned(rig: Rig) -> Cell:
    """What the worker said of the broker's limits in all of this."""
    texts = [path.read_text() for path in rig.folder.glob("*.log")]
    limits = {
        f"{limit}: {granted} for {asked}"
        for text in texts
        for limit, asked, granted in re.findall(
            r'"limit": "(\w+)", "asked": (\d+), "granted": (\d+)', text
        )
    }
    binding = {
        f"stops at {number} unacknowledged"
        for text in texts
        for number in re.findall(
            r'"limit": (\d+)[^\n]*"broker_in_flight_limit_binds"'
            r'|"broker_in_flight_limit_binds"[^\n]*"limit": (\d+)',
            text,
        )
        for number in number
        if number
    }
    return Cell("; ".join(sorted(limits | binding)) or "nothing: no limit below what it asks for")


CHECKS: Final[dict[str, Check]] = {
    "MQTT": versions,
    f"{WAITING:,} waited for the worker, MQTT 5": waiting("5"),
    f"{WAITING:,} waited for the worker, 3.1.1": waiting("3.1.1"),
    f"worker killed {KILLS} times in {FLOOD:,}, MQTT 5": worker_killed("5"),
    f"worker killed {KILLS} times in {FLOOD:,}, 3.1.1": worker_killed("3.1.1"),
    f"broker stopped and started in {FLOOD:,}": broker_restarted,
    f"broker killed (kill -9) in {FLOOD:,}": broker_killed,
    "retained position": retained,
    "last will": last_will,
    "QoS": qualities,
    "properties of MQTT 5": properties,
    "another client with the worker's client id": takeover,
    "unknown user": wrong_password,
    "`--workers 2`": two_workers,
    "`--workers 2`, FLEETGAUGE_WORKERS_SHARE=filters": split_filters,
    "what the worker warned of": warned,
}


def _cannot(rig: Rig, version: str) -> Cell | None:
    client = Client(rig.broker.urls[version], version)
    client.close()
    if client.reason is None or client.reason.is_failure:
        return Cell(f"no MQTT {version}")
    return None


def _spoken(rig: Rig) -> str:
    return "5" if _cannot(rig, "5") is None else "3.1.1"


def _once(rig: Rig, operator: str, stored: int) -> bool:
    return rig.booked(operator, "stored") == stored


def _compared(rig: Rig, operator: str, taken: int, stored: int) -> Cell:
    twice = rig.booked(operator, "stored") - stored
    return Cell(f"lost {taken - stored}, twice {twice}", stored == taken and twice == 0)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing"])[-1][:200]
