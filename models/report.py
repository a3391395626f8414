"""One observation of one vehicle: a fix, equipment flags, both, or neither (a contact)."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from models.vehicle import VehicleId


class Outcome(StrEnum):
    """The four ends of a received report; they add up to what was received."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CONTACT = "contact"
    REJECTED = "rejected"


class Equipment(StrEnum):
    """The equipment whose share is reported."""

    CCTV = "cctv"
    CASHLESS = "cashless"


class Presence(StrEnum):
    """What a vehicle's status topic says: its session with the broker, not its position."""

    ONLINE = "online"
    OFFLINE = "offline"


class Fix(NamedTuple):
    """A position, WGS 84 degrees; a measurement that was not given or is implausible is None."""

    latitude: float
    longitude: float
    speed_mps: float | None = None
    bearing_deg: float | None = None
    """Degrees clockwise from true north, 0 <= bearing < 360."""
    hdop: float | None = None
    satellites: int | None = None
    route_id: str | None = None
    trip_id: str | None = None


class Flag(NamedTuple):
    """What one report says of one piece of equipment."""

    fitted: bool
    working: bool | None = None
    """None: the report does not tell."""


class Report(NamedTuple):
    """One observation of one vehicle, as every wire format ends up."""

    vehicle: VehicleId
    observed_at: datetime
    """The bus's clock, UTC-aware."""
    fix: Fix | None = None
    cctv: Flag | None = None
    cashless: Flag | None = None
    presence: Presence | None = None
    heard: bool = True
    """False where the broker speaks for the vehicle: a last will, a retained status."""

    @property
    def is_informative(self) -> bool:
        """Tell whether it holds a position or a flag; else it is a contact and no more."""
        return self.fix is not None or self.cctv is not None or self.cashless is not None
