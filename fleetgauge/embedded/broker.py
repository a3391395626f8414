"""An MQTT broker for the demo: rumqttd, from the iotcore wheel.

Why iotcore 0.4 (rumqttd 0.20) and not amqtt 0.12: both were tried with paho 2.2 and 100,000
messages of QoS 1, acknowledged by hand and late, on two cores. Both delivered all of them (2,900/s
in batches of 100, and 3,300/s), take payloads of 1 MB, retain, send last wills and outlive any
topic and payload bytes. But amqtt has no MQTT 5 and no shared subscriptions, and a session that is
cut loses what it has not acknowledged and, of an anonymous client, what arrives meanwhile. rumqttd
delivers both on the reconnect, in order, without the DUP flag.

What rumqttd lacks, so that nobody relies on it (Mosquitto is the broker for production):

- At most 100 messages are unacknowledged per session, whatever Receive Maximum says: commit a
  batch at 100 messages (`MAX_UNACKNOWLEDGED`) or stay at 500 messages/s with batches of 200 ms.
- Acknowledgements have to come in the order of delivery, or the client is disconnected.
- MQTT 5 and 3.1.1 have a port each: `url` and `url_mqtt311`.
- A `$share/…` subscriber cut with messages unacknowledged loses them, and if it was the last of
  its group the router thread panics (`raise_if_failed` says so). No shared subscriptions here.
- A client that connects within moments of another's DISCONNECT may be cut once; it reconnects.
- Sessions and retained messages live in memory: after a restart they are gone. Each topic filter
  keeps its newest 128 MiB; a session that is further behind loses the oldest.
"""

import socket
import sys
import time
from importlib.metadata import version
from pathlib import Path
from signal import SIGTERM

from fleetgauge.embedded.failure import EmbeddedPartFailed
from fleetgauge.embedded.watched_process import WatchedProcess

PART = "broker"
CHILD = Path(__file__).with_name("broker_child.py")
START_SECONDS = 15.0
STOP_SECONDS = 5.0
LOOK_SECONDS = 0.02
PORT_ATTEMPTS = 5
MQTT_3_1_1, MQTT_5 = 4, 5
MAX_PAYLOAD_BYTES = 2 * 1024 * 1024
SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENTS = 16


class EmbeddedBroker:
    """Run a broker on loopback while the context lasts; its files are kept in `directory`.

    Raises EmbeddedPartFailed on entering when it does not accept a connection.
    """

    MAX_UNACKNOWLEDGED = 100

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._log = directory / "broker.log"
        self._ports: dict[int, int] = {}
        self._process: WatchedProcess | None = None

    @property
    def url(self) -> str:
        """The listener for MQTT 5."""
        return f"mqtt://127.0.0.1:{self._ports[MQTT_5]}"

    @property
    def url_mqtt311(self) -> str:
        """The listener for MQTT 3.1.1: rumqttd has a port for each version."""
        return f"mqtt://127.0.0.1:{self._ports[MQTT_3_1_1]}"

    @property
    def version(self) -> str:
        return f"rumqttd in iotcore {version('iotcore')}"

    def raise_if_failed(self) -> None:
        """Raise EmbeddedPartFailed if the broker or one of its threads has ended."""
        if self._process is None or not self._process.running:
            raise EmbeddedPartFailed(PART, "ended by itself", self._log)
        if b"panicked at" in self._log.read_bytes():
            raise EmbeddedPartFailed(PART, f"a thread panicked, see {self._log}")

    def __enter__(self) -> "EmbeddedBroker":
        for _ in range(PORT_ATTEMPTS - 1):
            try:
                return self._start()
            except EmbeddedPartFailed as failed:
                # Between finding a free port and using it, another program took it.
                if "Address already in use" not in str(failed):
                    raise
        return self._start()

    def _start(self) -> "EmbeddedBroker":
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._log.write_bytes(b"")
            self._ports = _free_ports(MQTT_3_1_1, MQTT_5)
            config = self._directory / "broker.toml"
            config.write_text(_config(self._ports))
        except OSError as error:
            raise EmbeddedPartFailed(PART, str(error)) from error
        process = self._process = WatchedProcess(
            [sys.executable, "-P", str(CHILD), str(config)],
            self._log,
            stop_signal=SIGTERM,
            grace_seconds=STOP_SECONDS,
        )
        try:
            self._wait_until_ready(process)
        except BaseException:
            process.stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.stop()

    def _wait_until_ready(self, process: WatchedProcess) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not all(_accepts_connect(port, level) for level, port in self._ports.items()):
            if not process.running:
                raise EmbeddedPartFailed(PART, "ended while starting", self._log)
            if time.monotonic() > deadline:
                reason = f"no CONNACK within {START_SECONDS:.0f} s"
                raise EmbeddedPartFailed(PART, reason, self._log)
            time.sleep(LOOK_SECONDS)


def _free_ports(*levels: int) -> dict[int, int]:
    # All are bound before one is released, or the same port could come twice.
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in levels]
    ports = {level: s.getsockname()[1] for level, s in zip(levels, sockets, strict=True)}
    for s in sockets:
        s.close()
    return ports


def _accepts_connect(port: int, level: int) -> bool:
    """Send CONNECT (clean, empty client id) and see whether a successful CONNACK comes back."""
    # No DISCONNECT: rumqttd ends such a connection twice, the second time whoever has its slot.
    properties = b"\x00" if level == MQTT_5 else b""
    clean, keep_alive, client_id = b"\x02", b"\x00\x0a", b"\x00\x00"
    body = b"\x00\x04MQTT" + bytes([level]) + clean + keep_alive + properties + client_id
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"\x10" + bytes([len(body)]) + body)
            with connection.makefile("rb") as answer:
                connack = answer.read(4)
    except OSError:
        return False
    return len(connack) == 4 and connack[0] == 0x20 and connack[3] == 0


def _config(ports: dict[int, int]) -> str:
    return f"""\
id = 0

[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = {SEGMENT_BYTES}
max_segment_count = {SEGMENTS}
""" + "".join(
        f"""
[v{level}.1]
name = "v{level}"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v{level}.1.connections]
connection_timeout_ms = 5000
max_payload_size = {MAX_PAYLOAD_BYTES}
max_inflight_count = {EmbeddedBroker.MAX_UNACKNOWLEDGED}
dynamic_filters = true
"""
        for level, port in ports.items()
    )
