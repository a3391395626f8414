"""Recorded MQTT lines, ``received_at topic payload``, as they lie in ``*.dump`` files."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path


def recorded(path: Path) -> Iterator[tuple[datetime, bytes, bytes]]:
    """Yield when each message was received, its topic and its payload.

    The topic may hold spaces; the payload starts at the first `` {`` (CONTRACT.md, replay).
    """
    for line in path.read_bytes().splitlines():
        received_at, message = line.split(b" ", 1)
        topic, brace, payload = message.partition(b" {")
        yield datetime.fromisoformat(received_at.decode()), topic, brace.strip() + payload
