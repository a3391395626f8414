-- Timetables: which feeds there are, what they say, and how a new one takes the place of another.

-- name: take_turn
-- One import after the other.
lock table route_feed in share row exclusive mode

-- name: moment
-- The server's clock when the turn has come; should it go back, what was entered before stays before.
select greatest(clock_timestamp(), max(known_from), max(nullif(known_to, 'infinity')))
from route_feed

-- name: knows_operator
-- Whether anything is known of an operator.
select from operator where operator_id = %(operator_id)s

-- name: same
-- The feed of a scope that is this very file already.
select feed_id from route_feed
where known_to = 'infinity' and operator_id is not distinct from %(operator_id)s
  and digest = %(digest)s

-- name: end
-- The feed of a scope ends, if there is one.
update route_feed
set known_to = %(moment)s, ended_by = %(author)s
where known_to = 'infinity' and operator_id is not distinct from %(operator_id)s
returning feed_id

-- name: forget_route_stops
-- What no figure rests on goes with the feed.
delete from route_stop where feed_id = any(%(feeds)s::bigint[])

-- name: forget_stops
-- The same of its stops.
delete from stop where feed_id = any(%(feeds)s::bigint[])

-- name: forget_trips
-- The same of its trips.
delete from trip where feed_id = any(%(feeds)s::bigint[])

-- name: begin
-- A feed, known from now on.
insert into route_feed (known_from, operator_id, imported_by, source, digest)
values (%(moment)s, %(operator_id)s, %(author)s, %(source)s, %(digest)s)
returning feed_id

-- name: copy_routes
-- Where its routes arrive.
copy route (feed_id, route_id, short_name, long_name, route_type, color, text_color) from stdin

-- name: copy_shapes
-- Where its shapes arrive.
copy shape (feed_id, shape_id, latitudes, longitudes) from stdin

-- name: copy_stops
-- Where its stops arrive.
copy stop (feed_id, stop_id, name, code, latitude, longitude) from stdin

-- name: copy_trips
-- Where its trips arrive.
copy trip (feed_id, trip_id, route_id, direction_id, shape_id) from stdin

-- name: copy_route_shapes
-- Where it arrives which route drives which way.
copy route_shape (feed_id, route_id, shape_id) from stdin

-- name: copy_route_stops
-- Where it arrives which route stops where.
copy route_stop (feed_id, route_id, stop_id) from stdin

-- name: list
-- The feeds that are known now, with how much each holds.
select operator_id, known_from, imported_by, source,
       (select count(*) from route where route.feed_id = route_feed.feed_id) as routes,
       (select count(*) from shape where shape.feed_id = route_feed.feed_id) as shapes,
       (select count(*) from stop where stop.feed_id = route_feed.feed_id) as stops,
       (select count(*) from trip where trip.feed_id = route_feed.feed_id) as trips
from route_feed
where known_to = 'infinity'
order by operator_id collate "C" nulls first

-- name: unmatched
-- Of the routes that vehicles of the fleet are on, or are registered for, those that their timetable
-- lacks; of operators without one nothing is said.
with named as (
    select distinct operator_id, route_id
    from (
        select entry.operator_id, entry.attributes ->> 'route_id' as route_id
        from registry_entry as entry
        where entry.known_to = 'infinity' and entry.in_service_to >= current_date
        union
        select vehicle.operator_id, journey.route_id
        from vehicle_state as state
        join vehicle using (vehicle_key)
        join journey using (journey_key)
    ) as either
    where route_id is not null
)
select named.operator_id, named.route_id, route.route_id is not null as is_known
from named
cross join lateral route_feed_of(named.operator_id, now()) as feed (feed_id)
left join route on route.feed_id = feed.feed_id and route.route_id = named.route_id
where feed.feed_id is not null
order by named.operator_id collate "C", named.route_id collate "C"

-- name: current
-- The feeds that are known now, by whose they are.
select feed_id, operator_id from route_feed where known_to = 'infinity' order by feed_id

-- name: routes
-- All routes of some feeds.
select feed_id, route_id, short_name, long_name, route_type, color, text_color
from route where feed_id = any(%(feeds)s::bigint[])
order by feed_id, route_id collate "C"

-- name: shapes
-- All ways of the routes of some feeds, one row a route and way.
select feed_id, route_id, shape_id, latitudes, longitudes
from route_shape
join shape using (feed_id, shape_id)
where feed_id = any(%(feeds)s::bigint[])
order by feed_id, route_id collate "C", shape_id collate "C"

-- name: stops
-- All stops of some feeds, each with the routes that stop there.
select stop.feed_id, stop.stop_id, stop.name, stop.code, stop.latitude, stop.longitude,
       coalesce(array_agg(route_stop.route_id order by route_stop.route_id collate "C")
                filter (where route_stop.route_id is not null), '{}') as routes
from stop
left join route_stop using (feed_id, stop_id)
where stop.feed_id = any(%(feeds)s::bigint[])
group by stop.feed_id, stop.stop_id
order by stop.feed_id, stop.stop_id collate "C"

-- name: trips
-- All trips of some feeds.
select feed_id, trip_id, route_id
from trip where feed_id = any(%(feeds)s::bigint[])
