"""What was entered after a date and yet is about it."""

import json
from datetime import date, datetime
from typing import Final

from models.correction import (
    Corrections,
    Entered,
    RecordedLater,
    RegistryCorrection,
    TargetCorrection,
)
from models.kpi import KpiRule
from models.only import EVERYBODY, Only
from models.target import Scope
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("kpi")


def corrections(
    connection: Connection,
    on: date,
    day_end: datetime,
    rule: KpiRule,
    *,
    known_on: date | None = None,
    known_end: datetime | None = None,
    operator_id: str | None = None,
    only: Only = EVERYBODY,
) -> Corrections:
    """Return what was entered after a local day and makes its report another.

    Args:
        on: the day; of an operator's vehicles in its own time zone.
        day_end: when it was over, for the targets.
        rule: when a vehicle was trackable.
        known_on: only what was entered by this local day's end; None: all.
        known_end: when that was over, for the targets.
        operator_id: only of this operator; None: of all.
        only: of the registry, only of these vehicles.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {
        "on": on,
        "day_end": day_end,
        "known_on": known_on,
        "known_end": known_end,
        "operator_id": operator_id,
        "only": json.dumps(only),
        **rule._asdict(),
    }
    with translated():
        registry = connection.execute(_SQL["registry_corrections"], binds).fetchall()
        targets = connection.execute(_SQL["target_corrections"], binds).fetchall()
        recorded = connection.execute(_SQL["recorded_later"], binds).fetchall()
    return Corrections(
        [RegistryCorrection(Entered(*row[:4]), row[4]) for row in registry],
        [
            TargetCorrection(Entered(*row[:4]), row[4], Scope(*row[5:9]), *row[9:])
            for row in targets
        ],
        [RecordedLater(*row) for row in recorded],
    )
