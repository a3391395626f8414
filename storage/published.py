"""Which vehicles were in the public feeds, minute by minute."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.snapshot import prepare
from storage.sql import queries

_SQL: Final = queries("published")

TIMEOUT: Final = timedelta(seconds=20)
"""What writing may take: the next minute comes."""


def publish(connection: Connection, vehicles: Sequence[VehicleId], at: datetime) -> None:
    """Put on record that vehicles are in the public feeds at a moment, which is now.

    Args:
        connection: in autocommit; its role has to be in fleetgauge_publisher, or own the tables.
        vehicles: by the operators' present ids.
        at: UTC-aware; of a moment that is not now, or of a day that is over, nothing is written.

    Raises:
        StorageError: nothing was recorded.
    """
    binds = {
        "at": at,
        "operators": [vehicle.operator_id for vehicle in vehicles],
        "vehicles": [vehicle.vehicle_id for vehicle in vehicles],
    }
    with translated(), connection.transaction():
        connection.execute(_SQL["may_write"])
        prepare(connection, TIMEOUT)
        connection.execute(_SQL["publish"], binds)


def published_from(
    connection: Connection, zone: str, known_end: datetime | None = None
) -> date | None:
    """Return the first local day of the record; None: there is none.

    Args:
        zone: IANA name, of the local day.
        known_end: as it was known just before this moment; None: as it is known now.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(
            _SQL["published_from"], {"zone": zone, "known_end": known_end}
        ).fetchone()
    return row[0] if row else None
