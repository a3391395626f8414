"""What makes the live figures less than they seem: ingest is down, or nothing is received."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from models.indicator import DISPATCHER_WINDOW
from web.source import Look

CONNECTED_WITHIN: Final = timedelta(seconds=60)
"""Six beats of a worker: fewer may be late on a busy machine."""


class Cause(StrEnum):
    """Why the figures are not those of the fleet."""

    INGEST_DOWN = "ingest_down"
    REPLICA_BEHIND = "replica_behind"
    NOTHING_RECEIVED = "nothing_received"


class Doubt(NamedTuple):
    """What is wrong, and since when."""

    cause: Cause
    since: datetime | None
    """None: ever since."""


def doubt(look: Look) -> Doubt | None:
    """Return why the figures of a look cannot be taken for the fleet's; None: they can.

    Of an operator's silence at night nothing is said, where its service hours are known.
    """
    if look.behind > CONNECTED_WITHIN:
        return Doubt(Cause.REPLICA_BEHIND, look.fleet.at)
    connected_at, heard_at = look.slow.connected_at, look.fleet.heard_at
    if connected_at is None or look.fleet.at - connected_at > CONNECTED_WITHIN:
        return Doubt(Cause.INGEST_DOWN, connected_at)
    if not look.fleet.vehicles or not look.slow.is_expected:
        return None
    if heard_at is None or look.fleet.at - heard_at > DISPATCHER_WINDOW:
        return Doubt(Cause.NOTHING_RECEIVED, heard_at)
    return None
