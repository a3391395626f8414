-- What a migration finds, drops and puts on record.

-- name: existing
-- Functions and views that no extension has made, by their identity; ours are those of a name that a
-- repeatable script creates.
with named as (
    select 'function' as kind, pg_proc.oid, pg_proc.oid::regprocedure::text as identity,
           pronamespace as namespace, proname as name, prosqlbody is not null as is_bound,
           'pg_proc'::regclass as catalogue
    from pg_proc
    where prokind = 'f' and not exists (select from pg_trigger where tgfoid = pg_proc.oid)
    union all
    select case relkind when 'm' then 'materialized view' else 'view' end, oid, oid::regclass::text,
           relnamespace, relname, true, 'pg_class'::regclass
    from pg_class
    where relkind in ('v', 'm')
)
select kind, identity,
       namespace in (current_schema()::regnamespace, to_regnamespace('grafana'))
       and case namespace when to_regnamespace('grafana') then 'grafana.' else '' end || name
           = any(%(names)s) as is_ours,
       namespace = to_regnamespace('grafana')
       or namespace = current_schema()::regnamespace and is_bound as may_be_ours
from named
where namespace <> 'pg_catalog'::regnamespace
  and namespace <> 'information_schema'::regnamespace
  and not exists (
      select from pg_depend
      where classid = catalogue and objid = named.oid and deptype = 'e'
  )
order by identity

-- name: drop
-- The statement that drops a function or a view, with what rests on it; it may be gone already.
select format('drop %%s if exists %%s cascade', %(kind)s::text, %(identity)s::text)

-- name: on_record
-- What a migration has put on record as made by repeatable scripts, or as no longer needed.
select name, checksum from schema_script where kind = %(kind)s order by name

-- name: put_on_record
-- The same; the checksum's place holds what kind of object it is.
insert into schema_script (kind, name, checksum) values (%(kind)s, %(name)s, %(what)s)
on conflict (kind, name) do update set checksum = excluded.checksum, applied_at = now()

-- name: take_off_record
-- What is no longer so.
delete from schema_script where kind = %(kind)s and name = %(name)s

-- name: older_services
-- How many services run that were started by another version than the one given.
select count(*)
from pg_stat_activity
where datname = current_database() and starts_with(application_name, %(application)s)
  and application_name <> %(application)s || %(fingerprint)s

-- name: give_way
-- A lock is waited for no longer than ingest may stand behind it.
select set_config('lock_timeout', '2s', true)
