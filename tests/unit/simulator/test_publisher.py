"""The publisher where there is no broker; with one, see the integration tests."""

import socket
import threading
from datetime import timedelta

import pytest

from models.broker import BrokerAccess, BrokerUrl
from simulator.connection import CannotPublish
from simulator.fleet import Fleet
from simulator.publisher import publish


def test_an_unreachable_broker_is_told_in_one_line(smoke: Fleet) -> None:
    """Nobody listens: one error that names the address, and no thread left behind."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        broker = BrokerAccess(BrokerUrl("127.0.0.1", taken.getsockname()[1]))
        before = threading.active_count()
        refused = rf"^broker {broker.url.address}: Connection refused$"
        with pytest.raises(CannotPublish, match=refused):
            publish(broker, smoke, timedelta(seconds=1), 1, threading.Event())

    assert threading.active_count() == before
