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
    help_text = "random histories to try, however long it takes; by default 500, in 30 s a test"
    parser.addoption("--histories", type=int, metavar="N", help=help_text)


pytest_plugins = ["tests.servers.fixtures"]
