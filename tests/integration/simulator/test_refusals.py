"""Publishing to a broker that refuses something: it ends, and says why."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from models.broker import BrokerAccess, MqttVersion, parse_broker_url
from simulator import connection as simulator
from simulator.connection import BrokerConnection, CannotPublish
from simulator.fleet import Fleet, OutgoingMessage
from simulator.publisher import publish
from tests.integration.simulator.subscriber import Subscriber
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.scripted_broker import (
    ACCEPTED_3_1_1,
    Script,
    ScriptedBroker,
    refused_3_1_1,
    refused_5,
)
from tests.servers.userland import Userland

EVERY = timedelta(seconds=1)
NOT_AUTHORIZED = 0x87
WITHIN_S = 30.0

Mosquitto = Callable[..., BrokerAccess]
Serve = Callable[..., BrokerAccess]


@pytest.fixture
def mosquitto(userland: Userland) -> Iterator[Mosquitto]:
    """Mosquitto with lines of its configuration."""
    with ExitStack() as servers:

        def make(*lines: str) -> BrokerAccess:
            server = servers.enter_context(started(MosquittoServer(lines, userland=userland)))
            return BrokerAccess(parse_broker_url(server.url))

        yield make


@pytest.fixture
def serve(scripted_broker: Callable[..., ScriptedBroker]) -> Serve:
    """How to reach a broker that answers by its scripts."""

    def make(*scripts: Script, version: MqttVersion = MqttVersion.AUTO) -> BrokerAccess:
        return BrokerAccess(parse_broker_url(scripted_broker(*scripts).url), version=version)

    return make


def message(payload: bytes = b"{}", *, retain: bool = False) -> OutgoingMessage:
    return OutgoingMessage("fleet/op/1/position", payload, retain, datetime.now(UTC))


def published(broker: BrokerAccess, messages: list[OutgoingMessage]) -> simulator.Counts:
    """Publish messages to the end, as a replay does."""
    connection = BrokerConnection(broker)
    connection.open()
    try:
        for each in messages:
            assert connection.send(each, threading.Event())
        connection.drain()
    finally:
        connection.close()
    return connection.counts


@pytest.mark.parametrize("limit", [1, 10])
def test_a_broker_that_takes_few_at_once_gets_no_more(mosquitto: Mosquitto, limit: int) -> None:
    """Its Receive Maximum is kept: all are acknowledged over one connection."""
    broker = mosquitto(f"max_inflight_messages {limit}")
    counts = published(broker, [message()] * 500)
    assert (counts.published, counts.acknowledged) == (500, 500)


def test_where_nothing_is_retained_the_status_goes_without(
    mosquitto: Mosquitto, smoke: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of a fleet's messages are acknowledged, and one line says what is missing."""
    broker = mosquitto("retain_available false")
    with Subscriber(f"mqtt://{broker.url.address}", "fleet/#") as subscriber:
        counts = publish(broker, smoke, EVERY, 2, threading.Event())
        subscriber.wait_for(counts.published)
    assert counts.acknowledged == counts.published
    assert capsys.readouterr().out.count("broker_keeps_no_retained_messages") == 1


def test_a_broker_of_qos_0_alone_is_not_published_to(mosquitto: Mosquitto, smoke: Fleet) -> None:
    """Reports could be lost without a trace."""
    with pytest.raises(CannotPublish, match="takes QoS 0 only"):
        publish(mosquitto("max_qos 0"), smoke, EVERY, 2, threading.Event())


def test_what_is_too_large_is_counted_and_not_sent(mosquitto: Mosquitto) -> None:
    """The rest is acknowledged over the same connection."""
    broker = mosquitto("max_packet_size 1000")
    counts = published(broker, [message(), message(b"x" * 2_000), message()])
    assert (counts.published, counts.acknowledged, counts.refused) == (3, 2, 1)


@pytest.mark.parametrize(
    ("lines", "odd"),
    [
        (["max_packet_size 1000"], message(b"x" * 2_000)),
        (["retain_available false"], message(retain=True)),
    ],
    ids=["too large", "retained"],
)
def test_with_3_1_1_a_broker_that_hangs_up_each_time_ends_it(
    mosquitto: Mosquitto, lines: list[str], odd: OutgoingMessage
) -> None:
    """No packet says what is wrong, and no other connection would change it."""
    access = mosquitto(*lines)
    broker = BrokerAccess(access.url, version=MqttVersion.V3_1_1)
    began = time.monotonic()
    with pytest.raises(CannotPublish, match=r"closes the connection .* 1 messages not ack"):
        published(broker, [message(), odd])
    assert time.monotonic() - began < WITHIN_S


def test_a_broker_that_acknowledges_nothing_ends_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no room for more, and none comes."""
    monkeypatch.setattr(simulator, "STALLED_SECONDS", 1.0)
    monkeypatch.setattr(simulator, "MAX_UNACKNOWLEDGED", 30)
    silent = serve(Script(puback=False))
    with pytest.raises(CannotPublish, match="no acknowledgement within 1 s; 30 messages"):
        published(silent, [message()] * 100)


@pytest.mark.parametrize("refusal", [refused_5(0x84), refused_3_1_1(1)], ids=["by 5", "by 3.1.1"])
def test_mqtt_5_refused_makes_it_3_1_1(serve: Serve, refusal: bytes) -> None:
    """Once, and all is published with it."""
    counts = published(serve(Script(refusal), Script(ACCEPTED_3_1_1)), [message()] * 50)
    assert counts.acknowledged == 50


def test_a_version_that_is_pinned_is_kept(serve: Serve) -> None:
    """Its refusal ends it."""
    broker = serve(Script(refused_3_1_1(1)), version=MqttVersion.V5)
    with pytest.raises(CannotPublish, match="Unsupported protocol version"):
        published(broker, [])


def test_a_refused_connection_ends_it(serve: Serve) -> None:
    """With the broker's reason."""
    with pytest.raises(CannotPublish, match="Not authorized"):
        published(serve(Script(refused_5(NOT_AUTHORIZED))), [])
