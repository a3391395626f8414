-- The KPI of a date and what it stands on. What counts is defined in sql/repeatable/50_kpi.sql.

-- name: kpi_vehicles
-- A date's fleet, vehicle by vehicle, in an order that no database's collation moves. As known on a
-- day, operators are called as they were then: what was published is not altered by a rename.
with named as materialized (
    select operator_id,
           operator_then(operator_id,
                         day_begins(%(known_on)s::date + 1, zone_on(operator_id, %(known_on)s::date)))
               as name
    from operator
)
select named.name, vehicle.vehicle_id, kpi.plate, kpi.attributes::text,
       kpi.declared, kpi.observed, kpi.equipped,
       kpi.trackable, kpi.trackable_on_route, kpi.only_late, kpi.motionless,
       kpi.minutes, kpi.best_day, kpi.live_minutes, kpi.route_minutes, kpi.moved_m,
       missing.reason, missing.last_day, kpi.openly_published, kpi.published_minutes
from kpi_vehicles(
    %(on)s::date, %(trailing_days)s::integer, %(minimum_minutes)s::integer,
    %(minimum_live)s::integer, %(known_on)s::date, %(minimum_published)s::integer
) as kpi
join vehicle using (vehicle_key)
join named on named.operator_id = kpi.operator_id
left join lateral why_not_tracked(
    kpi.vehicle_key, %(on)s::date, %(trailing_days)s::integer, %(minimum_minutes)s::integer,
    %(known_on)s::date
) as missing on not kpi.trackable
order by named.name collate "C", vehicle.vehicle_id collate "C"

-- name: kpi_series
-- How many vehicles of each of several dates' fleets are alike, by group where one is asked for;
-- each date by its own rule. Operators are called as in kpi_vehicles.
with named as materialized (
    select operator_id,
           operator_then(operator_id,
                         day_begins(%(known_on)s::date + 1, zone_on(operator_id, %(known_on)s::date)))
               as name
    from operator
)
select asked.day,
       case when %(by)s::text is not null
            then group_of(%(by)s::text, named.name, kpi.attributes, null) end as name,
       kpi.trackable, kpi.trackable_on_route, kpi.equipped, kpi.openly_published, count(*)
from unnest(%(days)s::date[], %(trailing_days)s::integer[], %(minimum_minutes)s::integer[],
            %(minimum_live)s::integer[], %(minimum_published)s::integer[])
    as asked (day, trailing_days, minimum_minutes, minimum_live, minimum_published)
cross join lateral kpi_vehicles(
    asked.day, asked.trailing_days, asked.minimum_minutes, asked.minimum_live,
    %(known_on)s::date, asked.minimum_published
) as kpi
join named on named.operator_id = kpi.operator_id
where (%(operator_id)s::text is null or named.name = %(operator_id)s::text)
  and is_limited_to(kpi.attributes, %(only)s::jsonb)
group by 1, 2, 3, 4, 5, 6

-- name: outside_fleet
-- What is known of vehicles that are not in a date's fleet: their best day and the last, until the
-- date, and when the registry has or had them in service.
select vehicle.operator_id, vehicle.vehicle_id, coalesce(best.minutes, 0), last.day,
       nullif(service.in_service_from, '-infinity'), nullif(service.in_service_to, 'infinity'),
       service.vehicle_key is not null
from unnest(%(operators)s::text[], %(vehicles)s::text[]) as asked (operator_id, vehicle_id)
join vehicle using (operator_id, vehicle_id)
cross join lateral (
    select day_begins(%(known_on)s::date + 1,
                      zone_on(vehicle.operator_id, %(known_on)s::date)) as known_end
) as local
left join best_days(
    %(on)s::date - %(trailing_days)s::integer + 1, %(on)s::date, %(minimum_live)s::integer,
    %(known_on)s::date
) as best on best.vehicle_key = vehicle.vehicle_key
left join lateral (
    select said.day
    from vehicle_day as said
    where said.vehicle_key = vehicle.vehicle_key and said.day <= %(on)s::date
      and (%(known_on)s::date is null or said.recorded_on <= %(known_on)s::date)
    order by said.day desc limit 1
) as last on true
left join lateral (
    select entry.vehicle_key, entry.in_service_from, entry.in_service_to
    from registry_entry as entry
    where entry.vehicle_key = vehicle.vehicle_key
      and ((%(known_on)s::date is null and entry.known_to = 'infinity')
           or (entry.known_from < local.known_end and entry.known_to >= local.known_end))
    order by entry.in_service_to < %(on)s::date desc, entry.in_service_to desc limit 1
) as service on true

-- name: stored_days
-- The first and the last local day of which anything is known.
select min(local_day(
           least(state.first_contact_at, state.first_observed_at, state.first_rejected_at),
           operator.time_zone
       )),
       max(local_day(greatest(state.contact_at, state.rejected_at), operator.time_zone))
from vehicle_state as state
join vehicle using (vehicle_key)
join operator using (operator_id)

-- name: first_day_known_on
-- The first day of which anything had been recorded by a local day's end.
select day from vehicle_day where recorded_on <= %(known_on)s::date order by day limit 1

-- name: operator_time_zones
-- Every operator's time zone, as it was known when a local day ended; by the id that the operator
-- had when the local day known_on ended, or has now.
select known.name, known.zone
from operator
cross join lateral (
    select operator_then(operator_id,
                         day_begins(%(known_on)s::date + 1, zone_on(operator_id, %(known_on)s::date))),
           zone_on(operator_id, %(on)s::date)
) as known (name, zone)
order by known.name collate "C"

-- name: fix_ages
-- How old the newest fix was of each vehicle of a date's fleet at a local time of that date, and
-- whether it is no longer kept: the day counts a later minute with a fix, of which there is none.
-- The coarse bounds are there for the planner: all but four days are left out by them.
-- Of the moment's own minute the day does not tell whether a fix was before it: then any row will do.
select local.moment - newest.observed_at,
       (counted.minute >= local.moment - %(longest)s::interval) is true and not exists (
           select from report as fix
           where fix.vehicle_key = fleet.vehicle_key and fix.latitude is not null
             and fix.observed_at between %(coarse_begin)s::timestamptz and %(coarse_end)s::timestamptz
             and fix.observed_at between counted.minute and local.moment
       )
       or own_minute.begins is not null and not exists (
           select from report as fix
           where fix.vehicle_key = fleet.vehicle_key and fix.latitude is not null
             and fix.observed_at between %(coarse_begin)s::timestamptz and %(coarse_end)s::timestamptz
             and fix.observed_at >= own_minute.begins
             and fix.observed_at < own_minute.begins + interval '1 minute'
       )
from fleet_on(%(on)s::date, %(known_on)s::date) as fleet
cross join lateral (
    select (%(on)s::date + %(at)s::time) at time zone fleet.time_zone as moment
) as local
left join lateral (
    select fix.observed_at
    from report as fix
    left join recorded_later as later
        on later.vehicle_key = fix.vehicle_key and later.observed_at = fix.observed_at
        and %(known_on)s::date is not null
    where fix.vehicle_key = fleet.vehicle_key and fix.latitude is not null
      and fix.observed_at between %(coarse_begin)s::timestamptz and %(coarse_end)s::timestamptz
      and fix.observed_at between local.moment - %(longest)s::interval and local.moment
      and (
          %(known_on)s::date is null
          or coalesce(later.recorded_at, fix.received_at) < fleet.known_end
      )
    order by fix.observed_at desc limit 1
) as newest on true
left join lateral (
    select max(newest_seen(
               minutes_begin(fleet.operator_id, said.day, local.moment), said.minutes,
               local.moment - interval '1 minute'
           )) as minute
    from vehicle_day as said
    where said.vehicle_key = fleet.vehicle_key
      and said.day between (%(coarse_begin)s::timestamptz)::date
          and (%(coarse_end)s::timestamptz)::date
      and (%(known_on)s::date is null or said.recorded_on <= %(known_on)s::date)
      and (newest.observed_at is null
           or newest.observed_at < local.moment - interval '2 minutes')
) as counted on true
left join lateral (
    select day.begins + interval '1 minute' * day.bit as begins
    from vehicle_day as said
    cross join lateral (
        select midnight.at as begins,
               least(minutes_between(midnight.at, local.moment), 1623) as bit
        from (select minutes_begin(fleet.operator_id, said.day, local.moment) as at) as midnight
    ) as day
    where said.vehicle_key = fleet.vehicle_key and said.day = %(on)s::date and day.bit >= 0
      and (%(known_on)s::date is null or said.recorded_on <= %(known_on)s::date)
      and get_bit(said.minutes, day.bit) = 1
      and (newest.observed_at is null
           or newest.observed_at < day.begins + interval '1 minute' * day.bit)
    limit 1
) as own_minute on true
where (%(operator_id)s::text is null or fleet.operator_id = operator_now(%(operator_id)s::text))
  and is_limited_to(fleet.attributes, %(only)s::jsonb)

-- name: registry_corrections
-- The changes of the registry entered after a local day by which its fleet is another, or a vehicle
-- of it is described otherwise, and how many vehicles each touched.
with local as materialized (
    select operator_id, day_begins(%(on)s::date + 1, zone_on(operator_id, %(on)s::date)) as day_end,
           coalesce(day_begins(%(known_on)s::date + 1, zone_on(operator_id, %(known_on)s::date)),
                    'infinity') as known_end
    from operator
    where %(operator_id)s::text is null or operator_id = operator_now(%(operator_id)s::text)
), opened as (
    select entry.change_id, entry.vehicle_key, entry.plate, entry.equipment, entry.attributes
    from registry_entry as entry
    join local using (operator_id)
    where %(on)s::date between entry.in_service_from and entry.in_service_to
      and entry.known_from >= local.day_end and entry.known_from < local.known_end
), closed as (
    select entry.superseded_by as change_id, entry.vehicle_key, entry.plate, entry.equipment,
           entry.attributes
    from registry_entry as entry
    join local using (operator_id)
    where %(on)s::date between entry.in_service_from and entry.in_service_to
      and entry.superseded_by is not null
      and entry.known_to >= local.day_end and entry.known_to < local.known_end
), touched as (
    select change_id, vehicle_key
    from opened
    full join closed using (change_id, vehicle_key)
    where (opened.plate, opened.equipment, opened.attributes)
          is distinct from (closed.plate, closed.equipment, closed.attributes)
      and (opened.attributes is not null and is_limited_to(opened.attributes, %(only)s::jsonb)
           or closed.attributes is not null and is_limited_to(closed.attributes, %(only)s::jsonb))
)
select change.entered_at, change.changed_by, change.source, change.claimed_at, count(*)
from touched
join registry_change as change using (change_id)
group by change.change_id
order by change.entered_at, change.change_id

-- name: recorded_later
-- The indicators that vehicles of a local day's fleet count for, or do not, only by what was recorded
-- after that day: how many, and the last day on which something of them was.
with late as materialized (
    select vehicle_key, max(recorded_on) as last_on
    from vehicle_day
    where day <= %(on)s::date and recorded_on > %(on)s::date and recorded_on <> day
      and (%(known_on)s::date is null or recorded_on <= %(known_on)s::date)
    group by vehicle_key
), differing as materialized (
    select late.last_on, after.trackable <> before.trackable as trackable,
           after.trackable_on_route <> before.trackable_on_route as trackable_on_route,
           after.equipped # before.equipped as equipped
    from late
    join kpi_vehicles(
        %(on)s::date, %(trailing_days)s::integer, %(minimum_minutes)s::integer,
        %(minimum_live)s::integer, %(known_on)s::date
    ) as after using (vehicle_key)
    join kpi_vehicles(
        %(on)s::date, %(trailing_days)s::integer, %(minimum_minutes)s::integer,
        %(minimum_live)s::integer, %(known_on)s::date, recorded_until => %(on)s::date
    ) as before using (vehicle_key)
    where is_limited_to(after.attributes, %(only)s::jsonb)
      and (%(operator_id)s::text is null
           or after.operator_id = operator_now(%(operator_id)s::text))
)
select found.indicator, count(*), max(found.last_on)
from (
    select -2 as place, 'trackable' as indicator, last_on from differing where trackable
    union all
    select -1, 'trackable_on_route', last_on from differing where trackable_on_route
    union all
    select kind.number, kind.name, last_on
    from differing
    join kinds_on(%(known_on)s::date) as kind on equipped >> 4 * kind.number & 1 = 1
) as found
group by found.place, found.indicator
order by found.place

-- name: target_corrections
-- The changes of a local day's targets that were entered after it.
with own as (
    select target.*, operator_then(operator_id, %(known_end)s::timestamptz) as name
    from target
    where %(on)s::date between period_from and period_to
      and (%(operator_id)s::text is null or operator_id = operator_now(%(operator_id)s::text))
), opened as (
    select known_from as moment, indicator, coalesce(name, '') as operator_id,
           coalesce(municipality, '') as municipality,
           coalesce(vehicle_type, '') as vehicle_type,
           coalesce(service_kind, '') as service_kind, ratio, set_by, source, claimed_at
    from own
    where known_from >= %(day_end)s::timestamptz
      and (%(known_end)s::timestamptz is null or known_from < %(known_end)s::timestamptz)
), closed as (
    select known_to as moment, indicator, coalesce(name, '') as operator_id,
           coalesce(municipality, '') as municipality,
           coalesce(vehicle_type, '') as vehicle_type,
           coalesce(service_kind, '') as service_kind, ratio, ended_by
    from own
    where known_to >= %(day_end)s::timestamptz and known_to < 'infinity'
      and (%(known_end)s::timestamptz is null or known_to < %(known_end)s::timestamptz)
)
select moment, coalesce(opened.set_by, closed.ended_by), coalesce(opened.source, ''),
       opened.claimed_at, indicator, nullif(operator_id, ''), nullif(municipality, ''),
       nullif(vehicle_type, ''), nullif(service_kind, ''), closed.ratio, opened.ratio
from opened
full join closed using (moment, indicator, operator_id, municipality, vehicle_type, service_kind)
where opened.ratio is distinct from closed.ratio
order by moment, indicator collate "C", operator_id collate "C", municipality collate "C",
         vehicle_type collate "C", service_kind collate "C"
