"""Refused log-ins at the shipped broker are counted, by operator."""

from dataclasses import replace

from prometheus_client import CollectorRegistry

from metrics.broker_log import BrokerLog
from metrics.broker_topics import BrokerTopics
from tests.integration.deploy.compose_broker import Client, ComposeBroker
from tests.servers.waiting import wait_until

WAIT_S = 20.0


class Counted:
    """What the exporter shows of the broker's log."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    @property
    def is_up(self) -> bool:
        return self._registry.get_sample_value("fleet_broker_log_up") == 1

    def refused(self, operator: str) -> float:
        """Return how many log-ins to an operator's accounts were refused."""
        name, labels = "fleet_broker_logins_refused_total", {"operator": operator}
        return self._registry.get_sample_value(name, labels) or 0.0


def try_to_log_in(broker: ComposeBroker, name: str) -> None:
    client = Client((name, "a wrong password")).open(broker.port)
    client.loop_stop()
    assert client.connected[0] != 0


def test_refused_log_ins_are_counted(broker: ComposeBroker) -> None:
    """Of a gateway and of its vehicles under their operator; made-up names make no series."""
    for name in ("ivpat-1", "ivpat-1/101", "ivpat-2"):
        broker.add(name)
    registry = CollectorRegistry()
    counted = Counted(registry)
    listener = BrokerLog(lambda: {"ivpat-1", "ivpat-2"}, registry)
    with BrokerTopics(broker.access("metrics"), [listener]):
        wait_until(lambda: counted.is_up, seconds=WAIT_S, what="the broker's log")
        assert counted.refused("other") == 0
        for name in ("ivpat-1", "ivpat-1/101", "ivpat-1", "nobody", "no one", "x" * 500):
            try_to_log_in(broker, name)
        allowed = Client(("ivpat-2", "a password")).open(broker.port)
        assert allowed.connected == [0]
        allowed.close()
        wait_until(
            lambda: (counted.refused("ivpat-1"), counted.refused("other")) == (3, 3),
            seconds=WAIT_S,
            what="all of them",
        )
        assert counted.refused("ivpat-2") == 0
        broker.restart()
        wait_until(lambda: counted.is_up, seconds=WAIT_S, what="the broker's log again")
        try_to_log_in(broker, "ivpat-2")
        wait_until(lambda: counted.refused("ivpat-2") == 1, seconds=WAIT_S, what="one more")


def test_an_account_that_may_not_listen_does_not_try_again(broker: ComposeBroker) -> None:
    """The metric says that nobody counts, and the broker is left alone."""
    registry = CollectorRegistry()
    access = replace(broker.access("simulator"), client_id="not-allowed")
    before = broker.log_text().count("as not-allowed")
    with BrokerTopics(access, [BrokerLog(frozenset, registry)]):
        wait_until(
            lambda: "Client not-allowed disconnected." in broker.log_text(),
            seconds=WAIT_S,
            what="it to give up",
        )
        assert not Counted(registry).is_up
    assert broker.log_text().count("as not-allowed") == before + 1
