-- The archive of positions: which days are in it, what goes into a day's files, and back again.

-- name: archived
-- The files of the archive, by day.
select day, part, path, rows, bytes, sha256, schema_version, archived_at
from archived_file
order by day, part

-- name: record
-- That a file of a day is in the archive, verified.
insert into archived_file (day, part, path, rows, bytes, sha256, schema_version)
values (%(day)s, %(part)s, %(path)s, %(rows)s, %(size)s, %(sha256)s, %(schema_version)s)
on conflict (day, part) do update
set path = excluded.path, rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256,
    schema_version = excluded.schema_version, archived_at = clock_timestamp(), restored_at = null

-- name: rewritten
-- That a file was written again without the vehicles that were forgotten, or holds none of them.
update archived_file
set path = %(path)s, rows = %(rows)s, bytes = %(size)s, sha256 = %(sha256)s,
    archived_at = %(archived_at)s
where day = %(day)s and part = %(part)s and sha256 = %(was)s

-- name: forgotten
-- Whose reports of before when are to be in no file.
select vehicle_key, forgotten_at from forgotten_vehicle

-- name: keep_from_forgetting
-- Until the transaction ends, nobody is forgotten; who is being forgotten is waited for.
lock table forgotten_vehicle in share mode

-- name: forget
-- That a day is in it: what is stored of the day is not what was archived.
delete from archived_file where day = %(day)s

-- name: restored
-- That a day's positions are in the database again, for a while.
update archived_file set restored_at = clock_timestamp() where day = %(day)s

-- name: restored_days
-- Which days are, and are left there.
select day from archived_file
where restored_at > clock_timestamp() - interval '7 days'
group by day

-- name: first_report
-- The first moment of which a report is stored.
select min(first.observed_at)
from vehicle
cross join lateral (
    select report.observed_at from report
    where report.vehicle_key = vehicle.vehicle_key
    order by report.observed_at limit 1
) as first

-- name: count_day
-- How many reports are stored of a period.
select coalesce(sum(of_vehicle.reports), 0)::bigint
from vehicle
cross join lateral (
    select count(*) as reports from report
    where report.vehicle_key = vehicle.vehicle_key
      and report.observed_at >= %(begin)s::timestamptz and report.observed_at < %(end)s::timestamptz
) as of_vehicle

-- name: horizon
-- From when on positions are kept; no row: all are.
select kept_from from horizon where relation = 'report'

-- name: rests_on_since
-- From when on reports are needed for the figures of a moment.
select rests_on_since(%(at)s::timestamptz, %(within)s::interval)

-- name: copy_positions
-- The reports of a day, by vehicle and time.
copy (
    select report.vehicle_key, vehicle.operator_id, vehicle.vehicle_id,
           round(date_part('epoch', report.observed_at) * 1e6)::bigint,
           round(date_part('epoch', report.received_at) * 1e6)::bigint,
           report.equipment, report.latitude, report.longitude,
           report.journey_key, journey.route_id, journey.trip_id,
           report.speed, report.bearing, report.hdop, report.satellites,
           round(date_part('epoch', later.recorded_at) * 1e6)::bigint
    from report
    join vehicle on vehicle.vehicle_key = report.vehicle_key
    left join journey on journey.journey_key = report.journey_key
    left join recorded_later as later
        on later.vehicle_key = report.vehicle_key and later.observed_at = report.observed_at
    where report.observed_at >= %(begin)s::timestamptz and report.observed_at < %(end)s::timestamptz
    order by report.vehicle_key, report.observed_at
) to stdout (format csv)

-- name: copy_before
-- The older reports that states of the day rest on: of each vehicle the newest fix and the newest by
-- which it had been heard, and what came late on that day.
copy (
    select report.vehicle_key, vehicle.operator_id, vehicle.vehicle_id,
           round(date_part('epoch', report.observed_at) * 1e6)::bigint,
           round(date_part('epoch', report.received_at) * 1e6)::bigint,
           report.equipment, report.latitude, report.longitude,
           report.journey_key, journey.route_id, journey.trip_id,
           report.speed, report.bearing, report.hdop, report.satellites,
           round(date_part('epoch', later.recorded_at) * 1e6)::bigint
    from (
        select newest.*
        from vehicle
        cross join lateral (
            (select fix.* from report as fix
             where fix.vehicle_key = vehicle.vehicle_key and fix.latitude is not null
               and fix.observed_at < %(begin)s::timestamptz
             order by fix.observed_at desc limit 1)
            union
            (select said.* from report as said
             where said.vehicle_key = vehicle.vehicle_key
               and said.observed_at < %(begin)s::timestamptz
               and heard_at(said.observed_at, said.received_at, said.equipment)
                   <= %(begin)s::timestamptz
             order by said.observed_at desc limit 1)
        ) as newest
        union
        select late.* from report as late
        where late.received_at - late.observed_at > interval '1 minute'
          and late.received_at >= %(begin)s::timestamptz
          and late.received_at < %(end)s::timestamptz
          and late.observed_at < %(begin)s::timestamptz
          and late.observed_at >= least(
                  %(begin)s::timestamptz - interval '24 hours',
                  (select min(came.oldest_at) from late_reception as came
                   where came.hour >= %(begin)s::timestamptz and came.hour < %(end)s::timestamptz)
              )
    ) as report
    join vehicle on vehicle.vehicle_key = report.vehicle_key
    left join journey on journey.journey_key = report.journey_key
    left join recorded_later as later
        on later.vehicle_key = report.vehicle_key and later.observed_at = report.observed_at
    order by report.vehicle_key, report.observed_at
) to stdout (format csv)

-- name: copy_rejections
-- When messages of vehicles were rejected on a day, and last before it.
copy (
    select said.vehicle_key, vehicle.operator_id, vehicle.vehicle_id,
           round(date_part('epoch', said.rejected_at) * 1e6)::bigint, said.reason
    from (
        select of_minute.vehicle_key, each.rejected_at, each.reason
        from (
            select rejection.* from rejection
            where minute >= %(begin)s::timestamptz and minute < %(end)s::timestamptz
            union all
            select newest.*
            from vehicle
            cross join lateral (
                select rejection.* from rejection
                where rejection.vehicle_key = vehicle.vehicle_key
                  and rejection.minute < %(begin)s::timestamptz
                order by rejection.minute desc limit 1
            ) as newest
        ) as of_minute
        cross join lateral (
            values (first_at, first_reason)
            union
            values (last_at, last_reason)
        ) as each (rejected_at, reason)
    ) as said
    join vehicle on vehicle.vehicle_key = said.vehicle_key
    order by said.vehicle_key, said.rejected_at
) to stdout (format csv)

-- name: create_returning_reports
-- Where rows of the archive arrive by COPY.
create temporary table if not exists returning_report (
    vehicle_key integer not null,
    observed_at bigint not null,
    received_at bigint not null,
    equipment   bigint not null,
    latitude    integer,
    longitude   integer,
    journey_key integer not null,
    speed       smallint not null,
    bearing     smallint not null,
    hdop        smallint not null,
    satellites  smallint not null,
    recorded_at bigint
) on commit drop

-- name: create_returning_rejections
-- The same of rejections.
create temporary table if not exists returning_rejection (
    vehicle_key integer not null,
    rejected_at bigint not null,
    reason      text not null
) on commit drop

-- name: empty_returning_reports
-- Before each file of a transaction.
truncate returning_report

-- name: empty_returning_rejections
-- The same of rejections.
truncate returning_rejection

-- name: copy_returning_reports
-- Reports.
copy returning_report from stdin (format csv)

-- name: copy_returning_rejections
-- Rejections.
copy returning_rejection from stdin (format csv)

-- name: return_reports
-- Put them where they were; what is there stays as it is. A vehicle that was forgotten since stays so.
insert into report (observed_at, received_at, equipment, vehicle_key, latitude, longitude,
                    journey_key, speed, bearing, hdop, satellites)
select timestamptz '1970-01-01 00:00:00+00' + back.observed_at * interval '1 microsecond',
       timestamptz '1970-01-01 00:00:00+00' + back.received_at * interval '1 microsecond',
       back.equipment, back.vehicle_key, back.latitude, back.longitude,
       back.journey_key, back.speed, back.bearing, back.hdop, back.satellites
from returning_report as back
where not exists (
    select from forgotten_vehicle as forgotten
    where forgotten.vehicle_key = back.vehicle_key
      and date_part('epoch', forgotten.forgotten_at) * 1e6 > back.observed_at
)
order by back.vehicle_key, back.observed_at
on conflict do nothing

-- name: return_recorded_later
-- And when they were recorded, of those that are there now.
insert into recorded_later (vehicle_key, observed_at, recorded_at)
select known.vehicle_key, known.observed_at,
       timestamptz '1970-01-01 00:00:00+00' + back.recorded_at * interval '1 microsecond'
from returning_report as back
join report as known
    on known.vehicle_key = back.vehicle_key
    and known.observed_at = timestamptz '1970-01-01 00:00:00+00'
                            + back.observed_at * interval '1 microsecond'
where back.recorded_at is not null
on conflict do nothing

-- name: return_rejections
-- The same of rejections: a minute that is there is there whole.
insert into rejection (vehicle_key, minute, first_at, last_at, first_reason, last_reason)
select vehicle_key, date_trunc('minute', rejected_at, 'UTC'), min(rejected_at), max(rejected_at),
       (array_agg(reason order by rejected_at))[1],
       (array_agg(reason order by rejected_at desc))[1]
from (
    select vehicle_key, reason,
           timestamptz '1970-01-01 00:00:00+00' + rejected_at * interval '1 microsecond'
               as rejected_at
    from returning_rejection
) as back
group by vehicle_key, date_trunc('minute', rejected_at, 'UTC')
on conflict do nothing
