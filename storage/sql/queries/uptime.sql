-- When workers were up and connected: a row an unbroken span, extended by each beat.

-- name: beat
-- A span, or what it has grown to.
insert into worker_uptime as known (worker, started_at, last_seen_at)
values (%(worker)s, %(started_at)s, %(last_seen_at)s)
on conflict (worker, started_at) do update
set last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)

-- name: connected
-- The spans of all workers between two moments, clipped.
select greatest(started_at, %(begins)s), least(last_seen_at, %(ends)s)
from worker_uptime
where last_seen_at > %(begins)s and started_at < %(ends)s
order by started_at, worker

-- name: last_connected
-- When a worker was last known to be connected.
select max(last_seen_at) from worker_uptime

-- name: recorded_from
-- Since when there is a record, of the time before a moment.
select min(started_at) from worker_uptime where started_at < %(before)s
