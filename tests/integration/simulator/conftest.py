"""What the simulator's integration tests ask for."""

import pytest

from models.broker import BrokerAccess, BrokerUrl
from simulator.fleet import Fleet
from simulator.scenario import load_scenario
from tests.integration.simulator.program import Program
from tests.servers.mosquitto import MosquittoServer


@pytest.fixture(scope="session")
def smoke() -> Fleet:
    """The fleet of twenty in which every failure occurs."""
    return Fleet.build(load_scenario("smoke"))


@pytest.fixture
def broker(mosquitto_server: MosquittoServer) -> BrokerAccess:
    """How to reach this test's own broker."""
    return BrokerAccess(BrokerUrl("127.0.0.1", mosquitto_server.port))


@pytest.fixture
def program(mqtt_url: str) -> Program:
    """``fleetgauge``, publishing to this test's broker."""
    return Program(mqtt_url)
