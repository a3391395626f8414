"""The vehicles of a fleet that are not trackable, each with its one reason."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from psycopg import sql
from psycopg.rows import class_row

from models.indicator import UntrackableReason
from models.rejection import RejectReason
from models.vehicle import VehicleId
from storage import state
from storage.connection import Connection
from storage.errors import translated
from storage.past_state import THEN

_LIST: Final = sql.SQL("""
select fleet.operator_id, fleet.vehicle_id, judged.reason,
       state.fix_at + %(window)s as since,
       state.contact_at, state.fix_at, state.rejected_at, state.rejected_reason,
       fleet.plate, fleet.route_id, fleet.depot, fleet.municipality
from fleet_at(%(at)s) as fleet
left join {state} as state on state.vehicle_key = fleet.vehicle_key
cross join lateral (select {reason} as reason) as judged
where judged.reason is not null
order by fleet.operator_id, fleet.vehicle_id
""")


class Untrackable(NamedTuple):
    """A vehicle of the fleet that is not trackable."""

    vehicle: VehicleId
    reason: UntrackableReason
    since: datetime | None
    """When its newest fix grew older than the window; None: it never had one."""
    contact_at: datetime | None
    """Its newest contact."""
    fix_at: datetime | None
    """Its newest fix."""
    rejected_at: datetime | None
    """When its newest rejected report was received."""
    rejected_reason: RejectReason | None
    plate: str | None
    route_id: str | None
    depot: str | None
    municipality: str | None


def untrackable_now(connection: Connection, now: datetime, window: timedelta) -> list[Untrackable]:
    """List the vehicles that are not trackable now, by operator and vehicle.

    Raises:
        StorageError: the database cannot be asked.
    """
    return _listed(connection, state.NOW, now, window)


def untrackable_at(
    connection: Connection, moment: datetime, window: timedelta
) -> list[Untrackable]:
    """List the vehicles that were not trackable at a past moment, by operator and vehicle.

    Raises:
        StorageError: the database cannot be asked.
    """
    return _listed(connection, THEN, moment, window)


def _listed(
    connection: Connection, states: sql.Composed, at: datetime, window: timedelta
) -> list[Untrackable]:
    query = _LIST.format(state=states, reason=state.reason(_word))
    binds = state.binds(at, window) | {"window": window}
    with translated():
        cursor = connection.cursor(row_factory=class_row(_Row)).execute(query, binds)
        return [row.untrackable() for row in cursor]


def _word(reason: UntrackableReason | None) -> str | None:
    return reason and reason.value


class _Row(NamedTuple):
    operator_id: str
    vehicle_id: str
    reason: str
    since: datetime | None
    contact_at: datetime | None
    fix_at: datetime | None
    rejected_at: datetime | None
    rejected_reason: str | None
    plate: str | None
    route_id: str | None
    depot: str | None
    municipality: str | None

    def untrackable(self) -> Untrackable:
        rejected_reason = RejectReason(self.rejected_reason) if self.rejected_reason else None
        return Untrackable(
            VehicleId(self.operator_id, self.vehicle_id),
            UntrackableReason(self.reason),
            *self[3:7],
            rejected_reason,
            *self[8:],
        )
