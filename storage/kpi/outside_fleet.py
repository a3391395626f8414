"""Vehicles that are not in a date's fleet, and what is known of them all the same."""

from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple

from models.kpi import KpiRule
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("kpi")


class OutsideFleet(NamedTuple):
    """A vehicle that is not in a date's fleet."""

    minutes: int
    """Distinct minutes with a fix on the best of the trailing days."""
    last_day: date | None
    """The last local day up to the date of which a position or a flag is recorded."""
    in_service_from: date | None
    """Of the period in service that is next to the date, its first day; None: for ever."""
    in_service_to: date | None
    is_registered: bool
    """Whether there is such a period."""


def outside_fleet(
    connection: Connection,
    vehicles: Collection[VehicleId],
    on: date,
    rule: KpiRule,
    known_on: date | None = None,
) -> dict[VehicleId, OutsideFleet]:
    """Return what is known of vehicles; of those that were never heard of, nothing.

    Args:
        known_on: only what was known at this local day's end; None: all that is known now.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {
        "on": on,
        "known_on": known_on,
        "trailing_days": rule.trailing_days,
        "minimum_live": rule.minimum_live,
        "operators": [vehicle.operator_id for vehicle in vehicles],
        "vehicles": [vehicle.vehicle_id for vehicle in vehicles],
    }
    with translated():
        rows = connection.execute(_SQL["outside_fleet"], binds).fetchall()
    return {VehicleId(*row[:2]): OutsideFleet(*row[2:]) for row in rows}
