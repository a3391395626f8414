"""Garbage through a real broker: the account adds up, the worker lives, its memory is bounded."""

import random
import re
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from models.decode import decode
from storage.connection import connect
from storage.writing import reception
from tests.fuzz.corpus import Corpus
from tests.fuzz.decoding import MAX_AGE_DAYS, RULES
from tests.fuzz.wire import AnyBytesPublisher, Packet, properties
from tests.integration.ingest.worker import running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until

PROPERTIES_SHARE = 0.1
SETTLED_SECONDS = 30.0


class Outcome(NamedTuple):
    """What came of it."""

    published: int
    rejected_by_broker: int
    expected: int
    """Reports in what the broker took on our topics."""
    account: dict[str, int]
    peak_resident_mib: float
    returncode: int | None

    @property
    def holds(self) -> bool:
        """Tell whether all was counted, and the worker lives."""
        outcomes = ("stored", "duplicate", "contact", "rejected")
        return (
            self.returncode is None
            and self.account["received"] == self.expected
            and sum(self.account[name] for name in outcomes) == self.expected
        )


def fuzz(broker: MosquittoServer, database: str, folder: Path, messages: int, seed: int) -> Outcome:
    """Publish so many messages to a worker on a migrated, empty database."""
    environment = {
        "FLEETGAUGE_MQTT_URL": broker.url,
        "FLEETGAUGE_DATABASE_URL": database,
        "FLEETGAUGE_MAX_AGE": f"{MAX_AGE_DAYS}d",
        "FLEETGAUGE_KEEP_POSITIONS": "0",
    }
    log = folder / "ingest.log"
    with (
        running_worker(log, environment) as worker,
        connect(database, "fuzz", autocommit=True) as connection,
    ):
        published, expected = _publish(broker, messages, seed)

        def settled() -> bool:
            return (
                worker.returncode is not None
                or reception.totals(connection)["received"] >= expected
            )

        with suppress(TimeoutError):  # the account then tells what is missing
            wait_until(settled, seconds=SETTLED_SECONDS + messages / 1_000, what="all counted")
        return Outcome(
            messages,
            messages - published,
            expected,
            reception.totals(connection),
            _peak_resident_mib(worker.process.pid),
            worker.returncode,
        )


def _publish(broker: MosquittoServer, messages: int, seed: int) -> tuple[int, int]:
    chance, corpus, now = random.Random(seed), Corpus(seed), datetime.now(UTC)
    taken = expected = 0
    with closing(AnyBytesPublisher(broker.port)) as publisher:
        for _ in range(messages):
            packet = _packet(chance, corpus)
            decoded = decode(packet.topic, packet.payload, now, RULES)
            corpus.learn((packet.topic, packet.payload), decoded)
            if publisher.publish(packet):
                taken += 1
                found = len(decoded.reports) + len(decoded.rejections)
                expected += found if is_ours(packet.topic) else 0
    return taken, expected


def _packet(chance: random.Random, corpus: Corpus) -> Packet:
    topic, payload = corpus.message()
    wild = chance.random() < PROPERTIES_SHARE
    return Packet(topic, payload, properties(chance) if wild else b"")


def is_ours(topic: bytes) -> bool:
    """Tell whether the worker's default topic filters match (MQTT 5.0, 4.7)."""
    return re.match(rb"(fleet|/hfp/v2|owntracks)(/|$)|traccar/positions$", topic) is not None


def _peak_resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(peak[1]) / 1024 if peak else 0
