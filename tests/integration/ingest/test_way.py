"""A position's way from topic to commit, function by function, as docs/design.md lists it."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

import pytest
from prometheus_client import CollectorRegistry

from ingest.committer import Committer
from ingest.decoder import Decoder
from ingest.instruments import Instruments
from ingest.service import BatchLimits, IngestService
from models.broker import BrokerAccess, parse_broker_url
from models.rules import Rules
from storage.migrate import migrate
from storage.writing.writer import Writer
from tests.benchmarks.stored import Ledger
from tests.integration.ingest.publishing import position, publish
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until

ROOT: Final = Path(__file__).parents[3]
DESIGN: Final = ROOT / "docs/design.md"
ROOMS: Final = ("ingest", "models", "storage")
MOST_FUNCTIONS: Final = 40
MOST_FILES: Final = 14


class Way:
    """Which functions of ours a message passes, from being decoded to being committed."""

    ENTRIES: Final = frozenset({Decoder._opened.__code__, Committer.commit.__code__})

    def __init__(self) -> None:
        self.following = False
        self._called: set[CodeType] = set()

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        """Be the profiler of a thread (``threading.setprofile``)."""
        caller: FrameType | None = frame
        while self.following and event == "call" and caller is not None:
            if caller.f_code in self.ENTRIES:
                self._called.add(frame.f_code)
                return
            caller = caller.f_back

    @property
    def functions(self) -> set[tuple[str, str]]:
        """File and name of each; the parts of an expression are its function's."""
        ours = {
            (path.relative_to(ROOT).as_posix(), code.co_qualname.partition(".<locals>")[0])
            for code in self._called
            if (path := Path(code.co_filename)).is_relative_to(ROOT)
        }
        return {(file, name) for file, name in ours if file.partition("/")[0] in ROOMS}


@pytest.fixture
def way(mosquitto_server: MosquittoServer, timescaledb_url: str) -> Iterator[Way]:
    """What a position passed, that came after others of its vehicle."""
    migrate(timescaledb_url)
    way = Way()
    threading.setprofile(way.profile)
    service = _service(mosquitto_server, timescaledb_url)
    worker = threading.Thread(target=service.run)
    worker.start()
    try:
        with Ledger(timescaledb_url) as ledger:
            wait_until(lambda: service.broker_fault is None, seconds=20, what="the worker")
            for number in range(2):
                topic, payload = position("1", 100 - number, route_id="7", cctv=True)
                way.following = number == 1
                publish(mosquitto_server, [(topic, json.dumps(payload).encode())])
                ledger.wait(number + 1, seconds=20)
        way.following = False
        yield way
    finally:
        service.stop()
        worker.join()
        threading.setprofile(None)


def _service(broker: MosquittoServer, database: str) -> IngestService:
    access = BrokerAccess(parse_broker_url(broker.url), client_id="way", topic_filters=("fleet/#",))
    writer = Writer(database, "way", "Europe/Moscow")
    instruments = Instruments(CollectorRegistry())
    return IngestService(access, writer, Rules(), BatchLimits(), instruments)


def test_the_way_is_as_documented(way: Way) -> None:
    """Each function that a position passes is on the list, and no other; the list stays short."""
    listed = re.findall(r"^\| `([a-z_/]+\.py)` \| (.+?) \|$", DESIGN.read_text("utf-8"), re.M)
    documented = {(file, name) for file, names in listed for name in re.findall(r"`(.+?)`", names)}
    assert way.functions == documented
    assert len(documented) <= MOST_FUNCTIONS
    assert len(listed) <= MOST_FILES
