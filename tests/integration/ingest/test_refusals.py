"""The subscriber before brokers that refuse: what passes is waited for, what does not ends it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from prometheus_client import CollectorRegistry

from ingest.errors import BrokerRefused, BrokerUnreachable
from ingest.instruments import Instruments
from ingest.queue import MessageQueue
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess, MqttVersion, parse_broker_url
from tests.servers.scripted_broker import (
    ACCEPTED_3_1_1,
    Script,
    ScriptedBroker,
    refused_3_1_1,
    refused_5,
)
from tests.servers.waiting import wait_until

FILTERS = ("fleet/#", "owntracks/#")
BUSY = 0x89
QUOTA_EXCEEDED = 0x97
SERVER_UNAVAILABLE = 0x88
NOT_AUTHORIZED = 0x87
VERSION_3_1_1 = 4
VERSION_5 = 5
GOOD = Script(suback=b"\x01\x01")
OLD = Script(ACCEPTED_3_1_1, b"\x01\x01")

Subscribe = Callable[..., Subscriber]
Serve = Callable[..., ScriptedBroker]


@pytest.fixture
def subscribe(request: pytest.FixtureRequest) -> Iterator[Subscribe]:
    """Started subscribers, closed after the test."""
    made: list[Subscriber] = []

    def make(
        broker: ScriptedBroker,
        version: MqttVersion = MqttVersion.AUTO,
        start_timeout: timedelta = timedelta(seconds=20),
    ) -> Subscriber:
        access = BrokerAccess(
            parse_broker_url(broker.url),
            version=version,
            client_id="test",
            topic_filters=FILTERS,
            start_timeout=start_timeout,
        )
        subscriber = Subscriber(
            access, MessageQueue(100, 1_000_000), Instruments(CollectorRegistry())
        )
        made.append(subscriber)
        subscriber.start()
        return subscriber

    yield make
    for subscriber in made:
        subscriber.close()


@pytest.mark.parametrize("reason", [SERVER_UNAVAILABLE, BUSY, QUOTA_EXCEEDED])
def test_a_passing_refusal_is_waited_for(
    scripted_broker: Serve, subscribe: Subscribe, reason: int
) -> None:
    """At the start, within its timeout."""
    broker = scripted_broker(Script(refused_5(reason)), Script(refused_5(reason)), GOOD)
    assert subscribe(broker).connected
    assert broker.levels == [VERSION_5] * 3


def test_a_passing_refusal_of_3_1_1_is_waited_for(
    scripted_broker: Serve, subscribe: Subscribe
) -> None:
    """Code 3: server unavailable."""
    broker = scripted_broker(Script(refused_3_1_1(3)), OLD)
    assert subscribe(broker, MqttVersion.V3_1_1).connected


def test_a_passing_refusal_of_a_reconnect_is_waited_for(
    scripted_broker: Serve, subscribe: Subscribe
) -> None:
    """A worker that was connected does not end because the broker is busy."""
    broker = scripted_broker(GOOD, Script(refused_5(SERVER_UNAVAILABLE)), GOOD)
    subscriber = subscribe(broker)
    broker.hang_up()
    wait_until(lambda: len(broker.levels) == 3, seconds=10, what="a second reconnect")
    wait_until(lambda: subscriber.connected, seconds=10, what="the subscription")
    assert subscriber.failure is None


def test_wrong_credentials_end_it_at_once(scripted_broker: Serve, subscribe: Subscribe) -> None:
    """Trying again would change nothing."""
    broker = scripted_broker(Script(refused_5(NOT_AUTHORIZED)))
    with pytest.raises(BrokerRefused, match="refused the connection: Not authorized"):
        subscribe(broker)
    assert len(broker.levels) == 1


def test_a_refusal_that_lasts_ends_the_start(scripted_broker: Serve, subscribe: Subscribe) -> None:
    """After the timeout, and with the broker's reason."""
    broker = scripted_broker(Script(refused_5(SERVER_UNAVAILABLE)))
    why = r"not subscribed within 1 s: it refused the connection: Server unavailable"
    with pytest.raises(BrokerUnreachable, match=why):
        subscribe(broker, start_timeout=timedelta(seconds=1))


def test_a_broker_that_hangs_up_is_asked_less_and_less(
    scripted_broker: Serve, subscribe: Subscribe
) -> None:
    """It takes the connection and closes it after CONNECT: not five times a second."""
    broker = scripted_broker(Script(connack=None))
    with pytest.raises(BrokerUnreachable, match="it closed the connection"):
        subscribe(broker, start_timeout=timedelta(seconds=3))
    waits = [after - before for before, after in pairwise(broker.connected_at)]
    assert waits[0] < waits[-1]
    assert len(waits) <= 4


def test_a_slow_answer_is_waited_for(scripted_broker: Serve, subscribe: Subscribe) -> None:
    """A broker with a long queue takes seconds to accept its session."""
    assert subscribe(scripted_broker(GOOD._replace(delay_seconds=5.5))).connected


@pytest.mark.parametrize("refusal", [refused_5(0x84), refused_3_1_1(1)], ids=["by 5", "by 3.1.1"])
def test_mqtt_5_refused_makes_it_3_1_1(
    scripted_broker: Serve, subscribe: Subscribe, refusal: bytes
) -> None:
    """Once, whichever version the broker says it in, and for all later connections."""
    broker = scripted_broker(Script(refusal), OLD)
    subscriber = subscribe(broker)
    broker.hang_up()
    wait_until(lambda: len(broker.levels) == 3, seconds=10, what="a reconnect")
    wait_until(lambda: subscriber.connected, seconds=10, what="the subscription")
    assert broker.levels == [VERSION_5, VERSION_3_1_1, VERSION_3_1_1]


@pytest.mark.parametrize("version", [MqttVersion.V5, MqttVersion.V3_1_1])
def test_a_version_that_is_pinned_is_kept(
    scripted_broker: Serve, subscribe: Subscribe, version: MqttVersion
) -> None:
    """Its refusal ends the worker."""
    broker = scripted_broker(Script(refused_3_1_1(1)))
    with pytest.raises(BrokerRefused, match="Unsupported protocol version"):
        subscribe(broker, version)
    assert broker.levels[0] == version.level


def test_a_refused_filter_is_named_and_the_rest_goes_on(
    scripted_broker: Serve, subscribe: Subscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log says which and why."""
    broker = scripted_broker(Script(suback=bytes([1, NOT_AUTHORIZED])))
    assert subscribe(broker).connected
    said = [line for line in capsys.readouterr().out.splitlines() if "topic_filter_refused" in line]
    assert len(said) == 1
    assert "owntracks/#" in said[0]
    assert "Not authorized" in said[0]


def test_a_broker_that_refuses_all_filters_ends_it(
    scripted_broker: Serve, subscribe: Subscribe
) -> None:
    """With each filter and its reason in one line."""
    broker = scripted_broker(Script(suback=bytes([NOT_AUTHORIZED] * 2)))
    with pytest.raises(
        BrokerRefused, match=r"refused to subscribe to fleet/# \(Not authorized\), "
    ):
        subscribe(broker)


def test_a_filter_that_is_granted_less_is_named(
    scripted_broker: Serve, subscribe: Subscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """At QoS 0 the broker promises nothing; the worker receives it all the same."""
    broker = scripted_broker(Script(suback=b"\x01\x00"))
    assert subscribe(broker).connected
    said = [line for line in capsys.readouterr().out.splitlines() if "granted_qos_0" in line]
    assert len(said) == 1
    assert "owntracks/#" in said[0]
