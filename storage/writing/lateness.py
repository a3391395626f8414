"""How far back has to be looked for who was heard in an hour: reports of more than a day ago."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from storage.connection import Connection
from storage.sql import queries

_SQL: Final = queries("writing")

LATE: Final = timedelta(hours=24)
"""As in ``state_at``, which looks that far back of itself."""


def oldest_by_hour(moments: Iterable[tuple[datetime, datetime]]) -> dict[datetime, datetime]:
    """Return, of each hour of reception, the moment of the oldest late report; none: no key.

    Args:
        moments: of reports, when each was observed and received.
    """
    oldest: dict[datetime, datetime] = {}
    for observed_at, received_at in moments:
        if received_at - observed_at > LATE:
            hour = received_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            oldest[hour] = min(observed_at, oldest.get(hour, observed_at))
    return oldest


def keep_lateness(connection: Connection, oldest: Mapping[datetime, datetime]) -> None:
    """Keep what ``oldest_by_hour`` returned, in the running transaction and last in it.

    The rows of the present hour are every worker's.
    """
    if oldest:
        binds = {"hours": list(oldest), "oldest": list(oldest.values())}
        connection.execute(_SQL["keep_lateness"], binds)
