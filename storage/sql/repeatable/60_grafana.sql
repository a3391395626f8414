-- What the dashboards read: a schema of its own, for a role that sees no table.
--
-- The columns are a contract with dashboards that others have made from ours: add, rename none.
-- The functions run with their owner's rights, as views do. Their bodies are bound to what they name
-- when they are created, so that no search_path and no temporary object of the reader's leads one
-- of them elsewhere. What the registry does not name is '—', so that a variable can choose it.

-- Where it is there already, nobody asks for the right to make schemas.
do $$
begin
    if to_regnamespace('grafana') is null then
        create schema grafana;
    end if;
end
$$;
comment on schema grafana is 'what the dashboards read; a stable contract';

create or replace function grafana.bus_now(state_window interval default '5 minutes')
returns table (
    operator        text,
    vehicle         text,
    plate           text,
    route           text,
    depot           text,
    municipality    text,
    vehicle_type    text,
    service_kind    text,
    trackable       boolean,
    reason          text,
    since           timestamptz,
    fix_at          timestamptz,
    fix_age_s       double precision,
    contact_at      timestamptz,
    rejected_at     timestamptz,
    rejected_reason text,
    latitude        double precision,
    longitude       double precision,
    speed_kmh       real,
    bearing_deg     real,
    attributes      jsonb
)
language sql stable security definer rows 2000
begin atomic
    select bus.operator_id, vehicle.vehicle_id, bus.plate,
           coalesce(route_of(bus.route_observed, bus.attributes ->> 'route_id'), '—'),
           coalesce(bus.attributes ->> 'depot', '—'),
           coalesce(bus.attributes ->> 'municipality', '—'),
           coalesce(bus.attributes ->> 'vehicle_type', '—'),
           coalesce(bus.attributes ->> 'service_kind', '—'),
           bus.reason is null, bus.reason,
           case when bus.reason is not null then bus.fix_at + bus_now.state_window end,
           bus.fix_at,
           case when bus.fix_at > now() then 0 else date_part('epoch', now() - bus.fix_at) end,
           bus.contact_at, bus.rejected_at, bus.rejected_reason,
           degrees(state.latitude), degrees(state.longitude),
           (measured(state.speed, 100) * 3.6)::real, measured(state.bearing, 10)::real,
           bus.attributes
    from figures(now(), bus_now.state_window, false) as bus
    join vehicle on vehicle.vehicle_key = bus.vehicle_key
    left join vehicle_state as state on state.vehicle_key = bus.vehicle_key;
end;
comment on function grafana.bus_now is 'each vehicle of the fleet now: is it trackable within the window, why not and since when, where it was last; attributes: all that the registry says of it; route: from the newest fix, else from the registry; fix_age_s: null where it never had a fix';

create or replace function grafana.equipment_of_fleet()
returns table (
    operator     text,
    vehicle      text,
    plate        text,
    route        text,
    depot        text,
    municipality text,
    equipment    text,
    declared     boolean,
    observed     boolean,
    observed_at  timestamptz,
    equipped     boolean,
    working      boolean,
    broken       boolean,
    source       text,
    differs      boolean
)
language sql stable security definer rows 4000
begin atomic
    select bus.operator_id, vehicle.vehicle_id, bus.plate,
           coalesce(route_of(bus.route_observed, bus.attributes ->> 'route_id'), '—'),
           coalesce(bus.attributes ->> 'depot', '—'),
           coalesce(bus.attributes ->> 'municipality', '—'),
           kind.name, said.declared, said.observed,
           reading_at(state.equipment[2 * kind.number + 1]),
           bus.equipped >> 4 * kind.number & 1 <> 0, bus.working >> 4 * kind.number & 1 <> 0,
           bus.equipped >> 4 * kind.number & 1 <> 0
               and flag_working(bus.observed, kind.number) is false,
           case when said.observed is null then 'declared' else 'observed' end,
           coalesce(said.observed <> said.declared, false)
    from figures(now(), interval '0', false) as bus
    join vehicle on vehicle.vehicle_key = bus.vehicle_key
    left join vehicle_state as state on state.vehicle_key = bus.vehicle_key
    cross join equipment_kind as kind
    cross join lateral (
        select flag_fitted(bus.declared, kind.number) as declared,
               flag_fitted(bus.observed, kind.number) as observed
    ) as said;
end;
comment on function grafana.equipment_of_fleet is 'what the view grafana.equipment_now shows';

create or replace view grafana.equipment_now as select * from grafana.equipment_of_fleet();
comment on view grafana.equipment_now is 'each vehicle and kind of equipment: declared in the registry, observed in the newest report of it, equipped (observed before declared), working, broken (said not to work), and whether registry and vehicle differ';

create or replace function grafana.equipment_broken()
returns table (
    operator       text,
    vehicle        text,
    plate          text,
    route          text,
    depot          text,
    municipality   text,
    equipment      text,
    last_worked_at timestamptz,
    broken_since   timestamptz
)
language sql stable security definer rows 100
-- Every position bears the flags: to look for the last good one among a year of them would read two
-- million. Of the days before yesterday it is the day's last reading that counts.
begin atomic
    select broken.operator, broken.vehicle, broken.plate, broken.route, broken.depot,
           broken.municipality, broken.equipment, worked.at, coalesce(failed.at, failed_on.at)
    from grafana.equipment_of_fleet() as broken
    join vehicle
        on vehicle.operator_id = broken.operator and vehicle.vehicle_id = broken.vehicle
    join equipment_kind as kind on kind.name = broken.equipment
    left join lateral (
        select said.observed_at as at
        from report as said
        where said.vehicle_key = vehicle.vehicle_key
          and said.observed_at > now() - interval '26 hours'
          and flag_working(said.equipment, kind.number)
        order by said.observed_at desc limit 1
    ) as lately on true
    left join lateral (
        select reading_at(day.equipment[2 * kind.number + 2]) as at
        from vehicle_day as day
        where day.vehicle_key = vehicle.vehicle_key and lately.at is null
          and day.equipment[2 * kind.number + 2] & 3 = 1
        order by day.day desc, day.equipment[2 * kind.number + 2] desc limit 1
    ) as before on true
    cross join lateral (select coalesce(lately.at, before.at) as at) as worked
    left join lateral (
        select reading_at(day.equipment[2 * kind.number + 2]) as at
        from vehicle_day as day
        where day.vehicle_key = vehicle.vehicle_key
          and day.equipment[2 * kind.number + 2] & 3 = 2
          and reading_at(day.equipment[2 * kind.number + 2])
              > coalesce(worked.at, '-infinity')
        order by day.day, day.equipment[2 * kind.number + 2] limit 1
    ) as failed_on on true
    left join lateral (
        select said.observed_at as at
        from report as said
        where said.vehicle_key = vehicle.vehicle_key
          and said.observed_at > coalesce(worked.at, failed_on.at - interval '26 hours')
          and said.observed_at <= failed_on.at
          and flag_working(said.equipment, kind.number) is false
        order by said.observed_at limit 1
    ) as failed on true
    where broken.broken;
end;
comment on function grafana.equipment_broken is 'the equipment that does not work now by its newest reading, and since when; last_worked_at is null where no reading ever said that it works';

create or replace view grafana.bus_fix as
select vehicle.operator_id as operator, vehicle.vehicle_id as vehicle, report.observed_at,
       report.received_at, degrees(report.latitude) as latitude,
       degrees(report.longitude) as longitude,
       (measured(report.speed, 100) * 3.6)::real as speed_kmh,
       measured(report.bearing, 10)::real as bearing_deg,
       measured(report.hdop, 100)::real as hdop,
       nullif(report.satellites, -1) as satellites,
       journey.route_id as route, journey.trip_id as trip
from vehicle
join report on report.vehicle_key = vehicle.vehicle_key
left join journey on journey.journey_key = report.journey_key
where report.latitude is not null;
comment on view grafana.bus_fix is 'every stored position; ask for a vehicle and a time range';

create or replace view grafana.bus_report as
select vehicle.operator_id as operator, vehicle.vehicle_id as vehicle, said.at, said.kind
from vehicle
cross join lateral (
    select observed_at, 'position'
    from report
    where report.vehicle_key = vehicle.vehicle_key and latitude is not null
    union all
    select report.observed_at, kind.name
    from report
    join equipment_kind as kind on report.equipment >> 4 * kind.number & 15 <> 0
    where report.vehicle_key = vehicle.vehicle_key
    union all
    -- Heard, and neither flags nor a position, of this moment or another.
    select observed_at, 'contact'
    from report
    where report.vehicle_key = vehicle.vehicle_key
      and heard_at(observed_at, received_at, equipment) is not null
      and flags_in(equipment) = 0 and not has_position(latitude, equipment)
    union all
    select first_at, 'rejected'
    from rejection
    where rejection.vehicle_key = vehicle.vehicle_key
    union all
    select last_at, 'rejected'
    from rejection
    where rejection.vehicle_key = vehicle.vehicle_key and last_at > first_at
) as said (at, kind);
comment on view grafana.bus_report is 'what a vehicle sent, by what was kept of it: position, the name of each kind of equipment that it says something of, contact (neither), rejected (at its reception: the first and the last of each minute); ask for a vehicle and a time range';

create or replace view grafana.equipment_reading as
select vehicle.operator_id as operator, vehicle.vehicle_id as vehicle, kind.name as equipment,
       report.observed_at, report.received_at,
       flag_fitted(report.equipment, kind.number) as fitted,
       flag_working(report.equipment, kind.number) as working
from vehicle
join report on report.vehicle_key = vehicle.vehicle_key
join equipment_kind as kind on report.equipment >> 4 * kind.number & 15 <> 0;
comment on view grafana.equipment_reading is 'what each report says of each kind of equipment; working is null where it does not say';

create or replace view grafana.rejected_message as
select operator_id as operator, vehicle_id as vehicle, received_at, last_received_at, times,
       reports, reason, detail, encode(topic, 'escape') as topic,
       left(encode(payload, 'escape'), 300) as payload
from rejected_message;
comment on view grafana.rejected_message is 'rejected messages that are kept, the payload''s beginning as text; the same rejected again is the same row, some times more';

create or replace view grafana.account as
select hour, sum(received)::bigint as received, sum(stored)::bigint as stored,
       sum(duplicate)::bigint as duplicate, sum(contact)::bigint as contact,
       sum(rejected)::bigint as rejected
from reception
group by hour;
comment on view grafana.account is 'the account of every report received, by hour of its booking; the four outcomes add up';

create or replace view grafana.operator as
select operator_id as operator, coalesce(name, operator_id) as name, time_zone,
       local_day(now(), time_zone) as today
from operator;
comment on view grafana.operator is 'the operators, with the time zone of their service days, and the date that it is there';

create or replace view grafana.target as
select indicator, period_from, period_to, operator_id as operator, municipality, ratio
from target
where known_to = 'infinity' and vehicle_type is null and service_kind is null;
comment on view grafana.target is 'the planned ratios as they are known now; of the whole fleet where operator and municipality are null. Those of a vehicle type or kind of service are left out';

create or replace function grafana.kpi_on(
    on_date date, trailing_days integer default 7, minimum_minutes integer default 10,
    minimum_live integer default 0
)
returns table (
    operator     text,
    depot        text,
    municipality text,
    vehicles     bigint,
    indicator    text,
    numerator    bigint
)
language sql stable security definer rows 400
-- A worker takes as long to start as the whole figure of a day.
set max_parallel_workers_per_gather = 0
begin atomic
    with vehicle as materialized (
        select kpi.operator_id, kpi.attributes ->> 'depot' as depot,
               kpi.attributes ->> 'municipality' as municipality, kpi.trackable,
               kpi.trackable_on_route, kpi.equipped, kpi.openly_published, count(*) as alike
        from kpi_vehicles(kpi_on.on_date, kpi_on.trailing_days, kpi_on.minimum_minutes,
                          kpi_on.minimum_live) as kpi
        group by 1, 2, 3, 4, 5, 6, 7
    )
    select vehicle.operator_id, coalesce(vehicle.depot, '—'), coalesce(vehicle.municipality, '—'),
           sum(vehicle.alike)::bigint, indicator.name,
           coalesce(sum(vehicle.alike) filter (where indicator.is_met), 0)::bigint
    from vehicle
    cross join lateral (
        select 'trackable', vehicle.trackable
        union all
        select 'trackable_on_route', vehicle.trackable_on_route
        union all
        select 'openly_published', vehicle.openly_published
        where vehicle.openly_published is not null
        union all
        select kind.name, vehicle.equipped >> 4 * kind.number & 1 <> 0
        from equipment_kind as kind
    ) as indicator (name, is_met)
    group by 1, 2, 3, 5;
end;
comment on function grafana.kpi_on is 'the KPI of a local day, as everything is known now: of the fleet by operator, depot and municipality, how many meet each indicator: trackable (a tracked day within the trailing days), trackable_on_route, each kind of equipment (equipped at the day''s end), and openly_published (on ten minutes of the day in the public feeds; no row before that was recorded)';

create or replace function grafana.kpi_vehicle(
    until timestamptz, trailing_days integer default 7, minimum_minutes integer default 10,
    minimum_live integer default 0
)
returns table (
    operator           text,
    vehicle            text,
    plate              text,
    depot              text,
    municipality       text,
    on_date            date,
    trackable          boolean,
    trackable_on_route boolean,
    only_late          boolean,
    motionless         boolean,
    minutes            integer,
    best_day           date,
    live_minutes       integer,
    route_minutes      integer,
    moved_m            integer,
    openly_published   boolean,
    published_minutes  integer
)
language sql stable security definer rows 2000
begin atomic
    select kpi.operator_id, vehicle.vehicle_id, kpi.plate,
           coalesce(kpi.attributes ->> 'depot', '—'),
           coalesce(kpi.attributes ->> 'municipality', '—'), day.on_date,
           kpi.trackable, kpi.trackable_on_route, kpi.only_late, kpi.motionless, kpi.minutes,
           kpi.best_day, kpi.live_minutes, kpi.route_minutes, kpi.moved_m,
           kpi.openly_published, kpi.published_minutes
    from (
        select local.day as on_date, array_agg(local.operator_id) as operators
        from days_at(kpi_vehicle.until) as local
        group by 1
    ) as day
    cross join lateral kpi_vehicles(
        day.on_date, kpi_vehicle.trailing_days, kpi_vehicle.minimum_minutes,
        kpi_vehicle.minimum_live
    ) as kpi
    join vehicle on vehicle.vehicle_key = kpi.vehicle_key
    where kpi.operator_id = any(day.operators);
end;
comment on function grafana.kpi_vehicle is 'the vehicles behind the KPI of the local day of a moment: who has a tracked day within the trailing days, the best of these days and its minutes, and what it stands on: only_late (trackable, and would not be by the minutes received live), motionless (trackable, and never moved 200 m)';

create or replace function grafana.kpi_by_month(
    since timestamptz, until timestamptz, trailing_days integer default 7,
    minimum_minutes integer default 10, minimum_live integer default 0
)
returns table (
    month        timestamptz,
    on_date      date,
    operator     text,
    depot        text,
    municipality text,
    vehicles     bigint,
    indicator    text,
    numerator    bigint
)
language sql stable security definer rows 5000
-- Before the first report nothing is known: that is not a month with a share of zero.
begin atomic
    with month as materialized (
        select operator.operator_id, local.begins,
               least(
                   (local.begins + interval '1 month' - interval '1 day')::date,
                   local_day(kpi_by_month.until, operator.time_zone)
               ) as on_date
        from operator
        cross join lateral generate_series(
            date_trunc('month', kpi_by_month.since at time zone operator.time_zone),
            kpi_by_month.until at time zone operator.time_zone, interval '1 month'
        ) as local (begins)
    )
    select month.begins at time zone 'UTC', month.on_date, kpi.*
    from (
        select distinct month.on_date
        from month
        where month.on_date >= (
            select min(local_day(
                least(state.first_contact_at, state.first_observed_at, state.first_rejected_at),
                operator.time_zone
            ))
            from vehicle_state as state
            join vehicle on vehicle.vehicle_key = state.vehicle_key
            join operator on operator.operator_id = vehicle.operator_id
        )
    ) as day
    cross join lateral grafana.kpi_on(
        day.on_date, kpi_by_month.trailing_days, kpi_by_month.minimum_minutes,
        kpi_by_month.minimum_live
    ) as kpi
    join month on month.operator_id = kpi.operator and month.on_date = day.on_date;
end;
comment on function grafana.kpi_by_month is 'the KPI of each month''s last day, of the month in which the period ends that of its last day, in the operator''s time zone; only dates of which anything is stored. month: the first of the month, at 0:00 UTC';

create or replace function grafana.window_share()
returns table (
    window_s     integer,
    operator     text,
    depot        text,
    municipality text,
    vehicles     bigint,
    trackable    bigint
)
language sql stable security definer rows 2000
begin atomic
    select edge.window_s, bus.operator, bus.depot, bus.municipality, count(*),
           count(*) filter (
               where trackable(bus.fix_at, now(), edge.window_s * interval '1 second')
           )
    from grafana.bus_now() as bus
    cross join unnest(array[60, 90, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, 28800,
                            43200, 86400]) as edge (window_s)
    group by 1, 2, 3, 4;
end;
comment on function grafana.window_share is 'how many vehicles are trackable now by each window from a minute to a day';

create or replace function grafana.municipality_now(state_window interval default '5 minutes')
returns table (
    municipality text,
    operator     text,
    depot        text,
    vehicles     bigint,
    trackable    bigint,
    latitude     double precision,
    longitude    double precision
)
language sql stable security definer rows 200
begin atomic
    with bus as materialized (
        select * from grafana.bus_now(municipality_now.state_window)
    ), place as (
        select bus.municipality,
               percentile_cont(0.5) within group (order by bus.latitude) as latitude,
               percentile_cont(0.5) within group (order by bus.longitude) as longitude
        from bus
        where bus.latitude is not null
        group by bus.municipality
    )
    select bus.municipality, bus.operator, bus.depot, count(*),
           count(*) filter (where bus.trackable), place.latitude, place.longitude
    from bus
    left join place on place.municipality = bus.municipality
    group by bus.municipality, bus.operator, bus.depot, place.latitude, place.longitude;
end;
comment on function grafana.municipality_now is 'fleet and trackable vehicles by municipality, operator and depot; the place of a municipality is the middle of where its buses were last';

create or replace function grafana.unregistered_now()
returns table (operator text, vehicle text, contact_at timestamptz)
language sql stable security definer rows 100
begin atomic
    select unknown.operator_id, vehicle.vehicle_id, unknown.contact_at
    from unregistered(now(), false) as unknown
    join vehicle on vehicle.vehicle_key = unknown.vehicle_key;
end;
comment on function grafana.unregistered_now is 'vehicles that publish and are not in the registry, and when each was last heard; they count in no figure';
