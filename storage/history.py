"""What is kept of a staged batch for ever: fixes, flags, the day's minutes, contacts, rejections."""

from datetime import datetime

from storage.connection import Connection

_KEEP = """
-- One row a fix and one a flag, the first of each vehicle and instant (of flags that contradict
-- each other in one batch, the "no"); a report is stored if any of its parts was new. The day's
-- row takes what was new, so that a redelivered batch adds nothing to it.
with candidate_fix as materialized (
    select distinct on (vehicle_key, observed_at) ctid as row, *
    from staged
    where latitude is not null
    order by vehicle_key, observed_at, ctid
), kept_fix as (
    insert into fix (vehicle_key, observed_at, received_at, latitude, longitude, speed_mps,
                     bearing_deg, hdop, satellites, route_id, trip_id, recorded_at)
    select vehicle_key, observed_at, received_at, latitude, longitude, speed_mps,
           bearing_deg, hdop, satellites, route_id, trip_id, %(recorded_at)s::timestamptz
    from candidate_fix
    on conflict do nothing
    returning vehicle_key, observed_at, received_at
), candidate_flag as materialized (
    select distinct on (vehicle_key, equipment, observed_at) *
    from (
        select ctid as row, vehicle_key, 'cctv' as equipment, observed_at, received_at,
               cctv_fitted as fitted, cctv_working as working
        from staged
        where cctv_fitted is not null
        union all
        select ctid, vehicle_key, 'cashless', observed_at, received_at,
               cashless_fitted, cashless_working
        from staged
        where cashless_fitted is not null
    ) as flag
    order by vehicle_key, equipment, observed_at, fitted, working, row
), kept_flag as (
    insert into equipment_report (vehicle_key, equipment, observed_at, received_at,
                                  fitted, working, recorded_at)
    select vehicle_key, equipment, observed_at, received_at, fitted, working,
           %(recorded_at)s::timestamptz
    from candidate_flag
    on conflict do nothing
    returning vehicle_key, equipment, observed_at
), local_fix as (
    select kept_fix.vehicle_key, observed_at, operator.time_zone,
           date_trunc('day', observed_at at time zone operator.time_zone) as local_midnight,
           (coalesce(%(recorded_at)s::timestamptz, received_at)
               at time zone operator.time_zone)::date as recorded_on
    from kept_fix
    join vehicle using (vehicle_key)
    join operator using (operator_id)
), days as (
    insert into vehicle_day as known (vehicle_key, day, recorded_on, minutes, fixes,
                                      first_fix_at, last_fix_at)
    select vehicle_key, local_midnight::date, recorded_on,
           bit_or(set_bit(0::bit(1500), floor(extract(epoch from
               observed_at - (local_midnight at time zone time_zone)) / 60)::int4, 1)),
           count(*), min(observed_at), max(observed_at)
    from local_fix
    group by vehicle_key, local_midnight, recorded_on
    order by vehicle_key, local_midnight, recorded_on
    on conflict (vehicle_key, day, recorded_on) do update
    set minutes = known.minutes | excluded.minutes,
        fixes = known.fixes + excluded.fixes,
        first_fix_at = least(known.first_fix_at, excluded.first_fix_at),
        last_fix_at = greatest(known.last_fix_at, excluded.last_fix_at)
)
select count(*)
from (
    select row from candidate_fix join kept_fix using (vehicle_key, observed_at)
    union
    select row from candidate_flag join kept_flag using (vehicle_key, equipment, observed_at)
) as stored
"""

_KEEP_CONTACTS = """
insert into contact (vehicle_key, observed_at, received_at)
select vehicle_key, observed_at, min(received_at)
from staged
where rejected_reason is null
  and latitude is null and cctv_fitted is null and cashless_fitted is null
group by vehicle_key, observed_at
order by vehicle_key, observed_at
on conflict do nothing
"""

_KEEP_REFUSALS = """
insert into rejection (vehicle_key, rejected_at, reason)
select distinct on (vehicle_key, observed_at) vehicle_key, observed_at, rejected_reason
from staged
where rejected_reason is not null
order by vehicle_key, observed_at, ctid
on conflict do nothing
"""


def keep(connection: Connection, recorded_at: datetime | None = None) -> int:
    """Move the staged reports into the history; return how many of them were new there.

    Args:
        recorded_at: when they were recorded; None: when they were received. A replay says
            now, so that what was known on a past date stays what was known.
    """
    row = connection.execute(_KEEP, {"recorded_at": recorded_at}).fetchone()
    if row is None:
        raise RuntimeError("count(*) without a row")
    return int(row[0])


def keep_contacts(connection: Connection) -> None:
    """Keep that the staged reports without position or flag were heard."""
    connection.execute(_KEEP_CONTACTS)


def keep_rejections(connection: Connection) -> None:
    """Keep when the staged vehicles' messages were rejected, and why."""
    connection.execute(_KEEP_REFUSALS)
