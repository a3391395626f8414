"""How old each vehicle's newest fix was at a local time of a date."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from models.errors import Invalid
from models.only import EVERYBODY, Only
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.sql import queries

_SQL: Final = queries("kpi")

_SPARE: Final = timedelta(days=2)


class PositionsNotKept(StorageError, Invalid):
    """Positions that were counted on their day have been thrown away since."""


def fix_ages(
    connection: Connection,
    on: date,
    at: time,
    longest: timedelta,
    known_on: date | None = None,
    operator_id: str | None = None,
    only: Only = EVERYBODY,
) -> list[timedelta]:
    """Return the age of the newest fix of each vehicle of a date's fleet that had one.

    Args:
        on: the local day of each operator's time zone.
        at: the local time of that day; of one that comes twice, the second.
        longest: fixes that were older are left out.
        known_on: only what was known at this local day's end; None: all that is known now.
        operator_id: only of this operator's fleet; None: of the whole.
        only: only of these vehicles.

    Raises:
        PositionsNotKept: the answer would be wrong, for a position that is no longer there.
        StorageError: the database cannot be asked.
    """
    midnight = datetime.combine(on, time(), UTC)
    binds = {
        "on": on,
        "at": at,
        "longest": longest,
        "known_on": known_on,
        "operator_id": operator_id,
        "only": json.dumps(only),
        "coarse_begin": midnight - longest - _SPARE,
        "coarse_end": midnight + _SPARE,
    }
    with translated():
        rows = connection.execute(_SQL["fix_ages"], binds).fetchall()
    if any(is_lost for _, is_lost in rows):
        raise PositionsNotKept(f"positions of {on} are no longer kept")
    return [age for age, _ in rows if age is not None]
