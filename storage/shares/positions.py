"""Where the fleet's vehicles are: the newest fix of each, from its state."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from psycopg.rows import class_row

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("shares")


class VehiclePosition(NamedTuple):
    """The newest fix of a vehicle of the fleet."""

    operator_id: str
    vehicle_id: str
    plate: str | None
    route_id: str | None
    """From the fix, else from the registry."""
    trip_id: str | None
    fix_at: datetime
    """When it was observed, UTC-aware."""
    latitude: float
    longitude: float
    speed_mps: float | None
    bearing_deg: float | None
    """Degrees clockwise from true north."""


def positions_now(
    connection: Connection, now: datetime, window: timedelta
) -> list[VehiclePosition]:
    """List the vehicles that are trackable now, by operator and vehicle.

    Vehicles that are not in the registry are nobody's to announce, and are left out.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated(), connection.cursor(row_factory=class_row(VehiclePosition)) as cursor:
        return cursor.execute(_SQL["positions"], {"at": now, "within": window}).fetchall()
