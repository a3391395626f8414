"""List what the registry says: of a day, or of all time; as known now, or as known then."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from models.registry import RegistryEntry
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated

_ENTRIES = """
select vehicle.operator_id, vehicle.vehicle_id, plate, route_id, depot, municipality,
       nullif(in_service_from, '-infinity'), nullif(in_service_to, 'infinity'), cctv, cashless
from registry_entry
join vehicle using (vehicle_key)
join operator using (operator_id)
where ((%(known_at)s::timestamptz is null and known_to = 'infinity')
       or (known_from <= %(known_at)s::timestamptz and %(known_at)s::timestamptz < known_to))
  and (%(on)s::date is null or %(on)s::date between in_service_from and in_service_to)
  and (%(at)s::timestamptz is null
       or (%(at)s::timestamptz at time zone time_zone)::date
          between in_service_from and in_service_to)
  and (%(operator_id)s::text is null or vehicle.operator_id = %(operator_id)s::text)
  and (%(vehicle_id)s::text is null or vehicle.vehicle_id = %(vehicle_id)s::text)
  and (%(route_id)s::text is null or route_id = %(route_id)s::text)
  and (%(depot)s::text is null or depot = %(depot)s::text)
  and (%(municipality)s::text is null or municipality = %(municipality)s::text)
order by vehicle.operator_id, vehicle.vehicle_id, in_service_from
"""

_CHANGES = """
with opened as (
    select change_id, count(*) as entries from registry_entry group by change_id
), closed as (
    select superseded_by as change_id, count(*) as entries
    from registry_entry
    where superseded_by is not null
    group by superseded_by
)
select change_id, changed_at, changed_by, source,
       coalesce(opened.entries, 0), coalesce(closed.entries, 0)
from registry_change
left join opened using (change_id)
left join closed using (change_id)
order by change_id desc
limit %(limit)s
"""


class Selection(NamedTuple):
    """Which entries; what is None selects nothing out."""

    operator_id: str | None = None
    vehicle_id: str | None = None
    route_id: str | None = None
    depot: str | None = None
    municipality: str | None = None
    on: date | None = None
    """In service on this day."""
    at: datetime | None = None
    """In service on this moment's day in the operator's time zone."""
    known_at: datetime | None = None
    """As the registry knew them at this moment; None: as it knows them now."""


class RegistryChange(NamedTuple):
    """One change of the registry: who, when, from what, and how much it wrote."""

    change_id: int
    changed_at: datetime
    changed_by: str
    source: str
    opened: int
    """Entries that it made."""
    closed: int
    """Entries that it superseded or ended."""


def registry_entries(
    connection: Connection, selection: Selection | None = None
) -> Sequence[RegistryEntry]:
    """Return entries by operator, vehicle and first day; all that are known now by default.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        rows = connection.execute(_ENTRIES, (selection or Selection())._asdict()).fetchall()
    return [
        RegistryEntry(VehicleId(operator_id, vehicle_id), *rest)
        for operator_id, vehicle_id, *rest in rows
    ]


def registry_changes(connection: Connection, limit: int) -> Sequence[RegistryChange]:
    """Return the newest changes, newest first.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        rows = connection.execute(_CHANGES, {"limit": limit}).fetchall()
    return [RegistryChange(*row) for row in rows]
