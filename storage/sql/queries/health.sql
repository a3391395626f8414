-- What `fleetgauge check` asks of a database. Every question is one that any role may ask.

-- name: server
-- Which server this is, and as whom we are connected.
select current_setting('server_version') as version,
       current_setting('server_version_num')::integer as version_number,
       current_user::text as role,
       pg_is_in_recovery() as is_standby,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') as sees_sessions,
       array(select rolname::text from pg_roles
             where rolname in ('fleetgauge_ingest', 'fleetgauge_admin', 'fleetgauge_metrics',
                               'fleetgauge_publisher', 'fleetgauge_reader')
               and pg_has_role(current_user, oid, 'USAGE')
             order by rolname) as groups

-- name: extension
-- TimescaleDB: installed, offered, its edition, and whether positions are in chunks.
select (select extversion from pg_extension where extname = 'timescaledb') as version,
       exists (select from pg_available_extensions where name = 'timescaledb') as is_offered,
       current_setting('timescaledb.license', true) as license,
       exists (select from pg_inherits where inhparent = to_regclass('report'))
           or not exists (select from pg_class where oid = to_regclass('report') and reltuples > 0)
           as is_in_chunks

-- name: settings
-- Settings of the server that decide about loss and upkeep, as they hold for our session. A role that
-- is made to read alone, as those of the pages and of Grafana are, is no fault of the server's.
select current_setting('fsync')::boolean as fsync,
       current_setting('full_page_writes')::boolean as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('autovacuum')::boolean as autovacuum,
       current_setting('data_checksums')::boolean as data_checksums,
       (select setting::boolean and source not in ('user', 'database user')
        from pg_settings
        where name = 'default_transaction_read_only') as is_read_only,
       current_setting('max_connections')::integer as max_connections,
       (select count(*) from pg_stat_activity where backend_type = 'client backend')
           as connections

-- name: size
-- The database's size, and what a position takes with its indexes, of those parts that were analysed.
-- What a compressed chunk holds is in a table of its own, and its number of rows is the chunk's.
with part as (
    select oid, reltuples
    from pg_class
    where oid = 'report'::regclass
       or oid in (select inhrelid from pg_inherits where inhparent = 'report'::regclass)
    union all
    select oid, 0
    from pg_class
    where relnamespace = to_regnamespace('_timescaledb_internal')
      and relname ~ '^compress_hyper_\d+_\d+_chunk$'
)
select pg_database_size(current_database()) as database_bytes,
       sum(pg_total_relation_size(oid)) filter (where reltuples >= 0) as report_bytes,
       sum(reltuples) filter (where reltuples > 0) as reports
from part

-- name: rate
-- What has been stored within the last seven days, and over which time.
select coalesce(sum(stored), 0)::bigint as stored,
       coalesce(extract(epoch from now() - min(hour)), 0)::float8 as seconds
from reception
where hour >= date_trunc('hour', now()) - interval '7 days'

-- name: dead_rows
-- Tables of which more than half is dead, and of the small ones nothing.
select relname::text as table_name, n_dead_tup as dead, n_live_tup as live,
       greatest(last_vacuum, last_autovacuum) as vacuumed_at
from pg_stat_user_tables
where n_dead_tup > greatest(20000, n_live_tup)
order by n_dead_tup desc

-- name: oldest_transaction_id
-- How many transactions the oldest row that is not frozen is old: at 2 billion the server stops.
select age(datfrozenxid)::bigint as age from pg_database where datname = current_database()

-- name: long_snapshots
-- Sessions whose transaction has held vacuum back for too long.
select usename::text as role, application_name as application,
       extract(epoch from clock_timestamp() - xact_start)::float8 as seconds
from pg_stat_activity
where backend_xmin is not null and backend_type = 'client backend'
  and pid <> pg_backend_pid()
  and xact_start < clock_timestamp() - %(limit)s::interval
order by xact_start

-- name: held_back
-- What holds vacuum or the write-ahead log back without a session: slots that nobody reads, prepared
-- transactions that nobody ends.
select 'slot' as kind, slot_name::text as name,
       coalesce(pg_wal_lsn_diff(
           case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
           restart_lsn), 0)::bigint as bytes
from pg_replication_slots
where not active
union all
select 'prepared', gid, 0
from pg_prepared_xacts
where prepared < now() - %(limit)s::interval

-- name: unreadable
-- Tables of ours that our role may not read.
select current_user::text as role,
       coalesce(array_agg(relname::text order by relname), '{}') as tables
from pg_class
where relnamespace = current_schema()::regnamespace and relkind = 'r'
  and relname in ('schema_script', 'vehicle', 'vehicle_state', 'vehicle_day', 'reception', 'worker_uptime')
  and not has_table_privilege(oid, 'select')

-- name: ingest
-- When a worker was connected last, which; and what became of its session.
select (select max(last_seen_at) from worker_uptime) as seen_at,
       (select extract(epoch from now() - max(last_seen_at))::float8 from worker_uptime)
           as unseen_seconds,
       (select max(hour) + interval '1 hour' from reception where received > 0) as received_until,
       (select extract(epoch from now() - max(hour) - interval '1 hour')::float8
        from reception where received > 0) as silent_seconds

-- name: clock
-- The server's clock.
select clock_timestamp()

-- name: data_directory
-- Where the server keeps its data, for whom it tells.
select setting from pg_settings where name = 'data_directory'

-- name: tasks
-- When each task of an administrator's was done last; and since when there is anything to lose.
select task, done_at, extract(epoch from now() - done_at)::float8 as ago_seconds
from upkeep

-- name: recorded_seconds
-- For how long reports have been recorded; null: there are none.
select extract(epoch from now() - min(hour))::float8 as seconds from reception
