"""The publisher where there is no broker; with one, see the integration tests."""

import socket
import threading
from datetime import timedelta

import pytest

from simulator.fleet import Fleet
from simulator.publisher import BrokerAddress, BrokerUnreachable, publish


def test_an_unreachable_broker_is_told_in_one_line(smoke: Fleet) -> None:
    """Nobody listens: one error that names the address, and no thread left behind."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = BrokerAddress("127.0.0.1", taken.getsockname()[1])
        before = threading.active_count()
        with pytest.raises(BrokerUnreachable, match=rf"^broker {address}: Connection refused$"):
            publish(address, smoke, timedelta(seconds=1), 1, threading.Event())

    assert threading.active_count() == before


def test_an_address_hides_its_password() -> None:
    """Neither the text nor the representation of an address shows the password."""
    address = BrokerAddress("broker.example", 8883, "bus", "open sesame", tls=True)

    assert "sesame" not in f"{address} {address!r}"
