"""How far the database's clock is from this machine's."""

from datetime import UTC, datetime, timedelta
from typing import Final

from models.finding import Finding, fault, ok, warning
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_TRIES: Final = 5


def clock_finding(connection: Connection, tolerated: timedelta) -> Finding:
    """Return how far apart the clocks are, by the quickest of several answers.

    Args:
        tolerated: how far ahead a report's clock may be: beyond it, live reports are rejected.

    Raises:
        StorageError: the database cannot be asked.
    """
    took, ahead = min(_measured(connection) for _ in range(_TRIES))
    # The answer was given at some moment of the time it took.
    apart = max(abs(ahead) - took / 2, timedelta())
    say = fault if apart > tolerated else warning if apart > timedelta(seconds=1) else ok
    return say("clocks.database", apart_seconds=round(apart.total_seconds(), 3))


def _measured(connection: Connection) -> tuple[timedelta, timedelta]:
    asked_at = datetime.now(UTC)
    with translated():
        answer = connection.execute(queries("health")["clock"]).fetchone()
    answered_at = datetime.now(UTC)
    theirs: datetime = answer[0] if answer else answered_at
    return answered_at - asked_at, theirs - (asked_at + (answered_at - asked_at) / 2)
