"""What the database knows of the workers: whether one is connected, and when reports came last."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from models.finding import Finding, fault, ok, warning
from storage.connection import Connection
from storage.health.asking import row

_CONNECTED_WITHIN: Final = timedelta(seconds=60)
"""A worker that is connected says so every 10 s."""
_SILENT: Final = timedelta(hours=1)


def ingest_findings(connection: Connection) -> Iterator[Finding]:
    """Yield whether a worker is connected to the broker, and whether reports come.

    Raises:
        StorageError: the database cannot be asked.
    """
    ingest = row(connection, "ingest")
    if ingest.seen_at is None:
        yield warning("ingest.never_connected")
    elif not _is_connected(ingest.unseen_seconds):
        yield fault("ingest.not_connected", seen_at=ingest.seen_at)
    else:
        yield ok("ingest.connected")
    if ingest.received_until is None:
        yield warning("ingest.nothing_received")
    elif ingest.silent_seconds > _SILENT.total_seconds():
        yield warning("ingest.silent", received_until_at=ingest.received_until)
    else:
        yield ok("ingest.receiving")


def _is_connected(unseen_seconds: float | None) -> bool:
    return unseen_seconds is not None and unseen_seconds < _CONNECTED_WITHIN.total_seconds()
