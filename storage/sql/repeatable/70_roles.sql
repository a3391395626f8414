-- Who may read what the dashboards read, and that is all that this role may do.

revoke all on schema grafana from public;
revoke all on all functions in schema grafana from public;
-- A role that only reads needs no tables of its own, however short-lived.
do $$
begin
    if pg_has_role((select datdba from pg_database where datname = current_database()), 'USAGE') then
        execute format('revoke temporary on database %I from public', current_database());
    end if;
end
$$;
do $$
begin
    begin
        if not exists (select from pg_roles where rolname = 'fleetgauge_reader') then
            create role fleetgauge_reader nologin;
        end if;
    exception
        when insufficient_privilege then
            raise notice 'no right to create the role fleetgauge_reader: see dashboards/README.md';
            return;
        when duplicate_object or unique_violation then
            null;  -- another migration of this server was faster
    end;
    grant usage on schema grafana to fleetgauge_reader;
    grant select on all tables in schema grafana to fleetgauge_reader;
    grant execute on all functions in schema grafana to fleetgauge_reader;
end
$$;
