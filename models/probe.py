"""The self-probe's vehicle, which is not a bus, and what it publishes."""

import json
from datetime import datetime
from typing import Final

from models.vehicle import VehicleId

OPERATOR: Final = "fleetgauge"
"""Reserved: no operator has this id, and what is published under it is not of a vehicle."""

VEHICLE: Final = VehicleId(OPERATOR, "probe")
TOPIC: Final = f"fleet/{VEHICLE}/position"


def payload(observed_at: datetime) -> bytes:
    """Return a report without a position: none would be in every service area.

    Args:
        observed_at: UTC-aware; the probe is recognised by it.
    """
    place = {"latitude": None, "longitude": None}
    return json.dumps({"observed_at": observed_at.isoformat(), **place}).encode()
