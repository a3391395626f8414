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

-- name: first_record
-- The first moment of which anything is known of any vehicle.
select least(min(first_contact_at), min(first_observed_at), min(first_rejected_at)) from vehicle_state

-- name: attributes
-- What the registry says of any vehicle, by name.
select distinct name
from registry_entry
cross join jsonb_object_keys(attributes) as name
where known_to = 'infinity'
order by name
