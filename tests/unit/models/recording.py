"""Recorded MQTT lines, ``received_at topic payload``, as they lie in ``*.dump`` files."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


def real_recordings() -> list[Path]:
    """Return the recordings of Helsinki's buses, or skip the test where there are none."""
    named = os.environ.get("FLEETGAUGE_SAMPLE_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    dumps = sorted((folder / "hfp").glob("*.dump"))
    if not dumps:
        pytest.skip("no recordings: FLEETGAUGE_SAMPLE_DATA names a folder with hfp/*.dump")
    return dumps


def recorded(path: Path) -> Iterator[tuple[datetime, bytes, bytes]]:
    """Yield when each message was received, its topic and its payload.

    The topic may hold spaces; the payload starts at the first `` {``.
    """
    for line in path.read_bytes().splitlines():
        received_at, message = line.split(b" ", 1)
        topic, brace, payload = message.partition(b" {")
        yield datetime.fromisoformat(received_at.decode()), topic, brace.strip() + payload
