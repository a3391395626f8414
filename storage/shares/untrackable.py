"""The vehicles of a fleet that are not trackable, each with its one reason."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from models.indicator import UntrackableReason
from models.rejection import RejectReason
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.shares.shares import Asked
from storage.sql import queries

_SQL: Final = queries("shares")


class Untrackable(NamedTuple):
    """A vehicle of the fleet that is not trackable."""

    vehicle: VehicleId
    reason: UntrackableReason
    since: datetime | None
    """When its newest fix grew older than the window; None: it never had one."""
    contact_at: datetime | None
    """When it was heard last."""
    fix_at: datetime | None
    """When its newest fix was observed."""
    rejected_at: datetime | None
    """When its newest rejected report was received."""
    rejected_reason: RejectReason | None
    plate: str | None
    attributes: Mapping[str, str]
    """What the registry says of it, by name."""


def untrackable(connection: Connection, asked: Asked, window: timedelta) -> list[Untrackable]:
    """List the vehicles that are not trackable at a moment, by operator and vehicle.

    Raises:
        PositionsNotKept: the reports of a past moment have been thrown away.
        StorageError: the database cannot be asked.
    """
    asked.check_kept(connection, window)
    parameters = asked._asdict() | {"within": window}
    with translated():
        return [_vehicle(*row) for row in connection.execute(_SQL["untrackable"], parameters)]


def _vehicle(
    operator_id: str, vehicle_id: str, reason: str,
    since: datetime | None, contact_at: datetime | None, fix_at: datetime | None,
    rejected_at: datetime | None, rejected_reason: str | None,
    plate: str | None, attributes: Mapping[str, str],
) -> Untrackable:  # fmt: skip
    return Untrackable(
        VehicleId(operator_id, vehicle_id),
        UntrackableReason(reason),
        since,
        contact_at,
        fix_at,
        rejected_at,
        RejectReason(rejected_reason) if rejected_reason else None,
        plate,
        attributes,
    )
