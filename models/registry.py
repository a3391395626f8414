"""One line of the fleet list: a vehicle that should be there, and what is known of it."""

from datetime import date
from typing import NamedTuple

from models.vehicle import VehicleId


class RegistryEntry(NamedTuple):
    """A vehicle of the registry during one period of its service."""

    vehicle: VehicleId
    plate: str | None = None
    route_id: str | None = None
    depot: str | None = None
    municipality: str | None = None
    in_service_from: date | None = None
    """First day in service, in the operator's time zone; None: since ever."""
    in_service_to: date | None = None
    """Last day in service, that day included; None: until further notice."""
    cctv: bool | None = None
    """Declared equipment; None: nothing declared."""
    cashless: bool | None = None


COLUMNS = (
    "operator_id",
    "vehicle_id",
    "plate",
    "route_id",
    "depot",
    "municipality",
    "in_service_from",
    "in_service_to",
    "cctv",
    "cashless",
)
"""The columns of a registry file, in the order in which they are exported."""
