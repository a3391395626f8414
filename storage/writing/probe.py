"""The self-probe's report: of a batch like any other, kept as one moment and as no vehicle.

It has no key, no state and no history, so that no question about the fleet, its inbox or the days
that are stored can meet it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from storage.connection import Connection
from storage.sql import queries
from storage.writing.batch import ReceivedReport

_SQL: Final = queries("probe")


def keep(connection: Connection, probes: Sequence[ReceivedReport]) -> None:
    """Keep the newest moment, as the transaction's last statement."""
    observed_at = max(report.observed_at for report, _ in probes)
    connection.execute(_SQL["keep_probe"], {"observed_at": observed_at})


def newest(connection: Connection) -> datetime | None:
    """Return when the newest probe that is kept was observed; None: there is none."""
    row = connection.execute(_SQL["newest_probe"]).fetchone()
    return row[0] if row else None
