-- Years of history, from files.

-- name: copy_reports
-- Rows of which none is there yet; one that is fails all of them.
copy report (observed_at, received_at, equipment, vehicle_key, latitude, longitude, journey_key,
             speed, bearing, hdop, satellites)
from stdin (format binary)

-- name: copy_recorded_later
-- When their positions were recorded, where that was not at their reception.
copy recorded_later (vehicle_key, observed_at, recorded_at) from stdin (format binary)

-- name: zones
-- By what time zone a vehicle's days begin.
select vehicle_key, time_zone
from vehicle
join operator using (operator_id)
where vehicle_key = any(%(vehicles)s::integer[])

-- name: local_days
-- The day that moments are in, by a time zone each, and when it begins.
select zone, seconds, day, date_part('epoch', day_begins(day, zone))::bigint
from (
    select zone, seconds,
           local_day(timestamptz '1970-01-01 00:00:00+00' + seconds * interval '1 second', zone)
               as day
    from unnest(%(zones)s::text[], %(seconds)s::bigint[]) as moment (zone, seconds)
) as local

-- name: merge_days
-- Days that were worked out, merged with what is there as the worker's are (keep_days).
insert into vehicle_day as known (vehicle_key, day, recorded_on, south, north, west, east,
                                  minutes, equipment)
select vehicle_key, said.day, local_day(%(recorded_at)s::timestamptz, time_zone),
       south, north, west, east,
       ('x' || encode(said.minutes, 'hex'))::bit(4872)::bit(16384), readings::bigint[]
from unnest(%(vehicles)s::integer[], %(days)s::date[], %(south)s::integer[],
            %(north)s::integer[], %(west)s::integer[], %(east)s::integer[],
            %(minutes)s::bytea[], %(readings)s::text[])
    as said (vehicle_key, day, south, north, west, east, minutes, readings)
join vehicle using (vehicle_key)
join operator using (operator_id)
order by vehicle_key, said.day
on conflict (vehicle_key, day, recorded_on) do update
set south = least(known.south, excluded.south),
    north = greatest(known.north, excluded.north),
    west = least(known.west, excluded.west),
    east = greatest(known.east, excluded.east),
    minutes = known.minutes | excluded.minutes,
    equipment = case when excluded.equipment is null then known.equipment
        else array(select greatest(one, other)
                   from unnest(known.equipment, excluded.equipment) as each (one, other)) end

-- name: rows_done
-- How many rows of a file are kept.
select rows_done from backfilled_file where digest = %(digest)s

-- name: keep_progress
-- The same, in the transaction that keeps them.
insert into backfilled_file (digest, rows_done)
values (%(digest)s, %(rows)s)
on conflict (digest) do update set rows_done = excluded.rows_done, changed_at = clock_timestamp()
