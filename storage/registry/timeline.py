"""What becomes of the vehicles of a staged list, and how that is written."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from models.vehicle import VehicleId
from storage.connection import Connection
from storage.registry.change import Change
from storage.sql import queries

_SQL: Final = queries("registry")


class Loss(NamedTuple):
    """How many vehicles of an operator's fleet lose days in service that are not planned ones."""

    operator_id: str
    lost: int
    fleet: int


class Counts(NamedTuple):
    """What becomes of the vehicles of the list and of the fleet."""

    added: int
    changed: int
    ended: int
    unchanged: int
    retroactive: int
    left_alone: int
    without_start: int


def apply(connection: Connection, change: Change) -> None:
    """Close the entries that are no longer so, and open those that are so now."""
    for name in ("close_entries", "open_entries"):
        connection.execute(_SQL[name], change._asdict())


def touches_past(connection: Connection) -> bool:
    """Tell whether any day that is over changes."""
    row = connection.execute(_SQL["touches_past"]).fetchone()
    return bool(row and row[0])


def losses(connection: Connection) -> list[Loss]:
    """Return what each operator's fleet would lose."""
    return [Loss(*row) for row in connection.execute(_SQL["losses"])]


def counts(connection: Connection) -> Counts:
    """Count the vehicles by what becomes of them."""
    return Counts(*connection.execute(_SQL["counts"]).fetchone() or (0,) * len(Counts._fields))


def ended(connection: Connection) -> Sequence[VehicleId]:
    """Return the vehicles that leave the fleet."""
    return [VehicleId(*row) for row in connection.execute(_SQL["ended"])]


def effective_days(connection: Connection) -> Sequence[tuple[str, date]]:
    """Return each operator with the day from which the list holds."""
    return [(operator_id, day) for operator_id, day in connection.execute(_SQL["effective_days"])]
