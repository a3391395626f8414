"""Where the fleet's vehicles are: the newest fix of each, from its state."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from psycopg.rows import class_row

from storage.connection import Connection
from storage.errors import translated

_POSITIONS: Final = """
select fleet.operator_id, fleet.vehicle_id, fleet.plate,
       coalesce(state.route_id, fleet.route_id) as route_id, state.trip_id,
       state.fix_at, state.latitude, state.longitude, state.speed_mps, state.bearing_deg
from fleet_at(%(now)s) as fleet
join vehicle_state as state on state.vehicle_key = fleet.vehicle_key
where state.fix_at >= %(edge)s
order by fleet.operator_id, fleet.vehicle_id
"""


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
        return cursor.execute(_POSITIONS, {"now": now, "edge": now - window}).fetchall()
