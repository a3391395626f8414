-- What is thrown away when it is old enough, and what has to be known of it afterwards.

-- name: lead
-- Be the only one who throws away, for as long as the transaction lasts; false: another does.
select pg_try_advisory_xact_lock(%(key)s)

-- name: horizons
-- From when on the rows of each table are kept; a table of which all is kept is not there.
select relation, kept_from from horizon

-- name: move_horizon
-- From when on the rows of a table are kept; it never moves back.
insert into horizon as known (relation, kept_from)
values (%(relation)s, %(until)s)
on conflict (relation) do update
set kept_from = excluded.kept_from, moved_at = clock_timestamp()
where known.kept_from < excluded.kept_from

-- name: keep_who_was_heard_later
-- A position that is thrown away may have come days after it was observed, in a backlog. That its
-- vehicle was heard then has a row of its own, at that moment.
insert into report as known (observed_at, received_at, equipment, vehicle_key, journey_key,
                             speed, bearing, hdop, satellites)
select received_at, received_at,
       bit_or(1::bigint << 60
              | case when has_position(latitude, equipment)
                     then 1::bigint << 62 else 0 end),
       vehicle_key, 0, -1, -1, -1, -1
from report
where observed_at < %(until)s and received_at >= %(until)s
  and received_at - observed_at > interval '1 minute'
  and heard_at_reception(equipment)
group by vehicle_key, received_at
order by vehicle_key, received_at
on conflict (vehicle_key, observed_at) do update
set equipment = known.equipment | excluded.equipment,
    received_at = first_reception(known.received_at, known.equipment,
                                  excluded.received_at, excluded.equipment)

-- name: is_timescaledb
-- Whether TimescaleDB is there; the next question needs it.
select from pg_extension where extname = 'timescaledb'

-- name: is_hypertable
-- Whether it keeps the positions in chunks: of a database that was restored from one without it, it
-- does not.
select from timescaledb_information.hypertables
where hypertable_schema = current_schema() and hypertable_name = 'report'

-- name: chunks
-- The chunks of a table that end until a moment, oldest first, each with its bytes on disk.
select range_start, range_end, total_bytes
from timescaledb_information.chunks
join chunks_detailed_size(format('%%I.%%I', current_schema(), %(relation)s::text)::regclass)
    using (chunk_schema, chunk_name)
where hypertable_schema = current_schema() and hypertable_name = %(relation)s
  and range_end <= %(until)s
order by range_start

-- name: wait_little
-- A chunk that somebody is reading is left for later: who comes after us would wait with us. And the
-- extension's functions are found, in whatever schema it is.
select set_config('lock_timeout', '2s', true),
       set_config('search_path', current_setting('search_path')
                                 || ', ' || extnamespace::regnamespace::text, true)
from pg_extension
where extname = 'timescaledb'

-- name: drop_chunk
-- Throw a chunk away, files and all.
select drop_chunks(format('%%I.%%I', current_schema(), %(relation)s::text)::regclass,
                   older_than => %(end)s::timestamptz, newer_than => %(start)s::timestamptz)

-- name: vehicles
-- Whose rows there may be.
select vehicle_key from vehicle order by vehicle_key

-- name: count_reports
-- How many of a vehicle's reports are older than a moment, but for days that were put back.
select count(*)
from report
where vehicle_key = %(vehicle_key)s and observed_at < %(until)s
  and (observed_at at time zone 'UTC')::date <> all(%(restored)s::date[])

-- name: delete_reports
-- A batch of them.
delete from report
where ctid = any(array(
    select ctid from report
    where vehicle_key = %(vehicle_key)s and observed_at < %(until)s
      and (observed_at at time zone 'UTC')::date <> all(%(restored)s::date[])
    limit %(limit)s
))

-- name: count_recorded_later
-- Of how many positions before a moment it is on record when they were recorded, but for days that
-- were put back.
select coalesce(sum(of_vehicle.positions), 0)::bigint
from vehicle
cross join lateral (
    select count(*) as positions
    from recorded_later as later
    where later.vehicle_key = vehicle.vehicle_key and later.observed_at < %(until)s
      and (later.observed_at at time zone 'UTC')::date <> all(%(restored)s::date[])
) as of_vehicle

-- name: delete_recorded_later
-- A batch of them, of a vehicle.
delete from recorded_later
where ctid = any(array(
    select ctid from recorded_later
    where vehicle_key = %(vehicle_key)s and observed_at < %(until)s
      and (observed_at at time zone 'UTC')::date <> all(%(restored)s::date[])
    limit %(limit)s
))

-- name: count_rejections
-- How many minutes in which a vehicle's messages were rejected are followed by another of the same
-- quarter of an hour, before a moment. No local day of any time zone begins within a quarter. The
-- quarter is said twice: as a bound for the index, and as what is hashed by, since a vehicle may have
-- been rejected in every minute of a year.
select count(*)
from rejection as known
where minute < %(until)s and minute >= coalesce(
          (select kept_from from horizon where relation = 'rejection'), '-infinity'
      )
  and exists (
      select from rejection as later
      where later.vehicle_key = known.vehicle_key and later.minute > known.minute
        and later.minute < date_bin('15 minutes', known.minute, 'epoch') + interval '15 minutes'
        and date_bin('15 minutes', later.minute, 'epoch')
            = date_bin('15 minutes', known.minute, 'epoch')
        and later.minute < %(until)s
  )

-- name: delete_rejections
-- A batch of them.
delete from rejection
where (vehicle_key, minute) in (
    select known.vehicle_key, known.minute
    from rejection as known
    where minute < %(until)s and minute >= coalesce(
              (select kept_from from horizon where relation = 'rejection'), '-infinity'
          )
      and exists (
          select from rejection as later
          where later.vehicle_key = known.vehicle_key and later.minute > known.minute
            and later.minute < date_bin('15 minutes', known.minute, 'epoch')
                               + interval '15 minutes'
            and date_bin('15 minutes', later.minute, 'epoch')
                = date_bin('15 minutes', known.minute, 'epoch')
            and later.minute < %(until)s
      )
    limit %(limit)s
)

-- name: row_bytes
-- What a row of a table takes on disk with its indexes and chunks, by what the server last counted; of
-- what it has not counted yet, by the rows that it saw coming, and by those counted here.
select sum(pg_total_relation_size(oid))
       / greatest(sum(greatest(reltuples, pg_stat_get_live_tuples(oid))), %(counted)s::bigint, 1)
from pg_class
where oid = to_regclass(%(relation)s)
   or oid in (select inhrelid from pg_inherits where inhparent = to_regclass(%(relation)s))

-- name: count_messages
-- How many kept rejected messages were last received before a moment.
select count(*) from rejected_message where last_received_at < %(until)s

-- name: delete_messages
-- A batch of them, the oldest first.
delete from rejected_message
where rejected_id = any(array(
    select rejected_id from rejected_message
    where last_received_at < %(until)s
    order by rejected_id limit %(limit)s
))

-- name: count_hours
-- How many rows of the account are of an hour before a moment, and not yet of a day.
select count(*)
from reception
where hour < %(until)s and hour <> date_trunc('day', hour, 'UTC')

-- name: merge_hours
-- The account of hours becomes that of their day, in UTC; its sums stay.
with hours as (
    delete from reception
    where hour < %(until)s and hour <> date_trunc('day', hour, 'UTC')
    returning *
)
insert into reception as known (hour, worker, received, stored, duplicate, contact, rejected)
select date_trunc('day', hour, 'UTC'), worker, sum(received), sum(stored), sum(duplicate),
       sum(contact), sum(rejected)
from hours
group by date_trunc('day', hour, 'UTC'), worker
on conflict (hour, worker) do update
set received = known.received + excluded.received,
    stored = known.stored + excluded.stored,
    duplicate = known.duplicate + excluded.duplicate,
    contact = known.contact + excluded.contact,
    rejected = known.rejected + excluded.rejected

-- name: merge_rejected_hours
-- The same of what was rejected, by reason.
with hours as (
    delete from reception_rejected
    where hour < %(until)s and hour <> date_trunc('day', hour, 'UTC')
    returning *
)
insert into reception_rejected as known (hour, worker, reason, reports)
select date_trunc('day', hour, 'UTC'), worker, reason, sum(reports)
from hours
group by date_trunc('day', hour, 'UTC'), worker, reason
on conflict (hour, worker, reason) do update
set reports = known.reports + excluded.reports
