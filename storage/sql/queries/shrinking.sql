-- The room that a long transaction made the states take, given back.

-- name: room
-- What the states take on disk, and what they would: their rows, as full as pages may be.
select pg_relation_size('vehicle_state')::bigint,
       coalesce(sum(pg_column_size(state.*) + 28), 0)::bigint * 5 / 3
from vehicle_state as state

-- name: wait_little
-- Who comes after us waits with us.
select set_config('lock_timeout', '2s', false)

-- name: rewrite
-- All of them into a new file; nobody reads or writes them meanwhile.
vacuum (full, analyze) vehicle_state
