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

-- name: excess
-- What a role is that needs less: superuser, owner, or null.
select case
    when (select rolsuper from pg_roles where rolname = current_user) then 'superuser'
    when pg_has_role(relowner, 'USAGE') then 'owner'
end
from pg_class
where oid = 'report'::regclass
