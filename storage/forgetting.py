"""Forgetting a vehicle: its positions, rejected messages and plate go, its days and counts stay.

What a KPI report counts rests on the days, so that no figure of the past changes. Of a day the box
stays in which its positions lay: whether the bus moved is a figure. A moment of the past knows the
vehicle by the minutes of its days from then on.
"""

from typing import Final, NamedTuple

from models.errors import Invalid
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.registry.change import record, take_turn
from storage.sql import queries

_SQL: Final = queries("forget")


class Forgotten(NamedTuple):
    """How much there was."""

    positions: int
    """Rows of what it sent."""
    rejected_messages: int
    plates: int
    """Entries of the fleet list that had one."""
    archived_files: int
    """Files of the archive that may still hold what it sent."""


class NothingKnown(StorageError, Invalid):
    """Nothing was forgotten: nobody has heard of the vehicle."""


def forget(connection: Connection, vehicle: VehicleId, *, changed_by: str) -> Forgotten:
    """Forget a vehicle, in one transaction that is put on record.

    Args:
        connection: in which no transaction runs.
        changed_by: who does it.

    Raises:
        NothingKnown: there is no such vehicle.
        StorageError: the database failed; nothing was forgotten.
    """
    names = vehicle._asdict()
    with translated(), connection.transaction():
        turn = take_turn(connection, changed_by)
        row = connection.execute(_SQL["vehicle_to_forget"], names).fetchone()
        if row is None:
            raise NothingKnown(f"nothing was forgotten: there is no vehicle {vehicle}")
        record(connection, turn, f"forget, {vehicle}")
        key = {"vehicle_key": row[0]}
        # First, for it waits while a day of the archive is put on record or put back: what that put
        # back goes with the rest, and ingest does not wait with it.
        connection.execute(_SQL["forget_archived"], key)
        connection.execute(_SQL["lock_state"], key)
        positions = connection.execute(_SQL["forget_positions"], key).rowcount
        connection.execute(_SQL["forget_recorded_later"], key)
        connection.execute(_SQL["forget_last_position"], key)
        rejected = connection.execute(_SQL["forget_rejected"], names).rowcount
        plates = connection.execute(_SQL["forget_plate"], key).rowcount
        counted = connection.execute(_SQL["archived_before"], key).fetchone()
    return Forgotten(positions, rejected, plates, counted[0] if counted else 0)
