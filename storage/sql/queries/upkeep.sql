-- Backup and restore, and when each task of an administrator's was last done.

-- name: upkeep_done
-- That a task was done just now.
insert into upkeep (task) values (%(task)s)
on conflict (task) do update set done_at = clock_timestamp()

-- name: tables_to_dump
-- The tables that a dump has, those of TimescaleDB's chunks among them.
select count(*)
from pg_class
where relkind = 'r' and relpersistence = 'p'
  and (relnamespace = current_schema()::regnamespace
       or relnamespace = to_regnamespace('_timescaledb_internal'))

-- name: relations_of_positions
-- What figures of a date do not rest on, as pg_dump names tables. Chunks are the children of their
-- table.
select format('%I.%I', relnamespace::regnamespace, relname)
from pg_class
where oid in (to_regclass('report'), to_regclass('rejected_message'))
   or oid in (select inhrelid from pg_inherits where inhparent = to_regclass('report'))
   or relnamespace = to_regnamespace('_timescaledb_internal')
      and relname ~ '^compress_hyper_\d+_\d+_chunk$'
order by 1

-- name: tables
-- How many tables are here that no extension has made.
select count(*)
from pg_class
where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
  and not exists (
      select from pg_depend
      where pg_depend.objid = pg_class.oid and pg_depend.deptype = 'e'
  )

-- name: offers_timescaledb
-- Whether the server has TimescaleDB.
select from pg_available_extensions where name = 'timescaledb'

-- name: create_timescaledb
-- Before the dump does, whose role may not.
create extension if not exists timescaledb

-- name: find_timescaledb
-- Its functions, in whatever schema it is.
select set_config('search_path', current_setting('search_path')
                                 || ', ' || extnamespace::regnamespace::text, false)
from pg_extension
where extname = 'timescaledb'

-- name: before_restore
-- Background workers stop, and rows go into chunks as they are.
select timescaledb_pre_restore()

-- name: after_restore
-- As before.
select timescaledb_post_restore()

-- name: hand_over
-- What a superuser has restored becomes the database owner's, who migrates from now on. Chunks and
-- the sequences of columns go with their tables.
do $$
declare
    owner name := (select rolname from pg_roles join pg_database on datdba = pg_roles.oid
                   where datname = current_database());
    ours regnamespace[] := array[current_schema()::regnamespace, to_regnamespace('grafana')];
    statement text;
begin
    if owner = current_user then
        return;
    end if;
    for statement in
        select format('alter schema %s owner to %I', oid::regnamespace, owner)
        from pg_namespace
        where oid = any(ours) and nspowner = current_user::regrole
        union all
        select format('alter %s %s owner to %I',
                      case relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end,
                      pg_class.oid::regclass, owner)
        from pg_class
        left join pg_depend on pg_depend.classid = 'pg_class'::regclass
            and pg_depend.objid = pg_class.oid and pg_depend.deptype in ('e', 'a', 'i')
        where relnamespace = any(ours) and relkind in ('r', 'p', 'v', 'S')
          and relowner = current_user::regrole and pg_depend.objid is null
        union all
        select format('alter routine %s owner to %I', pg_proc.oid::regprocedure, owner)
        from pg_proc
        left join pg_depend on pg_depend.classid = 'pg_proc'::regclass
            and pg_depend.objid = pg_proc.oid and pg_depend.deptype = 'e'
        where pronamespace = any(ours) and proowner = current_user::regrole
          and pg_depend.objid is null
    loop
        execute statement;
    end loop;
end
$$

-- name: restored
-- What is there.
select (select count(*) from vehicle), (select count(*) from vehicle_day)
