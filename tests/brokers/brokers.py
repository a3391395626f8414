"""The brokers: what Debian and PyPI give, and those that the environment names."""

import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from fleetgauge.embedded.broker import EmbeddedBroker
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.process import ServerProcess
from tests.servers.rabbitmq import RabbitMqServer
from tests.servers.userland import provide

NAMED: Final = "FLEETGAUGE_TEST_BROKERS"
"""Others, comma-separated: HiveMQ=mqtt://host:1883,NATS=mqtt://user:password@host:1884."""


class Stoppable(Protocol):
    """A broker of ours, that may be stopped and killed."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class Broker(NamedTuple):
    """A broker that runs."""

    name: str
    urls: dict[str, str]
    """By the version of MQTT, 5 and 3.1.1; a broker may have a port for each."""
    server: Stoppable | None
    """None: it is not ours to stop."""
    faults: Mapping[str, str] = {}
    """By a part of a check's name, a fault of the broker's own that the worker cannot make good."""


Make = Callable[[], AbstractContextManager[Broker]]


@contextmanager
def mosquitto() -> Iterator[Broker]:
    """Debian's, by its defaults but for an address, anonymous access and the queue's length."""
    lines = ("max_inflight_messages 20", "max_queued_messages 0")
    with started(MosquittoServer(lines)) as server:
        yield Broker("Mosquitto 2.0", {"5": server.url, "3.1.1": server.url}, server)


@contextmanager
def rabbitmq() -> Iterator[Broker]:
    """Debian's, by its defaults."""
    with started(RabbitMqServer()) as server:
        yield Broker("RabbitMQ 4.0", {"5": server.url, "3.1.1": server.url}, server)


@contextmanager
def iotcore() -> Iterator[Broker]:
    """The demo's: rumqttd, from PyPI, with a port for each version."""
    with (
        tempfile.TemporaryDirectory(prefix="fleetgauge-iotcore-") as folder,
        EmbeddedBroker(Path(folder)) as server,
    ):
        yield Broker("iotcore 0.4", {"5": server.url, "3.1.1": server.url_mqtt311}, None)


AMQTT_FAULTS: Final = {
    "worker killed": "it forgets what a session that is cut has not acknowledged",
    "client id": "it does not end the first connection, and delivers to the second alone",
}


class _Amqtt:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        config = folder / "amqtt.yaml"
        config.write_text(
            f"listeners:\n  default:\n    type: tcp\n    bind: {LOOPBACK}:{self.port}\n"
            "plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n"
            "    allow_anonymous: true\n"
        )
        program = str(Path(sys.executable).with_name("amqtt"))
        self._process = ServerProcess([program, "-c", str(config)], folder / "amqtt.log")

    def start(self) -> None:
        self._process.start(self._listens)

    def stop(self) -> None:
        self._process.stop()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._process.kill()

    def _listens(self) -> bool:
        with suppress(OSError):
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
            return True
        return False


@contextmanager
def amqtt() -> Iterator[Broker]:
    """Of PyPI: MQTT 3.1.1 alone."""
    with tempfile.TemporaryDirectory(prefix="fleetgauge-amqtt-") as folder:
        server = _Amqtt(Path(folder))
        try:
            server.start()
            url = f"mqtt://{LOOPBACK}:{server.port}"
            yield Broker("amqtt 0.12", {"5": url, "3.1.1": url}, server, AMQTT_FAULTS)
        finally:
            server.close()


def named() -> dict[str, Make]:
    """Return the brokers that the environment names."""
    found = {}
    for each in filter(None, os.environ.get(NAMED, "").split(",")):
        name, _, url = each.strip().partition("=")
        found[name] = _running(name, url)
    return found


def _running(name: str, url: str) -> Make:
    @contextmanager
    def running() -> Iterator[Broker]:
        yield Broker(name, {"5": url, "3.1.1": url}, None)

    return running


def all_brokers() -> dict[str, Make]:
    """Return every broker, by a short name."""
    provide()
    return {
        "mosquitto": mosquitto,
        "rabbitmq": rabbitmq,
        "iotcore": iotcore,
        "amqtt": amqtt,
        **named(),
    }
