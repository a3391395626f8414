-- The shares of a fleet, its vehicles one by one, and where they are: now, or at a past moment.

-- name: cells
-- Vehicles that are alike in everything that is counted become one row; the sums are the caller's.
select name, windows, route_known, reason, equipped, observed, working, count(*)
from (
    select group_of(%(by)s::text, figures.operator_id, figures.attributes, figures.route_observed)
               as name,
           coalesce(width_bucket(figures.fix_at, %(edges)s::timestamptz[]), 0) as windows,
           figures.route_known, figures.reason, figures.equipped, figures.working,
           figures.equipped & fitted(figures.observed) as observed
    from figures(%(at)s::timestamptz, %(within)s::interval, %(past)s::boolean) as figures
    offset 0
) as vehicle
group by name, windows, route_known, reason, equipped, observed, working

-- name: unregistered
-- How many vehicles publish and are not registered, by operator.
select operator_id, count(*)
from unregistered(%(at)s::timestamptz, %(past)s::boolean)
group by operator_id
order by operator_id collate "C"

-- name: untrackable
-- The vehicles of the fleet that are not trackable, each with its one reason.
select figures.operator_id, vehicle.vehicle_id, figures.reason,
       figures.fix_at + %(within)s::interval as since,
       figures.contact_at, figures.fix_at, figures.rejected_at, figures.rejected_reason,
       figures.plate, figures.attributes
from figures(%(at)s::timestamptz, %(within)s::interval, %(past)s::boolean) as figures
join vehicle on vehicle.vehicle_key = figures.vehicle_key
where figures.reason is not null
order by figures.operator_id collate "C", vehicle.vehicle_id collate "C"

-- name: fleet
-- Each vehicle of the fleet now: what is counted of it, why it is not trackable, where it was last.
select figures.operator_id, vehicle.vehicle_id, operator.name as operator_name, figures.plate,
       figures.attributes,
       route_of(figures.route_observed, figures.attributes ->> 'route_id') as route_id,
       figures.route_known, coalesce(width_bucket(figures.fix_at, %(edges)s::timestamptz[]), 0)
           as windows,
       figures.reason,
       case when figures.reason is not null then figures.fix_at + %(within)s::interval end as since,
       figures.contact_at, figures.fix_at, figures.rejected_at, figures.rejected_reason,
       figures.equipped, figures.equipped & fitted(figures.observed) as observed, figures.working,
       journey.trip_id, degrees(state.latitude) as latitude, degrees(state.longitude) as longitude,
       measured(state.speed, 100) as speed_mps, measured(state.bearing, 10) as bearing_deg
from figures(%(at)s::timestamptz, %(within)s::interval, false) as figures
join vehicle on vehicle.vehicle_key = figures.vehicle_key
join operator on operator.operator_id = figures.operator_id
left join vehicle_state as state on state.vehicle_key = figures.vehicle_key
left join journey on journey.journey_key = state.journey_key
order by figures.operator_id collate "C", vehicle.vehicle_id collate "C"

-- name: beyond_horizon
-- From when on positions are kept, where figures of a moment rest on older ones.
select kept_from
from horizon
where relation = 'report'
  and kept_from > rests_on_since(%(at)s::timestamptz, %(within)s::interval)

-- name: not_kept
-- The newest minute that figures of a past moment rest on, and whose reports are gone: a vehicle had
-- a fix in it, or said something of its equipment. Of a vehicle whose state is older than the moment
-- nothing is looked up. The coarse bounds leave out all chunks but a few.
with local as materialized (
    select operator_id, time_zone, day,
           least(minutes_begin(operator_id, day, %(at)s::timestamptz),
                 %(at)s::timestamptz - %(within)s::interval) as begins
    from days_at(%(at)s::timestamptz)
), map as materialized (
    select map.*
    from local
    cross join lateral (
        select local.operator_id, date::date as day,
               minutes_begin(local.operator_id, date::date, %(at)s::timestamptz) as begins
        from generate_series(local_day(local.begins, local.time_zone) - 1, local.day,
                             interval '1 day') as date
    ) as map
    where map.begins + interval '1624 minutes' > local.begins
), known as materialized (
    select state.vehicle_key, state.fix_at, local.*,
           reading(%(at)s::timestamptz, 1, 1) + 3 <= any(state.equipment) as says_later
    from vehicle_state as state
    join vehicle using (vehicle_key)
    -- Each has one: of an inner join the planner thinks that it leaves few vehicles.
    left join local using (operator_id)
    where state.first_observed_at <= %(at)s::timestamptz
)
select max(lost.minute)
from (
    select newest.minute
    from known
    left join lateral (
        -- Most have a fix in the window. Of those nothing is lost, and their days need not be read;
        -- the offset keeps the planner from reading them first.
        select true as is_kept
        from report as fix
        where fix.vehicle_key = known.vehicle_key and fix.latitude is not null
          and fix.observed_at > %(at)s::timestamptz - %(within)s::interval
          and fix.observed_at <= %(at)s::timestamptz
        order by fix.observed_at desc limit 1
    ) as recent on true
    cross join lateral (
        select max(newest_seen(map.begins, said.minutes, %(at)s::timestamptz)) as minute
        from map
        join vehicle_day as said
            on said.vehicle_key = known.vehicle_key and said.day = map.day
        where map.operator_id = known.operator_id
          and known.fix_at > %(at)s::timestamptz and recent.is_kept is null
    ) as newest
    where newest.minute > known.begins - interval '1 minute'
      and (
          select true
          from report as fix
          where fix.vehicle_key = known.vehicle_key and fix.latitude is not null
            and fix.observed_at >= newest.minute
            and fix.observed_at < greatest(%(at)s::timestamptz, newest.minute) + interval '1 minute'
            and fix.observed_at > %(at)s::timestamptz - %(coarse)s::interval
            and fix.observed_at < %(at)s::timestamptz + interval '1 minute'
          limit 1
      ) is null
    union all
    select newest.reading_at
    from known
    cross join lateral (
        select reading_at(max(reading)) as reading_at
        from vehicle_day as said
        cross join unnest(said.equipment) as reading
        where said.vehicle_key = known.vehicle_key and said.day = known.day
        offset 0
    ) as newest
    where known.says_later
      and newest.reading_at > %(at)s::timestamptz
      and (
          select true
          from report as said
          where said.vehicle_key = known.vehicle_key and said.observed_at = newest.reading_at
            and said.observed_at < %(at)s::timestamptz + interval '26 hours'
            and said.observed_at > %(at)s::timestamptz
          limit 1
      ) is null
) as lost (minute)

-- name: first_record
-- The first moment of which anything is known of any vehicle.
select least(min(first_contact_at), min(first_observed_at), min(first_rejected_at)) from vehicle_state

-- name: attributes
-- What the registry says of any vehicle, by name.
select name
from registry_entry
cross join jsonb_object_keys(attributes) as name
where known_to = 'infinity'
group by name
order by name collate "C"

-- name: minutes_of_day
-- Of each vehicle of a day's fleet, the map of the first 24 hours' minutes with a fix; null: it has
-- none.
select bit_or(substring(vehicle_day.minutes, 1, 1440))::text
from fleet_on(%(day)s::date) as fleet
left join vehicle_day
    on vehicle_day.vehicle_key = fleet.vehicle_key and vehicle_day.day = %(day)s::date
group by fleet.vehicle_key
