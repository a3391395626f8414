"""Unregistered vehicles that look like registered ones: most likely the same bus, misspelt."""

from datetime import datetime
from typing import Final, NamedTuple

from models.lists.characters import skeleton
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("registry")


class LookAlike(NamedTuple):
    """Two names that people take for one; letters, case or leading zeros differ."""

    unregistered: VehicleId
    """Publishes, and is in no registry."""
    registered: VehicleId
    """Is in the fleet."""


def look_alikes(connection: Connection, now: datetime) -> list[LookAlike]:
    """Return the unregistered vehicles that look like one of the fleet, by operator and vehicle.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        rows = connection.execute(_SQL["unregistered_names"], {"now": now}).fetchall()
        if not rows:
            return []
        fleet: dict[tuple[str, str], VehicleId] = {}
        for row in connection.execute(_SQL["fleet_names"], {"now": now}):
            registered = VehicleId(*row)
            fleet.setdefault(_looks(registered), registered)
    unregistered = [VehicleId(*row) for row in rows]
    return [
        LookAlike(each, fleet[looks]) for each in unregistered if (looks := _looks(each)) in fleet
    ]


def _looks(vehicle: VehicleId) -> tuple[str, str]:
    return skeleton(vehicle.operator_id), skeleton(vehicle.vehicle_id)
