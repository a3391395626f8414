"""Fleets that many tests ask for."""

from datetime import UTC, datetime

import pytest

from simulator.fleet import Fleet
from simulator.scenario import load_scenario


@pytest.fixture(scope="session")
def region() -> Fleet:
    """The fleet of ivanovo-2024."""
    return Fleet.build(load_scenario("ivanovo-2024"))


@pytest.fixture(scope="session")
def smoke() -> Fleet:
    """The fleet of twenty in which every failure occurs."""
    return Fleet.build(load_scenario("smoke"))


@pytest.fixture
def now() -> datetime:
    """A moment in the afternoon of the last day of 2024."""
    return datetime(2024, 12, 31, 12, 0, tzinfo=UTC)
