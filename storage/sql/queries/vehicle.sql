-- One vehicle: who it is, what it sent, what was rejected of it, what the registry ever said of it.

-- name: directory
-- Every vehicle that was ever named, with its newest plate.
select vehicle.operator_id, vehicle.vehicle_id, operator.name, newest.plate
from vehicle
join operator on operator.operator_id = vehicle.operator_id
left join lateral (
    select entry.plate
    from registry_entry as entry
    where entry.vehicle_key = vehicle.vehicle_key
    order by entry.known_to desc, entry.in_service_from desc limit 1
) as newest on true
order by vehicle.operator_id collate "C", vehicle.vehicle_id collate "C"

-- name: vehicle
-- What is known of it now.
select vehicle.vehicle_key, operator.name, operator.time_zone, state.contact_at, state.fix_at,
       state.rejected_at, state.rejected_reason, degrees(state.latitude), degrees(state.longitude),
       measured(state.speed, 100)
from vehicle
join operator on operator.operator_id = vehicle.operator_id
left join vehicle_state as state on state.vehicle_key = vehicle.vehicle_key
where vehicle.operator_id = %(operator_id)s and vehicle.vehicle_id = %(vehicle_id)s

-- name: reports
-- What it sent in a period, oldest first.
select report.observed_at, report.received_at, degrees(report.latitude),
       degrees(report.longitude), measured(report.speed, 100),
       flags_in(report.equipment), journey.route_id
from report
left join journey on journey.journey_key = report.journey_key
where report.vehicle_key = %(vehicle_key)s
  and report.observed_at > %(since)s and report.observed_at <= %(until)s
order by report.observed_at
limit %(limit)s

-- name: readings
-- The newest reading of each kind of equipment.
select kind.name, flag_fitted(state.flags, kind.number),
       reading_at(state.equipment[2 * kind.number + 1]), flag_working(state.flags, kind.number),
       reading_at(state.equipment[2 * kind.number + 2])
from equipment_kind as kind
left join vehicle_state as state on state.vehicle_key = %(vehicle_key)s
order by kind.number

-- name: rejected
-- The newest rejected messages of it that are kept.
select rejected_id, received_at, last_received_at, times, topic, payload, reason, detail
from rejected_message
where operator_id = %(operator_id)s and vehicle_id = %(vehicle_id)s
order by last_received_at desc, rejected_id desc
limit %(limit)s

-- name: history
-- What the registry ever said of it, newest first.
select entry.known_from, nullif(entry.known_to, 'infinity'), opened.changed_by, opened.source,
       opened.claimed_at, nullif(entry.in_service_from, '-infinity'),
       nullif(entry.in_service_to, 'infinity'), entry.plate, entry.attributes, entry.equipment
from registry_entry as entry
join registry_change as opened on opened.change_id = entry.change_id
where entry.vehicle_key = %(vehicle_key)s
order by entry.known_from desc, entry.in_service_from desc
limit %(limit)s
