"""The inbox: vehicles that publish and are not registered, and how they get into the registry."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from models.errors import Invalid
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.registry.change import Turn, record, take_turn
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


class Dismissed(NamedTuple):
    """A vehicle that was taken out of the inbox without being registered."""

    vehicle: VehicleId
    dismissed_at: datetime
    dismissed_by: str
    reason: str | None
    contact_at: datetime | None
    """When it was last heard."""


class NotInInbox(StorageError, Invalid):
    """Nothing was changed: no such vehicle publishes without being registered."""


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
    whom = _whom(operator_id, vehicle_id)
    with translated(), connection.transaction():
        turn = take_turn(connection, changed_by)
        found = inbox(connection, turn.entered_at, operator_id, vehicle_id)
        if not found:
            out = (
                " (dismissed; see `registry dismiss --undo`)"
                if dismissed(connection, operator_id, vehicle_id)
                else ""
            )
            raise NotInInbox(f"nothing was accepted: no unregistered vehicle matches {whom}{out}")
        change = record(connection, turn, f"inbox, {whom}")
        binds = change._asdict() | {
            "operators": [each.vehicle.operator_id for each in found],
            "vehicles": [each.vehicle.vehicle_id for each in found],
            "since": since,
        }
        rows = connection.execute(_SQL["accept"], binds).fetchall()
    return [Accepted(VehicleId(row[0], row[1]), row[2]) for row in rows]


def dismiss(
    connection: Connection,
    operator_id: str,
    vehicle_id: str | None = None,
    *,
    dismissed_by: str,
    reason: str | None = None,
) -> Sequence[VehicleId]:
    """Take a vehicle, or all of an operator, out of the inbox without registering it.

    It counts as unregistered no more, until the dismissal is taken back.

    Raises:
        NotInInbox: there is nothing to dismiss.
        StorageError: the database failed; nothing was changed.
    """
    with translated(), connection.transaction():
        turn = take_turn(connection, dismissed_by)
        found = [
            each.vehicle for each in inbox(connection, turn.entered_at, operator_id, vehicle_id)
        ]
        if not found:
            whom = _whom(operator_id, vehicle_id)
            raise NotInInbox(f"nothing was dismissed: no unregistered vehicle matches {whom}")
        connection.execute(_SQL["dismiss"], _named(found, turn) | {"reason": reason})
    return found


def dismissed(
    connection: Connection, operator_id: str | None = None, vehicle_id: str | None = None
) -> Sequence[Dismissed]:
    """Return the vehicles that were taken out of the inbox, by operator and vehicle.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {"operator_id": operator_id, "vehicle_id": vehicle_id}
    with translated():
        rows = connection.execute(_SQL["dismissed"], binds).fetchall()
    return [Dismissed(VehicleId(row[0], row[1]), *row[2:]) for row in rows]


def take_back(
    connection: Connection, operator_id: str, vehicle_id: str | None = None, *, taken_by: str
) -> Sequence[VehicleId]:
    """Take dismissals back; return the vehicles that they were of.

    Raises:
        NotInInbox: there are none.
        StorageError: the database failed; nothing was changed.
    """
    with translated(), connection.transaction():
        turn = take_turn(connection, taken_by)
        found = [each.vehicle for each in dismissed(connection, operator_id, vehicle_id)]
        if not found:
            whom = _whom(operator_id, vehicle_id)
            raise NotInInbox(f"nothing was changed: no dismissed vehicle matches {whom}")
        connection.execute(_SQL["end_dismissals"], _named(found, turn))
    return found


def _whom(operator_id: str, vehicle_id: str | None) -> str:
    return operator_id if vehicle_id is None else f"{operator_id}/{vehicle_id}"


def _named(vehicles: Sequence[VehicleId], turn: Turn) -> dict[str, object]:
    return {
        "operators": [each.operator_id for each in vehicles],
        "vehicles": [each.vehicle_id for each in vehicles],
        "moment": turn.entered_at,
        "author": turn.changed_by,
    }
