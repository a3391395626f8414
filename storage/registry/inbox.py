"""The inbox: vehicles that publish and are not registered, and how they get into the registry."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from models.errors import Invalid
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.registry.change import record, take_turn
from storage.sql import queries

_SQL: Final = queries("registry")


class UnregisteredVehicle(NamedTuple):
    """A vehicle that publishes and is not registered."""

    vehicle: VehicleId
    first_contact_at: datetime
    contact_at: datetime
    fix_minutes: int
    """Distinct minutes with a fix, of all that is stored of it."""
    fix_at: datetime | None
    latitude: float | None
    longitude: float | None


class Accepted(NamedTuple):
    """A vehicle that was taken into the registry, with its first day in service."""

    vehicle: VehicleId
    in_service_from: date


class NotInInbox(StorageError, Invalid):
    """Nothing was accepted: no such vehicle publishes without being registered."""


def inbox(
    connection: Connection,
    now: datetime,
    operator_id: str | None = None,
    vehicle_id: str | None = None,
) -> Sequence[UnregisteredVehicle]:
    """Return the vehicles that publish and are not registered, by operator and vehicle.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {"now": now, "operator_id": operator_id, "vehicle_id": vehicle_id}
    with translated():
        rows = connection.execute(_SQL["inbox"], binds).fetchall()
    return [UnregisteredVehicle(VehicleId(row[0], row[1]), *row[2:]) for row in rows]


def accept(
    connection: Connection,
    operator_id: str,
    vehicle_id: str | None = None,
    *,
    changed_by: str,
    since: date | None = None,
) -> Sequence[Accepted]:
    """Take a vehicle of the inbox, or all of an operator, into the registry.

    Args:
        connection: in which no transaction runs, or one that this becomes part of.
        operator_id: whose.
        vehicle_id: which; None: all that are in the inbox.
        changed_by: who accepts.
        since: the first day in service; None: the local day of its first contact, or of the
            first fix since it was last in service.

    Raises:
        NotInInbox: there is nothing to accept.
        StorageError: the database failed; nothing was accepted.
    """
    whom = operator_id if vehicle_id is None else f"{operator_id}/{vehicle_id}"
    with translated(), connection.transaction():
        turn = take_turn(connection, changed_by)
        found = inbox(connection, turn.entered_at, operator_id, vehicle_id)
        if not found:
            raise NotInInbox(f"nothing was accepted: no unregistered vehicle matches {whom}")
        change = record(connection, turn, f"inbox, {whom}")
        binds = change._asdict() | {
            "operators": [each.vehicle.operator_id for each in found],
            "vehicles": [each.vehicle.vehicle_id for each in found],
            "since": since,
        }
        rows = connection.execute(_SQL["accept"], binds).fetchall()
    return [Accepted(VehicleId(row[0], row[1]), row[2]) for row in rows]
