-- Who may do what. Run by every migration, since roles belong to the server and not to the
-- database: one that was restored elsewhere finds none of its grants there.
--
-- The roles are groups without a log-in; docs/security.md says what each is for. A migration that
-- may make no role leaves out those that are not there, and names them.

-- Nobody but the owner adds anything here, and who only reads needs no tables of its own, however
-- short-lived.
revoke all on schema grafana from public;
revoke all on all functions in schema grafana from public;
revoke all on function record_published from public;
do $$
declare
    owner oid := (select datdba from pg_database where datname = current_database());
begin
    if pg_has_role(owner, 'USAGE') then
        execute format('revoke temporary on database %I from public', current_database());
        execute format('revoke create on schema %I from public', current_schema());
    end if;
end
$$;

do $$
declare
    role text;
begin
    foreach role in array array['fleetgauge_ingest', 'fleetgauge_admin', 'fleetgauge_metrics',
                                'fleetgauge_publisher', 'fleetgauge_reader'] loop
        begin
            if not exists (select from pg_roles where rolname = role) then
                execute format('create role %I nologin', role);
            end if;
        exception
            when insufficient_privilege then null;
            when duplicate_object or unique_violation then null;  -- another migration was faster
        end;
    end loop;
end
$$;

-- One row: a privilege on a table that a role is to have. Only what is missing is granted, because a
-- grant on a hypertable goes through each of its chunks.
do $$
declare
    each record;
begin
    for each in
        with wanted (roles, privileges, relations) as (values
            -- What a batch needs, the worker's own rows, and the kinds of equipment that are new.
            (array['ingest', 'admin'], array['select', 'insert', 'update'],
             array['report', 'vehicle_state', 'vehicle_day', 'reception', 'reception_rejected',
                   'recorded_later', 'late_reception', 'rejected_message', 'rejection', 'probe',
                   'worker_uptime', 'broker_session']),
            (array['ingest', 'admin'], array['select', 'insert'],
             array['operator', 'operator_history', 'vehicle', 'journey',
                   'equipment_kind', 'rule_setting', 'installation']),
            -- A session that was retired.
            (array['ingest', 'admin'], array['delete'], array['broker_session']),
            -- To take turns: without MAINTAIN, LOCK TABLE asks for a right to change rows.
            (array['ingest', 'admin'],
             array[case when current_setting('server_version_num')::integer >= 170000
                        then 'maintain' else 'update' end],
             array['equipment_kind', 'rule_setting']),
            (array['admin'],
             array[case when current_setting('server_version_num')::integer >= 170000
                        then 'maintain' else 'update' end],
             array['vehicle']),
            (array['admin'], array['select', 'insert', 'update'], array['list_profile']),
            -- Figures of past reports, which a change of the fleet list may alter.
            (array['admin'], array['select'], array['published_day', 'published_since']),
            (array['admin'], array['select', 'insert', 'update'],
             array['operator', 'registry_entry', 'target', 'target_note', 'official_figure',
                   'milestone', 'service_hours', 'holiday', 'dismissal', 'route_feed',
                   'backfilled_file', 'forgotten_vehicle']),
            (array['admin'], array['select', 'insert'],
             array['registry_change', 'access_change', 'operator_rename', 'route', 'shape', 'route_shape', 'stop',
                   'route_stop', 'trip']),
            (array['admin'], array['delete'],
             array['report', 'recorded_later', 'rejected_message', 'stop', 'route_stop', 'trip']),
            (array['ingest', 'admin'], array['select'],
             array['schema_script', 'horizon', 'operator_rename', 'archived_file', 'upkeep']),
            -- Whether a position lies on the route that it names.
            (array['ingest', 'admin'], array['select'],
             array['route_feed', 'route_shape', 'shape'])
        )
        select 'fleetgauge_' || role as role, privilege, relation
        from wanted
        cross join unnest(roles) as role
        cross join unnest(privileges) as privilege
        cross join unnest(relations) as relation
        union all
        select 'fleetgauge_metrics', 'select', relname
        from pg_class
        where relnamespace = current_schema()::regnamespace and relkind in ('r', 'v')
          and relname not in ('installation', 'broker_session')
          and pg_has_role(relowner, 'USAGE')
        union all
        select 'fleetgauge_reader', 'select', 'grafana.' || relname
        from pg_class
        where relnamespace = 'grafana'::regnamespace and relkind = 'v'
    loop
        if exists (select from pg_roles where rolname = each.role)
           and not has_table_privilege(each.role, each.relation, each.privilege) then
            execute format('grant %s on %s to %I', each.privilege, each.relation, each.role);
        end if;
    end loop;

    for each in
        select rolname as role, rolname in ('fleetgauge_ingest', 'fleetgauge_admin') as writes
        from pg_roles
        where rolname in ('fleetgauge_ingest', 'fleetgauge_admin', 'fleetgauge_metrics',
                          'fleetgauge_publisher', 'fleetgauge_reader')
    loop
        if each.role <> 'fleetgauge_reader'
           and not has_schema_privilege(each.role, current_schema(), 'usage') then
            execute format('grant usage on schema %I to %I', current_schema(), each.role);
        end if;
        if each.writes then
            execute format('grant usage on all sequences in schema %I to %I', current_schema(),
                           each.role);
            -- A batch and a fleet list are staged in tables of the session.
            execute format('grant temporary on database %I to %I', current_database(), each.role);
            -- Which operators and vehicles the fleet list has, and no more of it.
            execute format('grant select (operator_id, vehicle_key) on registry_entry to %I',
                           each.role);
        elsif each.role = 'fleetgauge_publisher' then
            -- What is in the public feeds this minute, and nothing else.
            grant execute on function record_published to fleetgauge_publisher;
        elsif each.role = 'fleetgauge_reader' then
            grant usage on schema grafana to fleetgauge_reader;
            grant execute on all functions in schema grafana to fleetgauge_reader;
        end if;
    end loop;
end
$$;
