-- Which vehicles were in the public feeds, minute by minute; written by `fleetgauge web` alone.

-- name: may_write
-- Sessions of its role only read, unless they say otherwise.
set transaction read write

-- name: publish
-- Vehicles that are in the feeds at a moment.
select record_published(%(operators)s::text[], %(vehicles)s::text[], %(at)s::timestamptz)

-- name: published_from
-- The first local day of the record, as it was known when a local day ended, or is known now.
select local_day(since, %(zone)s)
from published_since
where %(known_end)s::timestamptz is null or since < %(known_end)s::timestamptz
