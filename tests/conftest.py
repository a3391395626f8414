"""Fixtures that every test may ask for."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make test PYTEST="-k histories --histories 20000"` says."""
    help_text = "random histories to try, however long it takes; by default 500, in 30 s a test"
    parser.addoption("--histories", type=int, metavar="N", help=help_text)


pytest_plugins = ["tests.servers.fixtures"]
