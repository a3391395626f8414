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


class Report(NamedTuple):
    """One observation of one vehicle, as every wire format ends up."""

    vehicle: VehicleId
    observed_at: datetime
    """The bus's clock, UTC-aware: when it was where the fix says, if there is one."""
    fix: Fix | None = None
    equipment: int = 0
    """The flags of each kind, as bits (``models.equipment.Kinds.bits``)."""
    heard: bool = True
    """False where the broker speaks for the vehicle: a last will, a retained message."""
    sent_at: datetime | None = None
    """When the device sent it, by its own clock, where the gateway says so: then the vehicle was
    heard, and the flags are of this moment. None: it was heard at its reception."""
    element: int = 0
    """Which report of its message it is, from 0."""
