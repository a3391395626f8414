"""Fixtures that every test may ask for."""

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, and no test fails for that; all else is as it was (under CI: no chance).
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make test PYTEST="-k histories --histories 20000"` says."""
    number = "random histories that a test tries, on each engine; by default 111"
    parser.addoption("--histories", type=int, metavar="N", help=number)
    first = "begin with these, which a test that failed has named; by default, any"
    parser.addoption("--histories-seed", type=int, metavar="N", help=first)


pytest_plugins = ["tests.servers.fixtures"]
