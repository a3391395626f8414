-- A batch's way into the tables, in one transaction; storage/writing/keep.py runs these in order.

-- name: create_staged
-- Where a batch arrives by COPY; a report that was sent at another moment than its position is of has
-- two rows. Once a session; behind a pooler in each transaction, which may find the one that another
-- has left: whoever changes the columns gives it another name.
create temporary table if not exists staged (
    observed_at timestamptz not null,
    received_at timestamptz not null,
    equipment   bigint not null,
    vehicle_key integer not null,
    latitude    integer,
    longitude   integer,
    journey_key integer not null,
    report      integer not null,
    speed       smallint not null,
    bearing     smallint not null,
    hdop        smallint not null,
    satellites  smallint not null
) on commit delete rows

-- name: copy_staged
-- The same, in binary.
copy staged from stdin (format binary)

-- name: compress_fast
-- A day's maps are compressed each time they change: LZ4 takes a fifth off what keeping days costs,
-- and its result is 10 bytes longer. Not every server has it.
select set_config('default_toast_compression', 'lz4', false)
from pg_settings
where name = 'default_toast_compression' and 'lz4' = any(enumvals)

-- name: plan_once
-- For this transaction: of a small batch PostgreSQL would plan as long as it works.
set local plan_cache_mode = force_generic_plan

-- name: plan_again
-- The same taken back: where chunks are left out by the batch's bounds, a plan is worth its time.
set local plan_cache_mode = auto

-- name: advance_states
-- What is known of a vehicle is one more of the reports on it, of which the newest of each kind
-- stays: in whatever order they come, the end is the same. This is written first of all, and the
-- rows are locked in their order: of two workers with the same vehicle one waits here, and what it
-- finds after that stays. Which vehicles they are is said beside, so that a small batch reads theirs
-- only, and not those of the whole fleet.
with known as materialized (
    select * from vehicle_state
    where vehicle_key = any(%(vehicles)s::integer[])
    order by vehicle_key
    for no key update
), saying as materialized (
    select vehicle_key, flags_in(equipment) as equipment,
           max(observed_at) as observed_at, min(observed_at) as since,
           max(heard_at(observed_at, received_at, equipment)) as contact_at,
           min(heard_at(observed_at, received_at, equipment)) as first_contact_at,
           max(heard_at(observed_at, received_at, equipment))
               filter (where has_position(latitude, equipment)) as fix_heard_at,
           max(observed_at) filter (where latitude is not null) as fix_at,
           min(observed_at) filter (where latitude is not null or flags_in(equipment) <> 0)
               as first_observed_at
    from staged
    group by vehicle_key, flags_in(equipment)
), reading as (
    select vehicle_key, place, max(reading) as reading, min(since) as since
    from (
        select vehicle_key, place, reading(observed_at, equipment, place) as reading,
               case when equipment >> (2 * (place - 1))::integer & 3 <> 0 then since end as since
        from saying
        cross join generate_series(1, %(places)s::bigint) as place
        where equipment <> 0
        union all
        select vehicle_key, place, reading, since
        from known
        cross join unnest(known.equipment, known.equipment_since) with ordinality
            as each (reading, since, place)
        where vehicle_key in (select vehicle_key from saying where equipment <> 0)
    ) as either
    group by vehicle_key, place
), readings as (
    select vehicle_key, array_agg(reading order by place) as equipment,
           array_agg(since order by place) as equipment_since,
           coalesce(bit_or((reading & 3) << (2 * (place - 1))::integer), 0) as flags
    from reading
    group by vehicle_key
), heard as (
    select vehicle_key, max(contact_at) as contact_at, min(first_contact_at) as first_contact_at,
           max(fix_heard_at) as fix_heard_at, max(fix_at) as fix_at,
           min(first_observed_at) as first_observed_at
    from saying
    group by vehicle_key
), fix as (
    select distinct on (vehicle_key) *
    from (
        select vehicle_key, observed_at, journey_key, latitude, longitude, speed, bearing, hdop,
               satellites, 1 as place
        from staged
        join heard using (vehicle_key)
        where staged.observed_at = heard.fix_at and latitude is not null
        union all
        select vehicle_key, fix_at, journey_key, latitude, longitude, speed, bearing, hdop,
               satellites, 0
        from known
        where fix_at is not null
    ) as either
    order by vehicle_key, observed_at desc, journey_key > 0 desc, place
), rejected as (
    select vehicle_key, max(rejected_at) as rejected_at, min(rejected_at) as first_rejected_at,
           (array_agg(reason order by rejected_at desc, place))[1] as rejected_reason
    from unnest(%(keys)s::integer[], %(moments)s::timestamptz[], %(reasons)s::text[])
        with ordinality as each (vehicle_key, rejected_at, reason, place)
    group by vehicle_key
)
update vehicle_state as state
set contact_at = greatest(known.contact_at, heard.contact_at),
    first_contact_at = least(known.first_contact_at, heard.first_contact_at),
    fix_heard_at = greatest(known.fix_heard_at, heard.fix_heard_at),
    first_observed_at = least(known.first_observed_at, heard.first_observed_at),
    rejected_at = greatest(known.rejected_at, rejected.rejected_at),
    first_rejected_at = least(known.first_rejected_at, rejected.first_rejected_at),
    rejected_reason = case when rejected.rejected_at > coalesce(known.rejected_at, '-infinity')
        then rejected.rejected_reason else known.rejected_reason end,
    flags = coalesce(readings.flags, known.flags),
    equipment = coalesce(readings.equipment, known.equipment),
    equipment_since = coalesce(readings.equipment_since, known.equipment_since),
    fix_at = fix.observed_at, journey_key = fix.journey_key,
    latitude = fix.latitude, longitude = fix.longitude, speed = fix.speed,
    bearing = fix.bearing, hdop = fix.hdop, satellites = fix.satellites
from known
left join heard on heard.vehicle_key = known.vehicle_key
left join fix on fix.vehicle_key = known.vehicle_key
left join readings on readings.vehicle_key = known.vehicle_key
left join rejected on rejected.vehicle_key = known.vehicle_key
where state.vehicle_key = known.vehicle_key

-- name: insert_reports
-- The usual batch, of which nothing is there yet; any row that is there fails the whole of it.
insert into report (observed_at, received_at, equipment, vehicle_key, latitude, longitude,
                    journey_key, speed, bearing, hdop, satellites)
select observed_at, received_at, equipment, vehicle_key, latitude, longitude,
       journey_key, speed, bearing, hdop, satellites
from staged
order by vehicle_key, observed_at

-- name: keep_lateness
-- From when on reports came in an hour that were more than 24 hours old. Where that is known already
-- no row is locked.
insert into late_reception as known (hour, oldest_at)
select said.hour, said.oldest_at
from unnest(%(hours)s::timestamptz[], %(oldest)s::timestamptz[]) as said (hour, oldest_at)
where not exists (
    select from late_reception as there
    where there.hour = said.hour and there.oldest_at <= said.oldest_at
)
order by said.hour
on conflict (hour) do update
set oldest_at = excluded.oldest_at
where known.oldest_at > excluded.oldest_at

-- name: keep_heard_again
-- A row bears its first reception. That the vehicle was heard again later has a row of its own, at
-- that moment, by what was heard then. A statement by itself and before the merger, which may be of
-- the same instant.
with news as (
    select staged.vehicle_key, staged.observed_at, staged.received_at, staged.equipment,
           staged.latitude is not null as has_position, known.received_at as known_received_at,
           known.equipment as known_equipment,
           known.latitude is not null and later.recorded_at is null as had_position,
           least(case when was_heard(known.equipment) then known.received_at end,
                 min(staged.received_at) filter (where was_heard(staged.equipment)) over (
                     partition by staged.vehicle_key, staged.observed_at
                 )) as kept_received_at
    from staged
    left join report as known
        on known.vehicle_key = staged.vehicle_key and known.observed_at = staged.observed_at
        and known.observed_at between %(first)s and %(last)s
    left join recorded_later as later
        on later.vehicle_key = known.vehicle_key and later.observed_at = known.observed_at
)
insert into report as known (observed_at, received_at, equipment, vehicle_key, journey_key,
                             speed, bearing, hdop, satellites)
select again.received_at, again.received_at,
       bit_or(1::bigint << 60 | case when again.has_position then 1::bigint << 62 else 0 end),
       news.vehicle_key, 0, -1, -1, -1, -1
from news
cross join lateral (
    values (news.received_at, news.equipment, news.has_position),
           (news.known_received_at, news.known_equipment, news.had_position)
) as again (received_at, equipment, has_position)
where again.received_at > news.kept_received_at
  and again.received_at - news.observed_at > interval '1 minute'
  and heard_at_reception(again.equipment)
group by news.vehicle_key, again.received_at
order by news.vehicle_key, again.received_at
on conflict (vehicle_key, observed_at) do update
set equipment = known.equipment | excluded.equipment,
    received_at = first_reception(known.received_at, known.equipment,
                                  excluded.received_at, excluded.equipment)

-- name: keep_recorded_later
-- When a position was recorded, where that is another moment than its row's reception will be: it
-- was reprocessed, or it comes to what the vehicle had sent of that instant before, or what was no
-- reception is one now. Before the rows are written; of positions that are there already nothing.
insert into recorded_later as known (vehicle_key, observed_at, recorded_at)
select vehicle_key, observed_at, was.recorded_at
from (
    select staged.vehicle_key, staged.observed_at,
           least(
               min(coalesce(later.recorded_at, known.received_at))
                   filter (where known.latitude is not null),
               min(coalesce(%(recorded_at)s::timestamptz, staged.received_at))
                   filter (where staged.latitude is not null)
           ) as recorded_at,
           bool_or(later.vehicle_key is not null) as is_marked,
           coalesce(
               least(min(known.received_at) filter (where was_heard(known.equipment)),
                     min(staged.received_at) filter (where was_heard(staged.equipment))),
               least(min(known.received_at), min(staged.received_at))
           ) as received_at
    from staged
    left join report as known
        on known.vehicle_key = staged.vehicle_key and known.observed_at = staged.observed_at
        and known.observed_at between %(first)s and %(last)s
    left join recorded_later as later
        on later.vehicle_key = staged.vehicle_key and later.observed_at = staged.observed_at
    group by staged.vehicle_key, staged.observed_at
) as was
where was.recorded_at <> was.received_at or was.is_marked and was.recorded_at is not null
on conflict (vehicle_key, observed_at) do update
set recorded_at = excluded.recorded_at
where known.recorded_at > excluded.recorded_at

-- name: merge_reports
-- Any batch. What is there of an instant is merged with what comes: what is known beats what is
-- not, flags are or-ed, and of two positions one is taken whole, by what they are and not by which
-- came first. Nobody else writes of these vehicles meanwhile, since their states are locked. The
-- coarse bounds leave out all chunks that the batch does not touch.
with news as materialized (
    select staged.*,
           known.latitude is not null
               or coalesce(bool_or(staged.latitude is not null) over earlier, false)
               as has_position,
           coalesce(known.equipment, 0) | coalesce(bit_or(staged.equipment) over earlier, 0)
               as has_equipment
    from staged
    left join report as known
        on known.vehicle_key = staged.vehicle_key and known.observed_at = staged.observed_at
        and known.observed_at between %(first)s and %(last)s
    window earlier as (
        partition by staged.vehicle_key, staged.observed_at order by staged.ctid
        rows between unbounded preceding and 1 preceding
    )
), counted as materialized (
    select news.*,
           latitude is not null and not has_position
               or flags_in(equipment & ~has_equipment) <> 0 as is_news
    from news
), merged as (
    select vehicle_key, observed_at,
           coalesce(min(received_at) filter (where was_heard(equipment)), min(received_at))
               as received_at,
           bit_or(equipment) as equipment
    from staged
    group by vehicle_key, observed_at
), position as (
    select distinct on (vehicle_key, observed_at)
           vehicle_key, observed_at, latitude, longitude, journey_key, speed, bearing, hdop,
           satellites
    from (
        select vehicle_key, observed_at, latitude, longitude, journey_key, speed, bearing, hdop,
               satellites
        from staged
        union all
        select known.vehicle_key, known.observed_at, known.latitude, known.longitude,
               known.journey_key, known.speed, known.bearing, known.hdop, known.satellites
        from merged
        join report as known using (vehicle_key, observed_at)
        where known.observed_at between %(first)s and %(last)s
    ) as either
    cross join lateral (
        select (select array[route_id, trip_id] collate "C"
                from journey where journey.journey_key = either.journey_key)
    ) as journey (names)
    order by vehicle_key, observed_at, latitude is null, journey_key > 0 desc, journey.names,
             latitude, longitude, speed, bearing, hdop, satellites
), kept as (
    insert into report as known (observed_at, received_at, equipment, vehicle_key, latitude,
                                 longitude, journey_key, speed, bearing, hdop, satellites)
    select observed_at, merged.received_at, merged.equipment, vehicle_key, position.latitude,
           position.longitude, position.journey_key, position.speed, position.bearing,
           position.hdop, position.satellites
    from merged
    join position using (vehicle_key, observed_at)
    order by vehicle_key, observed_at
    on conflict (vehicle_key, observed_at) do update
    set equipment = known.equipment | excluded.equipment,
        received_at = first_reception(known.received_at, known.equipment,
                                      excluded.received_at, excluded.equipment),
        latitude = excluded.latitude, longitude = excluded.longitude,
        journey_key = excluded.journey_key, speed = excluded.speed, bearing = excluded.bearing,
        hdop = excluded.hdop, satellites = excluded.satellites
    where excluded.equipment & ~known.equipment <> 0
       or first_reception(known.received_at, known.equipment,
                          excluded.received_at, excluded.equipment) <> known.received_at
       or (excluded.latitude, excluded.longitude, excluded.journey_key, excluded.speed,
           excluded.bearing, excluded.hdop, excluded.satellites)
          is distinct from
          (known.latitude, known.longitude, known.journey_key, known.speed,
           known.bearing, known.hdop, known.satellites)
)
select count(distinct report) from counted where is_news

-- name: advance_merged_fixes
-- Where the newest position of a vehicle is one of several of its instant, the one that was kept.
update vehicle_state as state
set journey_key = fix.journey_key, latitude = fix.latitude, longitude = fix.longitude,
    speed = fix.speed, bearing = fix.bearing, hdop = fix.hdop, satellites = fix.satellites
from report as fix
where state.vehicle_key = any(%(vehicles)s::integer[])
  and fix.vehicle_key = state.vehicle_key and fix.observed_at = state.fix_at
  and fix.observed_at between %(first)s and %(last)s and fix.latitude is not null
  and (fix.latitude, fix.longitude, fix.journey_key, fix.speed, fix.bearing, fix.hdop,
       fix.satellites)
      is distinct from
      (state.latitude, state.longitude, state.journey_key, state.speed, state.bearing, state.hdop,
       state.satellites)

-- name: keep_days
-- Minutes are or-ed, boxes widened, readings compared: a batch that comes again adds nothing, and
-- what adds nothing writes nothing: of a bus's positions every 10 s, five of six. A
-- vehicle's reports of one minute, that say the same of its equipment, are taken together first:
-- there are several in a batch, and each step after that costs by the row. Of the reception a
-- quarter of an hour is enough, since no time zone's day begins within one. What is asked of the
-- zones is asked once a minute and operator. Each has a place; only by a left join does the planner
-- know it, which would take all rows for one and compare each with each.
with zone as materialized (
    select * from zones()
    where operator_id in (
        select operator_id from vehicle where vehicle_key = any(%(vehicles)s::integer[])
    )
), minute as materialized (
    select vehicle_key, date_bin('1 minute', observed_at, 'epoch') as minute,
           date_bin('15 minutes', received_at, 'epoch') as received,
           flags_in(equipment) as equipment, max(observed_at) as observed_at,
           min(latitude) as south, max(latitude) as north,
           min(longitude) as west, max(longitude) as east,
           bool_or(latitude is not null and received_at - observed_at <= interval '15 minutes')
               as is_live,
           bool_or(latitude is not null and journey_key > 0
                   and report <> all(%(off_route)s::integer[])) as on_route
    from staged
    where latitude is not null or flags_in(equipment) <> 0
    group by 1, 2, 3, 4
), said as materialized (
    select minute.*, vehicle.operator_id
    from minute
    join vehicle using (vehicle_key)
), moment as materialized (
    select said.operator_id, said.minute, said.received, zone.since,
           local_day(said.minute, zone.time_zone) as day,
           local_day(recorded.at, recording.time_zone) as recorded_on
    from (select operator_id, minute, received from said group by 1, 2, 3) as said
    join zone on zone.operator_id = said.operator_id
        and zone.since <= said.minute and said.minute < zone.until
    cross join lateral (
        select coalesce(%(recorded_at)s::timestamptz, said.received) as at
    ) as recorded
    join zone as recording on recording.operator_id = said.operator_id
        and recording.since <= recorded.at and recorded.at < recording.until
), day as materialized (
    select operator_id, since, day, minutes_begin(operator_id, day, since) as begins
    from moment
    group by operator_id, since, day
), place as materialized (
    select moment.*,
           set_bit(0::bit(1624), mod(minutes_between(day.begins, moment.minute), 1624), 1) as bit
    from moment
    join day using (operator_id, since, day)
), placed as materialized (
    select said.*, place.day, place.recorded_on,
           case when said.south is not null then place.bit end as bit
    from said
    left join place using (operator_id, minute, received)
), newest_saying as (
    select vehicle_key, day, recorded_on, equipment, max(observed_at) as observed_at
    from placed
    where equipment <> 0
    group by vehicle_key, day, recorded_on, equipment
), readings as (
    select vehicle_key, day, recorded_on, array_agg(reading order by place) as equipment
    from (
        select vehicle_key, day, recorded_on, place,
               max(reading(observed_at, equipment, place)) as reading
        from newest_saying
        cross join generate_series(1, %(places)s::bigint) as place
        group by vehicle_key, day, recorded_on, place
    ) as reading
    group by vehicle_key, day, recorded_on
), days as (
    select vehicle_key, day, recorded_on, min(south) as south, max(north) as north,
           min(west) as west, max(east) as east, bit_or(bit) as minutes,
           bit_or(bit) filter (where is_live) as live_minutes,
           bit_or(bit) filter (where on_route) as route_minutes
    from placed
    group by vehicle_key, day, recorded_on
)
insert into vehicle_day as known (vehicle_key, day, recorded_on, south, north, west, east,
                                  minutes, equipment)
select vehicle_key, day, recorded_on, south, north, west, east,
       (coalesce(minutes, 0::bit(1624)) || coalesce(live_minutes, 0::bit(1624))
        || coalesce(route_minutes, 0::bit(1624)))::bit(16384), readings.equipment
from days
left join readings using (vehicle_key, day, recorded_on)
order by vehicle_key, day, recorded_on
on conflict (vehicle_key, day, recorded_on) do update
set south = least(known.south, excluded.south),
    north = greatest(known.north, excluded.north),
    west = least(known.west, excluded.west),
    east = greatest(known.east, excluded.east),
    minutes = known.minutes | excluded.minutes,
    equipment = case when excluded.equipment is null then known.equipment
        else array(select greatest(one, other)
                   from unnest(known.equipment, excluded.equipment) as each (one, other)) end
where excluded.equipment is not null
   or excluded.south < known.south or excluded.north > known.north
   or excluded.west < known.west or excluded.east > known.east
   or known.minutes | excluded.minutes <> known.minutes

-- name: keep_rejections
-- When the messages of vehicles were rejected, and why: the first and the last of each minute, so
-- that a vehicle takes the same room however much garbage somebody sends for it.
insert into rejection as known (vehicle_key, minute, first_at, last_at, first_reason, last_reason)
select vehicle_key, date_trunc('minute', rejected_at, 'UTC'), min(rejected_at), max(rejected_at),
       (array_agg(reason order by rejected_at, place))[1],
       (array_agg(reason order by rejected_at desc, place))[1]
from unnest(%(keys)s::integer[], %(moments)s::timestamptz[], %(reasons)s::text[])
    with ordinality as each (vehicle_key, rejected_at, reason, place)
group by vehicle_key, date_trunc('minute', rejected_at, 'UTC')
order by vehicle_key, date_trunc('minute', rejected_at, 'UTC')
on conflict (vehicle_key, minute) do update
set first_at = least(known.first_at, excluded.first_at),
    last_at = greatest(known.last_at, excluded.last_at),
    first_reason = case when excluded.first_at < known.first_at
                        then excluded.first_reason else known.first_reason end,
    last_reason = case when excluded.last_at > known.last_at
                       then excluded.last_reason else known.last_reason end
where excluded.first_at < known.first_at or excluded.last_at > known.last_at

-- name: await_rename
-- Until this transaction's end no operator is renamed: an id that was given up a moment ago would
-- become an operator again.
select pg_advisory_xact_lock_shared(%(key)s)

-- name: newest_rename
-- When an operator was renamed last.
select max(known_to) from operator_rename

-- name: add_operators
-- Operators that are not known yet, by these ids or by ids that they have given up; of those without
-- a vehicle in the fleet list no more in an hour than may be. Two workers at once do not see each
-- other's, and may together add a batch more.
with newcomer as (
    select operator_id, min(place) as place,
           not exists (select from registry_entry
                       where registry_entry.operator_id = named.operator_id) as limited
    from unnest(%(operators)s::text[]) with ordinality as named (operator_id, place)
    where not exists (select from operator where operator.operator_id = named.operator_id)
      and operator_now(named.operator_id) = named.operator_id
    group by operator_id
), ranked as (
    select operator_id, limited, row_number() over (partition by limited order by place) as place
    from newcomer
)
insert into operator (operator_id, time_zone)
select operator_id, %(time_zone)s
from ranked
where not limited or %(new_operators)s::bigint is null
    or place + (
        select count(*) from operator
        where added_at > now() - interval '1 hour'
          and not exists (select from registry_entry
                          where registry_entry.operator_id = operator.operator_id)
    ) <= %(new_operators)s
order by operator_id
on conflict do nothing

-- name: add_vehicles
-- Vehicles that are not known yet, of operators that are; of an operator no more in an hour than may
-- be, and no more of all those together that have no vehicle in the fleet list.
with newcomer as (
    select operator_id, vehicle_id, min(place) as place,
           case when exists (select from registry_entry
                             where registry_entry.operator_id = named.operator_id)
               then operator_id else '' end as quota_of
    from (
        select operator_now(operator) as operator_id, vehicle_id, place
        from unnest(%(operators)s::text[], %(vehicles)s::text[])
            with ordinality as given (operator, vehicle_id, place)
    ) as named
    join operator using (operator_id)
    where not exists (select from vehicle
                      where vehicle.operator_id = named.operator_id
                        and vehicle.vehicle_id = named.vehicle_id)
    group by operator_id, vehicle_id
), added as (
    select quota_of, count(*) as vehicles
    from (
        select case when exists (select from registry_entry
                                 where registry_entry.operator_id = vehicle.operator_id)
                   then operator_id else '' end as quota_of
        from vehicle
        where added_at > now() - interval '1 hour'
          and not exists (select from registry_entry
                          where registry_entry.vehicle_key = vehicle.vehicle_key)
    ) as unregistered
    group by quota_of
), ranked as (
    select operator_id, vehicle_id, quota_of,
           row_number() over (partition by quota_of order by place) as place
    from newcomer
)
insert into vehicle (operator_id, vehicle_id)
select operator_id, vehicle_id
from ranked
left join added using (quota_of)
where %(new_vehicles)s::bigint is null
   or place + coalesce(added.vehicles, 0) <= %(new_vehicles)s
order by operator_id, vehicle_id
on conflict do nothing

-- name: vehicle_keys
-- The keys of those vehicles that have one; an operator may be named by a former id.
with place as materialized (
    select name, operator_now(name) as operator_id
    from (select distinct name from unnest(%(operators)s::text[]) as name) as each
)
select named.name, vehicle_id, vehicle_key
from unnest(%(operators)s::text[], %(vehicles)s::text[]) as named (name, vehicle_id)
join place using (name)
join vehicle using (operator_id, vehicle_id)

-- name: add_journeys
-- Routes and trips that are not known yet.
insert into journey (journey_key, route_id, trip_id)
select nextval('journey_number') * case when route_id is null then -1 else 1 end,
       route_id, trip_id
from unnest(%(routes)s::text[], %(trips)s::text[]) as named (route_id, trip_id)
order by route_id, trip_id
on conflict do nothing

-- name: journey_keys
-- The keys of routes and trips.
select named.route_id, named.trip_id, journey.journey_key
from unnest(%(routes)s::text[], %(trips)s::text[]) as named (route_id, trip_id)
join journey on journey.route_id is not distinct from named.route_id
    and journey.trip_id is not distinct from named.trip_id

-- name: add_kinds
-- Kinds of equipment that are not known yet, numbered on.
insert into equipment_kind (number, name)
select (select count(*) from equipment_kind) + row_number() over (order by place) - 1, name
from unnest(%(names)s::text[]) with ordinality as named (name, place)
where not exists (select from equipment_kind as known where known.name = named.name)
on conflict do nothing

-- name: kinds
-- The kinds of equipment, by number; those that were known when a local day ended, or all.
select name from kinds_on(%(known_on)s::date) order by number
