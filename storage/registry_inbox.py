"""The inbox: vehicles that publish and are not registered, and how they get into the registry."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.registry_change import begin_change

_INBOX = """
-- Not in the fleet today, nor on the day it was last heard: a bus that has retired and is silent
-- publishes nothing. The shares count their unregistered vehicles by the same rule.
select vehicle.operator_id, vehicle.vehicle_id, state.first_contact_at, state.contact_at,
       coalesce(day.fixes, 0), state.fix_at, state.latitude, state.longitude
from vehicle_state as state
join vehicle using (vehicle_key)
join operator using (operator_id)
left join lateral (
    select sum(fixes)::bigint as fixes
    from vehicle_day
    where vehicle_day.vehicle_key = state.vehicle_key
) as day on true
where state.contact_at is not null
  and (%(operator_id)s::text is null or vehicle.operator_id = %(operator_id)s::text)
  and (%(vehicle_id)s::text is null or vehicle.vehicle_id = %(vehicle_id)s::text)
  and not exists (
      select from registry_entry as entry
      where entry.vehicle_key = state.vehicle_key and entry.known_to = 'infinity'
        and ((%(now)s::timestamptz at time zone operator.time_zone)::date
                 between entry.in_service_from and entry.in_service_to
             or (state.contact_at at time zone operator.time_zone)::date
                 between entry.in_service_from and entry.in_service_to)
  )
order by vehicle.operator_id, vehicle.vehicle_id
"""

_ACCEPT = """
-- In service on every day from the first one on of which the registry does not speak already,
-- with the attributes that were last known. A bus that comes back begins with the first day on
-- which it was seen again.
with accepted as (
    select vehicle_key, time_zone,
           (first_contact_at at time zone time_zone)::date as first_day,
           (contact_at at time zone time_zone)::date as last_day
    from unnest(%(operators)s::text[], %(vehicles)s::text[]) as named (operator_id, vehicle_id)
    join vehicle using (operator_id, vehicle_id)
    join operator using (operator_id)
    join vehicle_state using (vehicle_key)
), known as (
    select vehicle_key,
           range_agg(daterange(in_service_from, in_service_to, '[]')) as days,
           max(in_service_to) filter (where in_service_to < last_day) as retired_on
    from accepted
    join registry_entry using (vehicle_key)
    where known_to = 'infinity'
    group by vehicle_key
), begun as (
    select vehicle_key, known.days,
           coalesce(%(since)s::date, case
               when known.retired_on is null then first_day
               else coalesce((
                   select min(day) from vehicle_day
                   where vehicle_day.vehicle_key = accepted.vehicle_key
                     and day > known.retired_on
               ), last_day)
           end) as begins
    from accepted
    left join known using (vehicle_key)
), period as (
    select vehicle_key, unnest(
               datemultirange(daterange(begins, 'infinity', '[]'))
               - coalesce(days, '{}'::datemultirange)) as days
    from begun
), opened as (
    insert into registry_entry (vehicle_key, plate, route_id, depot, municipality,
                                in_service_from, in_service_to, cctv, cashless,
                                known_from, change_id)
    select vehicle_key, last.plate, last.route_id, last.depot, last.municipality,
           lower(days), case when upper(days) = 'infinity' then upper(days)
                             else upper(days) - 1 end,
           last.cctv, last.cashless, %(recorded_at)s, %(change_id)s
    from period
    left join lateral (
        select plate, route_id, depot, municipality, cctv, cashless
        from registry_entry as entry
        where entry.vehicle_key = period.vehicle_key and entry.known_to = 'infinity'
        order by entry.in_service_to desc
        limit 1
    ) as last on true
    returning vehicle_key, in_service_from
)
select operator_id, vehicle_id, min(in_service_from)
from opened
join vehicle using (vehicle_key)
group by operator_id, vehicle_id
order by operator_id, vehicle_id
"""


class Stranger(NamedTuple):
    """A vehicle that publishes and is not registered."""

    vehicle: VehicleId
    first_contact_at: datetime
    contact_at: datetime
    fixes: int
    """All that are stored of it."""
    fix_at: datetime | None
    latitude: float | None
    longitude: float | None


class Accepted(NamedTuple):
    """A vehicle that was taken into the registry, with its first day in service."""

    vehicle: VehicleId
    in_service_from: date


class NotInInbox(StorageError):
    """Nothing was accepted: no such vehicle publishes without being registered."""


def inbox(
    connection: Connection,
    now: datetime,
    operator_id: str | None = None,
    vehicle_id: str | None = None,
) -> Sequence[Stranger]:
    """Return the vehicles that publish and are not registered, by operator and vehicle.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {"now": now, "operator_id": operator_id, "vehicle_id": vehicle_id}
    with translated():
        rows = connection.execute(_INBOX, binds).fetchall()
    return [Stranger(VehicleId(row[0], row[1]), *row[2:]) for row in rows]


def accept(
    connection: Connection,
    operator_id: str,
    vehicle_id: str | None = None,
    *,
    changed_by: str,
    since: date | None = None,
    recorded_at: datetime | None = None,
) -> Sequence[Accepted]:
    """Take a vehicle of the inbox, or all of an operator, into the registry.

    Args:
        connection: in which no transaction runs, or one that this becomes part of.
        operator_id: whose.
        vehicle_id: which; None: all that are in the inbox.
        changed_by: who accepts.
        since: the first day in service; None: the local day of its first contact, or of the
            first fix since it was last in service.
        recorded_at: when the registry learns it; None: now.

    Raises:
        NotInInbox: there is nothing to accept.
        RecordedTooEarly: `recorded_at` lies before the registry's newest change.
        StorageError: the database failed; nothing was accepted.
    """
    whom = operator_id if vehicle_id is None else f"{operator_id}/{vehicle_id}"
    with translated(), connection.transaction():
        change = begin_change(
            connection, changed_by=changed_by, source=f"inbox, {whom}", recorded_at=recorded_at
        )
        strangers = inbox(connection, change.recorded_at, operator_id, vehicle_id)
        if not strangers:
            raise NotInInbox(f"nothing was accepted: nothing of {whom} is in the inbox")
        binds = change._asdict() | {
            "operators": [stranger.vehicle.operator_id for stranger in strangers],
            "vehicles": [stranger.vehicle.vehicle_id for stranger in strangers],
            "since": since,
        }
        rows = connection.execute(_ACCEPT, binds).fetchall()
    return [Accepted(VehicleId(row[0], row[1]), row[2]) for row in rows]
