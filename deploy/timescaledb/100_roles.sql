-- Run once by the image, when the database is new: who logs in, and with what. The superuser is left
-- to you. What the groups may do is granted by `fleetgauge migrate` (storage/sql/roles.sql).
\set ON_ERROR_STOP on
\set owner_password `cat /run/fleetgauge/fleetgauge`
\set ingest_password `cat /run/fleetgauge/ingest`
\set admin_password `cat /run/fleetgauge/admin`
\set metrics_password `cat /run/fleetgauge/metrics`
\set web_password `cat /run/fleetgauge/web`
\set grafana_password `cat /run/fleetgauge/grafana`

-- The groups may be there: whoever may make roles makes them by `fleetgauge migrate` or `restore`.
select format('create role %I nologin', name)
from unnest(array['fleetgauge_ingest', 'fleetgauge_admin', 'fleetgauge_metrics',
                  'fleetgauge_publisher', 'fleetgauge_reader']) as name
where not exists (select from pg_roles where rolname = name)
\gexec

-- The owner migrates, and does nothing else.
create role fleetgauge login password :'owner_password';
alter database fleetgauge owner to fleetgauge;

-- The limits leave ingest room, and so does what the server reserves (docker-compose.yml).
create role ingest login password :'ingest_password' in role fleetgauge_ingest;
grant pg_use_reserved_connections to ingest;
create role admin login password :'admin_password' in role fleetgauge_admin connection limit 10;
create role metrics login password :'metrics_password' in role fleetgauge_metrics
    connection limit 20;
create role web login password :'web_password' in role fleetgauge_metrics, fleetgauge_publisher
    connection limit 20;
create role grafana login password :'grafana_password' in role fleetgauge_reader
    connection limit 20;

-- A mistaken question ends by itself. A user may lift both limits of time in his session, so
-- `fleetgauge metrics`, which is given the right by its membership, ends what is over them; the
-- limit of temporary files he cannot lift.
alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '30s';
alter role grafana set temp_file_limit = '1GB';
alter role web set default_transaction_read_only = on;
alter role web set statement_timeout = '30s';
alter role web set temp_file_limit = '1GB';
grant fleetgauge_reader to metrics;
grant grafana, web to metrics;

-- Advisory locks and large objects are for everybody by default: with a lock of ours a reader keeps
-- ingest from starting, with a hundred thousand others it uses up the memory for locks, and with
-- large objects the disk.
\c fleetgauge
do $$
declare
    each regprocedure;
begin
    for each in
        select oid::regprocedure
        from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace
          and (proname ~ '^pg_(try_)?advisory_' or proname ~ '^lo_' or proname in ('lowrite', 'loread'))
    loop
        execute format('revoke execute on function %s from public', each);
        if each::text like '%advisory%' then
            execute format('grant execute on function %s to fleetgauge, fleetgauge_ingest, '
                           'fleetgauge_admin', each);
        end if;
    end loop;
end
$$;
