"""Whether what figures of a past moment rest on is still there."""

from datetime import datetime, timedelta
from typing import Final

from storage.connection import Connection
from storage.errors import translated
from storage.kpi.fix_ages import PositionsNotKept
from storage.sql import queries

_SQL: Final = queries("shares")

_LOCAL_DAY: Final = timedelta(hours=26)
"""A day has 25 hours once a year; and an hour to spare."""


def check_kept(connection: Connection, at: datetime, within: timedelta) -> None:
    """Pass if the reports of a past moment, and of its local day until then, are still kept.

    What `fleetgauge maintain` has thrown away is on record. Of what somebody dropped by hand the
    days tell, which are counted for ever.

    Args:
        within: how long before the moment a vehicle may have been seen or heard.

    Raises:
        PositionsNotKept: some are gone, and figures of that moment would be wrong.
        StorageError: the database cannot be asked.
    """
    binds = {"at": at, "within": within, "coarse": within + _LOCAL_DAY}
    with translated():
        horizon = connection.execute(_SQL["beyond_horizon"], binds).fetchone()
        if horizon is not None:
            raise PositionsNotKept(
                f"positions of {at.isoformat()} are no longer kept, only those from "
                f"{horizon[0].isoformat()} on"
            )
        row = connection.execute(_SQL["not_kept"], binds).fetchone()
    if row is not None and row[0] is not None:
        raise PositionsNotKept(f"positions of {at.isoformat()} are no longer kept")
