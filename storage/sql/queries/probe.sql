-- The self-probe, which is not a vehicle.

-- name: keep_probe
-- Keep the newest moment. Workers share the one row.
insert into probe as known (observed_at) values (%(observed_at)s)
on conflict (is_probe) do update
set observed_at = greatest(known.observed_at, excluded.observed_at)

-- name: newest_probe
-- When the newest that came through was observed.
select observed_at from probe
