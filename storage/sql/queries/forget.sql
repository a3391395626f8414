-- A vehicle's positions, rejected messages and plate, forgotten; its days stay.

-- name: vehicle_to_forget
-- Its key.
select vehicle_key from vehicle
where operator_id = %(operator_id)s and vehicle_id = %(vehicle_id)s

-- name: lock_state
-- So that ingest gives no state of it meanwhile.
select from vehicle_state where vehicle_key = %(vehicle_key)s for update

-- name: forget_positions
-- What it sent.
delete from report where vehicle_key = %(vehicle_key)s

-- name: forget_recorded_later
-- When of that was recorded.
delete from recorded_later where vehicle_key = %(vehicle_key)s

-- name: forget_rejected
-- What was rejected of it.
delete from rejected_message
where operator_id = %(operator_id)s and vehicle_id = %(vehicle_id)s

-- name: forget_last_position
-- Where it was last.
update vehicle_state
set fix_at = null, journey_key = null, latitude = null, longitude = null, speed = null,
    bearing = null, hdop = null, satellites = null
where vehicle_key = %(vehicle_key)s

-- name: forget_plate
-- In all that the fleet list ever said of it.
update registry_entry set plate = null where vehicle_key = %(vehicle_key)s and plate is not null

-- name: forget_archived
-- What the archive has of it does not come back.
insert into forgotten_vehicle (vehicle_key)
values (%(vehicle_key)s)
on conflict (vehicle_key) do update set forgotten_at = clock_timestamp()

-- name: archived_before
-- How many files of the archive are older than that, and may hold what it sent.
select count(*)
from archived_file
join forgotten_vehicle on forgotten_at > archived_at
where vehicle_key = %(vehicle_key)s and part <> 'rejections'
