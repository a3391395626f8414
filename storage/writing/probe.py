"""The self-probe's report: of a batch like any other, kept as one moment and as no vehicle.

It has no key, no state and no history, so that no question about the fleet, its inbox or the days
that are stored can meet it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from models.probe import OPERATOR
from storage.writing.batch import Batch, ReceivedReport
from storage.connection import Connection

_KEEP = """
insert into probe as known (observed_at) values (%(observed_at)s)
on conflict (is_probe) do update
set observed_at = greatest(known.observed_at, excluded.observed_at)
"""

_NEWEST = "select observed_at from probe"


def apart(batch: Batch) -> tuple[Batch, Sequence[ReceivedReport]]:
    """Return the batch without the reports of the reserved operator, and these."""
    probes = [each for each in batch.reports if each.report.vehicle.operator_id == OPERATOR]
    if not probes:
        return batch, probes
    buses = [each for each in batch.reports if each.report.vehicle.operator_id != OPERATOR]
    return replace(batch, reports=buses), probes


def keep(connection: Connection, probes: Sequence[ReceivedReport]) -> None:
    """Keep the newest moment, as the transaction's last statement.

    Workers share the one row: who holds it must have nothing left to wait for.
    """
    if probes:
        observed_at = max(report.observed_at for report, _ in probes)
        connection.execute(_KEEP, {"observed_at": observed_at})


def newest(connection: Connection) -> datetime | None:
    """Return when the newest probe that is kept was observed; None: there is none."""
    row = connection.execute(_NEWEST).fetchone()
    return row[0] if row else None
