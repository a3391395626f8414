"""Where the embedded parts keep their files during a test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder of the test's own, removed after it.

    Not tmp_path: every run of pytest closes the folder above it to other users again, also under
    a PostgreSQL that runs as another user because we are root.
    """
    with tempfile.TemporaryDirectory(prefix="fleetgauge-") as folder:
        yield Path(folder)
