"""The random histories that tests of several rooms try."""

from random import randrange

import pytest
from hypothesis import settings

from tests.integration.storage.crowd import DEFAULT_HISTORIES, Crowds


@pytest.fixture
def crowds(request: pytest.FixtureRequest) -> Crowds:
    """The random histories that a test tries; `--histories` says how many."""
    first_seed = request.config.getoption("--histories-seed")
    if first_seed is None:
        # As hypothesis does: under CI always the same ones.
        first_seed = 0 if settings().derandomize else randrange(10**6)
    return Crowds(request.config.getoption("--histories") or DEFAULT_HISTORIES, first_seed)
