-- What decides whether a position lies on its route (storage/writing/ways.py).

-- name: state
-- Whether anything of it has changed: timetables only come and end, settings and renames only come.
select (select count(*) from route_feed),
       (select max(greatest(known_from, nullif(known_to, 'infinity'))) from route_feed),
       (select count(*) from rule_setting where name = 'route_metres'),
       (select count(*) from operator_rename)

-- name: feeds
-- All timetables, by whose they are, the newest first; by the former names of an operator, too,
-- which nobody else has now. See the function route_feed_of.
select named.name, feed.known_from, nullif(feed.known_to, 'infinity'), feed.feed_id
from route_feed as feed
cross join lateral (
    select feed.operator_id as name
    union
    select renamed.formerly
    from operator_rename as renamed
    where renamed.operator_id = feed.operator_id
      and operator_now(renamed.formerly) = feed.operator_id
) as named
order by feed.known_from desc

-- name: distances
-- The distance in metres from each moment on, the newest first.
select known_from, value::integer from rule_setting where name = 'route_metres'
order by known_from desc

-- name: shapes
-- The shapes of a route.
select shape.latitudes, shape.longitudes
from route_shape
join shape using (feed_id, shape_id)
where route_shape.feed_id = %(feed_id)s and route_shape.route_id = %(route_id)s
