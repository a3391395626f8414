"""The embedded broker, as far as the demo relies on it."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from fleetgauge.embedded.broker import EmbeddedBroker
from fleetgauge.embedded.failure import EmbeddedPartFailed
from tests.integration.embedded.paho_client import SECONDS, PahoClient
from tests.integration.embedded.processes import descendants, wait_until_gone

V311, V5 = MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5
BOTH = pytest.mark.parametrize("protocol", [V311, V5], ids=["3.1.1", "5"])


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running
        running.raise_if_failed()


def _ask_until_failed(broker: EmbeddedBroker) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        broker.raise_if_failed()


def _url(broker: EmbeddedBroker, protocol: MQTTProtocolVersion) -> str:
    return broker.url if protocol == V5 else broker.url_mqtt311


@BOTH
def test_session_redelivers_what_was_not_acknowledged(
    broker: EmbeddedBroker, protocol: MQTTProtocolVersion
) -> None:
    """A cut session gets the unacknowledged and the missed messages again, in order, and only."""
    topic, url = f"session/{protocol}", _url(broker, protocol)
    worker = f"worker-{protocol}"
    with PahoClient(url, protocol) as bus:
        first = PahoClient(url, protocol, worker, topic_filter=topic)
        for number in range(10):
            bus.publish(topic, b"%d" % number)
        received = [first.receive() for _ in range(10)]
        for message in received[:4]:
            first.acknowledge(message)
        # The broker has read the acknowledgements when it answers what was sent after them.
        first.publish("elsewhere", b"")
        first.cut()
        bus.publish(topic, b"10")

        with PahoClient(url, protocol, worker) as second:
            again = [second.receive() for _ in range(7)]

        assert second.session_present
        assert [message.payload for message in again] == [b"%d" % n for n in range(4, 11)]
        assert second.messages.empty()


def test_holds_back_what_exceeds_its_limit_until_acknowledged(broker: EmbeddedBroker) -> None:
    """Batches of the limit, acknowledged late, bring every message once and in order."""
    limit, total = EmbeddedBroker.MAX_UNACKNOWLEDGED, 2050
    with (
        PahoClient(broker.url, V5) as bus,
        PahoClient(broker.url, V5, "batches", topic_filter="batch/#") as worker,
    ):
        for number in range(total):
            bus.client.publish("batch/x", b"%d" % number, qos=1)
        received: list[int] = []
        while len(received) < total:
            batch = [worker.receive() for _ in range(min(limit, total - len(received)))]
            assert worker.messages.empty()
            received += [int(message.payload) for message in batch]
            for message in batch:
                worker.acknowledge(message)

    assert received == list(range(total))


@BOTH
def test_keeps_retained_messages_and_the_last_will(
    broker: EmbeddedBroker, protocol: MQTTProtocolVersion
) -> None:
    """Who subscribes later gets the retained status; a cut client's will is sent and retained."""
    url, status = _url(broker, protocol), f"status/{protocol}"
    bus = PahoClient(url, protocol, will=status)
    bus.publish(status, b"online", retain=True)
    with PahoClient(url, protocol, topic_filter=status) as watcher:
        assert watcher.receive().payload == b"online"
        bus.cut()
        assert watcher.receive().payload == b"gone"
    with PahoClient(url, protocol, topic_filter=status) as late:
        assert late.receive().payload == b"gone"


@BOTH
def test_carries_any_payload_and_topics_with_spaces(
    broker: EmbeddedBroker, protocol: MQTTProtocolVersion
) -> None:
    """A megabyte and bytes that are not text arrive as they were sent, on an HFP topic."""
    url, topic = _url(broker, protocol), f"/hfp/v2/{protocol}/Länsiterminaali  T1"
    payloads = [b"\xff\x00\xfe", b"x" * 1_000_000]
    with (
        PahoClient(url, protocol, topic_filter=f"/hfp/v2/{protocol}/#") as worker,
        PahoClient(url, protocol) as bus,
    ):
        for payload in payloads:
            bus.publish(topic, payload)
            assert worker.receive().payload == payload


def test_listens_on_loopback_alone_and_leaves_no_process(tmp_path: Path) -> None:
    """Every listening socket is on 127.0.0.1, and the end of the context ends the processes."""
    before = descendants()
    with EmbeddedBroker(tmp_path) as broker:
        started = [process for process in descendants() if process not in before]
        addresses = {
            connection.laddr.ip
            for process in started
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        assert addresses == {"127.0.0.1"}
        assert broker.version.startswith("rumqttd in iotcore 0.4")
    wait_until_gone(started)


def test_says_when_it_has_died(tmp_path: Path) -> None:
    """A broker that was killed is reported, and stopping it still works."""
    before = descendants()
    with EmbeddedBroker(tmp_path) as broker:
        started = [process for process in descendants() if process not in before]
        broker.raise_if_failed()
        started[-1].kill()
        wait_until_gone(started)
        with pytest.raises(EmbeddedPartFailed, match="embedded broker: ended by itself"):
            broker.raise_if_failed()


def test_says_when_one_of_its_threads_has_panicked(tmp_path: Path) -> None:
    """What a cut shared subscription does to rumqttd does not go unnoticed."""
    with EmbeddedBroker(tmp_path) as broker, PahoClient(broker.url, V5) as bus:
        member = PahoClient(broker.url, V5, "member", topic_filter="$share/group/bus")
        bus.publish("bus", b"unacknowledged")
        member.receive()
        member.cut()

        with pytest.raises(EmbeddedPartFailed, match="a thread panicked"):
            _ask_until_failed(broker)


def test_unusable_folder_is_named(tmp_path: Path) -> None:
    """A folder that cannot be made ends in one clear error with its name."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(EmbeddedPartFailed, match=r"embedded broker: .*file/broker"),
        EmbeddedBroker(tmp_path / "file" / "broker"),
    ):
        pass
