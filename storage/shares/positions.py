"""Where a vehicle of the fleet is: its newest fix."""

from datetime import datetime
from typing import NamedTuple


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
