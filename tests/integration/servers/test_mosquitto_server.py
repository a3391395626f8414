"""The broker of the tests keeps what a session is owed, over a stop, a kill and a moved config."""

import queue
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.fixtures import started
from tests.servers.mosquitto import SAVED_ON_CHANGE, MosquittoServer
from tests.servers.ports import LOOPBACK
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

TOPIC = "fleet/north/101/position"
WAIT_S = 10.0


class Subscriber(paho.Client):
    """A client with a persistent session that puts payloads in a queue."""

    def __init__(self, client_id: str) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)
        self.payloads: queue.Queue[bytes] = queue.Queue()
        self.subscribed: queue.Queue[bool] = queue.Queue()
        self.on_message = lambda client, data, message: self.payloads.put(bytes(message.payload))
        self.on_subscribe = lambda *ignored: self.subscribed.put(True)
        self.on_connect = self._subscribe

    def _subscribe(self, *_ignored: object) -> None:
        self.subscribe(TOPIC, qos=1)


@contextmanager
def connected(client: paho.Client, port: int) -> Iterator[None]:
    client.connect(LOOPBACK, port)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


def open_session(server: MosquittoServer, client_id: str = "worker") -> None:
    subscriber = Subscriber(client_id)
    with connected(subscriber, server.port):
        assert subscriber.subscribed.get(timeout=WAIT_S)


def publish(server: MosquittoServer, *payloads: bytes) -> None:
    publisher = paho.Client(CallbackAPIVersion.VERSION2)
    with connected(publisher, server.port):
        for sent in [publisher.publish(TOPIC, payload, qos=1) for payload in payloads]:
            sent.wait_for_publish(WAIT_S)


def receive(server: MosquittoServer, count: int, client_id: str = "worker") -> list[bytes]:
    subscriber = Subscriber(client_id)
    with connected(subscriber, server.port):
        return [subscriber.payloads.get(timeout=WAIT_S) for _ in range(count)]


def test_queued_message_survives_a_kill(userland: Userland) -> None:
    """Saved on every change, a message for an absent session outlives SIGKILL."""
    with started(MosquittoServer(SAVED_ON_CHANGE, userland=userland)) as server:
        open_session(server)
        publish(server, b"kept over a kill")
        wait_until(lambda: b"kept over a kill" in server.saved_text(), seconds=WAIT_S, what="saved")
        server.kill()
        assert not server.running
        server.start()
        assert receive(server, 1) == [b"kept over a kill"]


def test_nothing_is_dropped_from_a_long_queue(mosquitto_server: MosquittoServer) -> None:
    """Far more messages than Mosquitto's default of 1000 wait for a session, over a restart."""
    payloads = [str(number).encode() for number in range(3000)]
    open_session(mosquitto_server)
    publish(mosquitto_server, *payloads)
    mosquitto_server.restart()
    assert receive(mosquitto_server, 3000) == payloads


def test_save_makes_a_kill_harmless(mosquitto_server: MosquittoServer) -> None:
    """`save` returns when all queued messages are on the disk."""
    open_session(mosquitto_server)
    publish(mosquitto_server, b"saved")
    mosquitto_server.save()
    mosquitto_server.kill()
    mosquitto_server.start()
    assert receive(mosquitto_server, 1) == [b"saved"]


def test_kill_loses_what_was_not_saved(mosquitto_server: MosquittoServer) -> None:
    """Without a save the queue is in memory only: the crash is a real one."""
    open_session(mosquitto_server)
    mosquitto_server.save()
    publish(mosquitto_server, b"lost")
    mosquitto_server.kill()
    mosquitto_server.start()
    publish(mosquitto_server, b"after")
    assert receive(mosquitto_server, 1) == [b"after"]


def test_shipped_configuration_runs_elsewhere(userland: Userland, tmp_path: Path) -> None:
    """A file for production runs with its ports and folders moved and its options kept."""
    shipped = tmp_path / "mosquitto.conf"
    shipped.write_text(
        "# ours\n"
        "listener 1883 0.0.0.0\n"
        "max_connections 100\n"
        "listener 9001\n"
        "protocol websockets\n"
        "persistence true\n"
        "persistence_location /mosquitto/data/\n"
        "log_dest file /mosquitto/log\n"
        "allow_anonymous false\n"
        "acl_file /mosquitto/acl\n"
        "max_queued_messages 0\n"
    )
    server = MosquittoServer(
        config_path=shipped,
        overrides={"allow_anonymous": "true", "acl_file": "{folder}/acl"},
        files={"acl": "topic readwrite fleet/#\n"},
        userland=userland,
    )
    with started(server):
        assert set(server.ports) == {1883, 9001}
        assert server.port == server.ports[1883] != 1883
        socket.create_connection((LOOPBACK, server.ports[9001]), timeout=WAIT_S).close()
        open_session(server)
        publish(server, b"hello")
        assert receive(server, 1) == [b"hello"]


def test_url_leads_to_a_broker(mqtt_url: str) -> None:
    """`mqtt_url` is one that the settings take."""
    assert mqtt_url.startswith("mqtt")


def test_stopped_broker_refuses(mosquitto_server: MosquittoServer) -> None:
    """A stopped broker's port is closed until it starts again."""
    mosquitto_server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, mosquitto_server.port), timeout=WAIT_S)
    mosquitto_server.start()
    socket.create_connection((LOOPBACK, mosquitto_server.port), timeout=WAIT_S).close()
