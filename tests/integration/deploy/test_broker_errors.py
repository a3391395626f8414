"""That the shipped broker cannot save its sessions is counted; what a client does wrong is not."""

from prometheus_client import CollectorRegistry

from metrics.broker_errors import BrokerErrors
from metrics.broker_log import BrokerLog
from metrics.broker_topics import BrokerTopics
from tests.integration.deploy.compose_broker import ComposeBroker
from tests.servers.waiting import wait_until

WAIT_S = 30.0


def test_sessions_that_cannot_be_saved_are_counted(broker: ComposeBroker) -> None:
    """Each attempt, until there is room again."""
    registry = CollectorRegistry()

    def counted() -> float:
        return registry.get_sample_value("fleet_broker_errors_total") or 0

    def is_up() -> bool:
        return registry.get_sample_value("fleet_broker_log_up") == 1

    listeners = (BrokerLog(frozenset, registry), BrokerErrors(registry))
    with BrokerTopics(broker.access("metrics"), listeners):
        wait_until(is_up, seconds=WAIT_S, what="the broker's log")
        assert counted() == 0
        with broker.unable_to_save():
            wait_until(lambda: counted() > 0, seconds=WAIT_S, what="the error")
        before = counted()
        broker.save()
        assert counted() == before
