"""How far a replica is behind, by the newest commit that it has."""

from datetime import UTC, datetime
from typing import Final

from models.finding import Finding, fault, ok, warning
from storage.connection import Connection
from storage.health.asking import row
from storage.replica import known_now

_BEHIND_S: Final = 60.0
_FAR_BEHIND_S: Final = 600.0


def replica_finding(connection: Connection) -> Finding:
    """Return how far behind it is, or that it is none.

    Raises:
        StorageError: the database cannot be asked.
    """
    if not row(connection, "server").is_standby:
        return warning("replica.takes_writes")
    behind = (datetime.now(UTC) - known_now(connection)).total_seconds()
    say = fault if behind > _FAR_BEHIND_S else warning if behind > _BEHIND_S else ok
    return say("replica.behind", behind_seconds=round(behind, 1))
