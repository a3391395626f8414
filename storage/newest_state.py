"""What a staged batch tells of each vehicle's newest state."""

from collections.abc import Iterable

from storage.batch import ReceivedReport
from storage.connection import Connection
from storage.newest_equipment import advance_equipment
from storage.vehicle_keys import VehicleKeys

_NEWEST_STATE = """
-- Late reports change nothing: each part moves on only where the batch holds a newer one.
with contact as (
    select vehicle_key, max(observed_at) filter (where rejected_reason is null) as contact_at,
           min(observed_at) filter (where rejected_reason is null) as first_contact_at,
           max(observed_at) filter (where rejected_reason is not null) as rejected_at,
           min(observed_at) filter (where rejected_reason is not null) as first_rejected_at
    from staged
    group by vehicle_key
), newest_fix as (
    select distinct on (vehicle_key) *
    from staged
    where latitude is not null
    order by vehicle_key, observed_at desc, ctid
), newest_rejection as (
    select distinct on (vehicle_key) vehicle_key, rejected_reason
    from staged
    where rejected_reason is not null
    order by vehicle_key, observed_at desc, ctid
)
insert into vehicle_state as known (vehicle_key, first_contact_at, contact_at,
    fix_at, latitude, longitude, speed_mps, bearing_deg, hdop, satellites, route_id, trip_id,
    first_rejected_at, rejected_at, rejected_reason)
select vehicle_key, first_contact_at, contact_at,
       newest_fix.observed_at, latitude, longitude,
       speed_mps, bearing_deg, hdop, satellites, route_id, trip_id,
       first_rejected_at, rejected_at, newest_rejection.rejected_reason
from contact
left join newest_fix using (vehicle_key)
left join newest_rejection using (vehicle_key)
order by vehicle_key
on conflict (vehicle_key) do update
set first_contact_at = least(known.first_contact_at, excluded.first_contact_at),
    contact_at = greatest(known.contact_at, excluded.contact_at),
    first_rejected_at = least(known.first_rejected_at, excluded.first_rejected_at),
    rejected_at = greatest(known.rejected_at, excluded.rejected_at),
    rejected_reason = case when excluded.rejected_at > coalesce(known.rejected_at, '-infinity')
        then excluded.rejected_reason else known.rejected_reason end,
    fix_at = greatest(known.fix_at, excluded.fix_at),
    latitude = case when excluded.fix_at > coalesce(known.fix_at, '-infinity')
        then excluded.latitude else known.latitude end,
    longitude = case when excluded.fix_at > coalesce(known.fix_at, '-infinity')
        then excluded.longitude else known.longitude end,
    speed_mps = case when excluded.fix_at > coalesce(known.fix_at, '-infinity')
        then excluded.speed_mps else known.speed_mps end,
    bearing_deg = case when excluded.fix_at > coalesce(known.fix_at, '-infinity')
        then excluded.bearing_deg else known.bearing_deg end,
    hdop = case when excluded.fix_at > coalesce(known.fix_at, '-infinity')
        then excluded.hdop else known.hdop end,
    satellites = case when excluded.fix_at > coalesce(known.fix_at, '-infinity')
        then excluded.satellites else known.satellites end,
    route_id = case when excluded.fix_at > coalesce(known.fix_at, '-infinity')
        then excluded.route_id else known.route_id end,
    trip_id = case when excluded.fix_at > coalesce(known.fix_at, '-infinity')
        then excluded.trip_id else known.trip_id end
"""

_PRESENCE = """
insert into vehicle_state as known (vehicle_key, presence, presence_at)
select vehicle_key, presence, presence_at
from unnest(%(keys)s::integer[], %(presences)s::text[], %(moments)s::timestamptz[])
    as said (vehicle_key, presence, presence_at)
order by vehicle_key
on conflict (vehicle_key) do update
set presence = excluded.presence, presence_at = excluded.presence_at
where known.presence is distinct from excluded.presence
  and excluded.presence_at >= coalesce(known.presence_at, '-infinity')
"""


def advance(connection: Connection, *, with_flags: bool) -> None:
    """Let the staged reports move their vehicles' states on; a late report changes nothing."""
    connection.execute(_NEWEST_STATE)
    if with_flags:
        advance_equipment(connection)


def advance_presence(
    connection: Connection, reports: Iterable[ReceivedReport], keys: VehicleKeys
) -> None:
    """Note what the status topics said; the last word about a vehicle counts."""
    said = {keys[report.vehicle]: report for report, _ in reports if report.presence is not None}
    if said:
        connection.execute(
            _PRESENCE,
            {
                "keys": list(said),
                "presences": [str(report.presence) for report in said.values()],
                "moments": [report.observed_at for report in said.values()],
            },
        )
