-- Who is connected, and with which rights.

-- name: end_long_transactions
-- End the sessions of readers whose transaction lasts too long, however they set their time limits.
-- Never our own role's, nor one that has its rights otherwise: a superuser, or who made the groups.
with late as materialized (
    select pid, usename::text, date_part('epoch', clock_timestamp() - xact_start) as seconds, state
    from pg_stat_activity
    join pg_roles as role on role.oid = usesysid and not role.rolsuper
    where datname = current_database() and backend_type = 'client backend'
      and usename <> current_user
      and exists (
          select from pg_roles as reader
          where reader.rolname in ('fleetgauge_reader', 'fleetgauge_metrics')
            and pg_has_role(usesysid, reader.oid, 'USAGE')
      )
      and pg_has_role(usesysid, 'USAGE')
      and clock_timestamp() - xact_start > %(limit)s
)
select usename, seconds, state from late where pg_terminate_backend(pid)

-- name: missing_rights
-- What somebody who may has to run first, so that our role can make the schema; null: nothing.
with ours as (
    select current_user as role,
           has_database_privilege(current_database(), 'create') as creates_schemas
)
select string_agg(statement, '; ' order by place)
from ours
cross join lateral (
    select 1, 'create extension timescaledb'
    from pg_available_extensions
    where name = 'timescaledb' and installed_version is null and not creates_schemas
    union all
    select 2, format('grant usage on schema %I to %I', nspname, role)
    from pg_extension
    join pg_namespace as home on home.oid = extnamespace
    where extname = 'timescaledb' and not has_schema_privilege(home.oid, 'usage')
    union all
    select 3, format('create schema %1$I authorization %1$I', role)
    where not coalesce(has_schema_privilege(current_schema(), 'create'), false)
    union all
    select 4, format('create schema grafana authorization %I', role)
    where not creates_schemas and to_regnamespace('grafana') is null
    union all
    select 5, format('alter schema grafana owner to %I', role)
    from pg_namespace
    where nspname = 'grafana' and not pg_has_role(nspowner, 'usage')
) as missing (place, statement)

-- name: excess
-- What a role is that needs less: superuser, owner, or null.
select case
    when (select rolsuper from pg_roles where rolname = current_user) then 'superuser'
    when pg_has_role(relowner, 'USAGE') then 'owner'
end
from pg_class
where oid = 'report'::regclass
