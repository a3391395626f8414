"""What the dashboards read: views and functions in a schema of their own, for a role that reads.

Their columns are a contract with dashboards that others have made from ours: add, rename none. The
functions run with the rights of their owner, as views do: the reader sees no table. An operator's
words ("operator", "depot") are used instead of the tables' keys; what the registry does not name is
"—", so that a dashboard's variable can choose it.
"""

# ruff: noqa: E501 (a comment on a column is one SQL literal)
from alembic import op

from storage.engine import run_script

revision = "0003"
down_revision = "0002"

SCHEMA = """
create schema grafana;
comment on schema grafana is 'what the dashboards read; a stable contract';
"""

BUS_NOW = """
create function grafana.bus_now(state_window interval default '5 minutes')
returns table (
    operator             text,
    vehicle              text,
    plate                text,
    route                text,
    depot                text,
    municipality         text,
    trackable            boolean,
    reason               text,
    since                timestamptz,
    fix_at               timestamptz,
    fix_age_s            double precision,
    contact_at           timestamptz,
    rejected_at           timestamptz,
    rejected_reason       text,
    latitude             double precision,
    longitude            double precision,
    speed_kmh            real,
    bearing_deg          real,
    cctv_declared        boolean,
    cctv_observed        boolean,
    cctv_observed_at     timestamptz,
    cctv_working         boolean,
    cashless_declared    boolean,
    cashless_observed    boolean,
    cashless_observed_at timestamptz,
    cashless_working     boolean
)
language sql stable security definer rows 2000 set search_path from current
as $$
    select fleet.operator_id, fleet.vehicle_id, fleet.plate,
           coalesce(state.route_id, fleet.route_id, '—'), coalesce(fleet.depot, '—'),
           coalesce(fleet.municipality, '—'),
           judged.reason is null, judged.reason,
           case when judged.reason is not null then state.fix_at + state_window end,
           state.fix_at, extract(epoch from greatest(now() - state.fix_at, interval '0'))::float8,
           state.contact_at, state.rejected_at, state.rejected_reason,
           state.latitude, state.longitude, (state.speed_mps * 3.6)::real, state.bearing_deg,
           fleet.cctv, state.cctv_fitted, state.cctv_fitted_at, state.cctv_working,
           fleet.cashless, state.cashless_fitted, state.cashless_fitted_at, state.cashless_working
    from fleet_at(now()) as fleet
    left join vehicle_state as state on state.vehicle_key = fleet.vehicle_key
    cross join lateral (
        select case
            when state.fix_at >= now() - state_window then null
            when state.contact_at is null and state.rejected_at is null then 'never_seen'
            when state.rejected_at >= now() - state_window
                 and (state.contact_at is null or state.rejected_at > state.contact_at)
            then case when state.rejected_reason in ('in_future', 'too_old') then 'bad_clock'
                      else 'rejected' end
            when state.contact_at >= now() - state_window then 'no_fix'
            else 'silent' end as reason
    ) as judged
$$;
comment on function grafana.bus_now is 'each vehicle of the fleet now: is it trackable within the window, why not and since when, where it was last, what it has; route: from the newest fix, else from the registry';
"""

EQUIPMENT_NOW = """
create view grafana.equipment_now as
select bus.operator, bus.vehicle, bus.plate, bus.route, bus.depot, bus.municipality,
       flag.equipment, flag.declared, flag.observed, flag.observed_at,
       coalesce(flag.observed, flag.declared, false) as equipped,
       coalesce(flag.observed, flag.declared, false) and coalesce(flag.working, false) as working,
       coalesce(flag.observed, flag.declared, false) and flag.working is false as broken,
       case when flag.observed is null then 'declared' else 'observed' end as source,
       flag.observed is not null and flag.declared is not null
           and flag.observed <> flag.declared as differs
from grafana.bus_now() as bus
cross join lateral (values
    ('cctv', bus.cctv_declared, bus.cctv_observed, bus.cctv_observed_at, bus.cctv_working),
    ('cashless', bus.cashless_declared, bus.cashless_observed, bus.cashless_observed_at,
     bus.cashless_working)
) as flag (equipment, declared, observed, observed_at, working);
comment on view grafana.equipment_now is 'each vehicle and piece of equipment: declared in the registry, observed in the newest report, equipped (observed before declared), working, broken (said not to work), and whether the two words differ';

create function grafana.equipment_broken()
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
language sql stable security definer rows 100 set search_path from current
as $$
    select broken.operator, broken.vehicle, broken.plate, broken.route, broken.depot,
           broken.municipality, broken.equipment, worked.observed_at,
           (select min(said.observed_at) from equipment_report as said
            where said.vehicle_key = vehicle.vehicle_key and said.equipment = broken.equipment
              and said.working is false
              and said.observed_at > coalesce(worked.observed_at, '-infinity'))
    from grafana.equipment_now as broken
    join vehicle on vehicle.operator_id = broken.operator and vehicle.vehicle_id = broken.vehicle
    left join lateral (
        select said.observed_at from equipment_report as said
        where said.vehicle_key = vehicle.vehicle_key and said.equipment = broken.equipment
          and said.working
        order by said.observed_at desc limit 1
    ) as worked on true
    where broken.broken
$$;
comment on function grafana.equipment_broken is 'the equipment that is said not to work now, and since when; last_worked_at is null where it was never said to work';
"""

HISTORY = """
create view grafana.bus_fix as
select vehicle.operator_id as operator, vehicle.vehicle_id as vehicle, fix.observed_at,
       fix.received_at, fix.latitude, fix.longitude, (fix.speed_mps * 3.6)::real as speed_kmh,
       fix.bearing_deg, fix.hdop, fix.satellites, fix.route_id as route, fix.trip_id as trip
from vehicle
join fix on fix.vehicle_key = vehicle.vehicle_key;
comment on view grafana.bus_fix is 'every stored position; ask for a vehicle and a time range';

create view grafana.bus_report as
select vehicle.operator_id as operator, vehicle.vehicle_id as vehicle, report.at, report.kind
from vehicle
join (
    select vehicle_key, observed_at as at, 'position' as kind from fix
    union all
    select vehicle_key, observed_at, equipment from equipment_report
    union all
    select vehicle_key, observed_at, 'contact' from contact
    union all
    select vehicle_key, rejected_at, 'rejected' from rejection
) as report on report.vehicle_key = vehicle.vehicle_key;
comment on view grafana.bus_report is 'what a vehicle sent, by what was kept of it: position, cctv and cashless (a word on that equipment), contact (neither), rejected (at its reception); ask for a vehicle and a time range';

create view grafana.equipment_word as
select vehicle.operator_id as operator, vehicle.vehicle_id as vehicle, said.equipment,
       said.observed_at, said.received_at, said.fitted, said.working
from vehicle
join equipment_report as said on said.vehicle_key = vehicle.vehicle_key;
comment on view grafana.equipment_word is 'each word of a vehicle on its equipment; working is null where it did not tell';

create view grafana.rejected_message as
select operator_id as operator, vehicle_id as vehicle, received_at, last_received_at, times,
       reports, reason, detail, encode(topic, 'escape') as topic,
       left(encode(payload, 'escape'), 300) as payload
from rejected_message;
comment on view grafana.rejected_message is 'rejected messages that are kept, the payload''s beginning as text; the same rejected again is the same row, some times more';

create view grafana.account as
select hour, sum(received)::bigint as received, sum(stored)::bigint as stored,
       sum(duplicate)::bigint as duplicate, sum(contact)::bigint as contact,
       sum(rejected)::bigint as rejected
from reception
group by hour;
comment on view grafana.account is 'the account of every report received, by hour of its booking; the four outcomes add up';
"""

KPI = """
create view grafana.operator as
select operator_id as operator, coalesce(name, operator_id) as name, time_zone from operator;
comment on view grafana.operator is 'the operators, with the time zone of their service days';

create view grafana.target as
select indicator, period_from, period_to, operator_id as operator, municipality, ratio
from target
where known_to = 'infinity';
comment on view grafana.target is 'the planned ratios as they are known now; of the whole fleet where operator and municipality are null';

create function grafana.kpi_on(
    on_date date, trailing_days integer default 7, minimum_minutes integer default 10
)
returns table (
    operator     text,
    depot        text,
    municipality text,
    vehicles     bigint,
    trackable    bigint,
    cctv         bigint,
    cashless     bigint
)
language sql stable security definer rows 200 set search_path from current
-- The coarse end, the same for all, is there for the planner, which leaves out younger chunks by it.
as $$
    with fleet as materialized (
        select * from fleet_on(on_date)
    ), tracked as (
        select distinct vehicle_key
        from (
            select vehicle_key from vehicle_day
            where day between on_date - trailing_days + 1 and on_date
            group by vehicle_key, day
            having bit_count(bit_or(minutes)) >= minimum_minutes
        ) as tracked_day
    )
    select fleet.operator_id, coalesce(fleet.depot, '—'), coalesce(fleet.municipality, '—'),
           count(*), count(tracked.vehicle_key),
           count(*) filter (where coalesce(
               case when state.cctv_fitted_at < fleet.day_end then state.cctv_fitted
                    when state.cctv_fitted_at is not null and state.first_contact_at < fleet.day_end then (
                        select fitted from equipment_report as said
                        where said.vehicle_key = fleet.vehicle_key and said.equipment = 'cctv'
                          and said.observed_at < (on_date + 2)::timestamp at time zone 'UTC'
                          and said.observed_at < fleet.day_end
                        order by said.observed_at desc limit 1) end, fleet.cctv, false)),
           count(*) filter (where coalesce(
               case when state.cashless_fitted_at < fleet.day_end then state.cashless_fitted
                    when state.cashless_fitted_at is not null and state.first_contact_at < fleet.day_end then (
                        select fitted from equipment_report as said
                        where said.vehicle_key = fleet.vehicle_key and said.equipment = 'cashless'
                          and said.observed_at < (on_date + 2)::timestamp at time zone 'UTC'
                          and said.observed_at < fleet.day_end
                        order by said.observed_at desc limit 1) end, fleet.cashless, false))
    from fleet
    left join tracked on tracked.vehicle_key = fleet.vehicle_key
    left join vehicle_state as state on state.vehicle_key = fleet.vehicle_key
    group by 1, 2, 3
$$;
comment on function grafana.kpi_on is 'the KPI of a local day, as everything is known now: the fleet, the vehicles with a tracked day within the trailing days, and the vehicles equipped at the day''s end; by operator, depot and municipality';

create function grafana.kpi_by_month(
    since timestamptz, until timestamptz,
    trailing_days integer default 7, minimum_minutes integer default 10
)
returns table (
    month        timestamptz,
    on_date      date,
    operator     text,
    depot        text,
    municipality text,
    vehicles     bigint,
    trackable    bigint,
    cctv         bigint,
    cashless     bigint
)
language sql stable security definer rows 2000 set search_path from current
as $$
    select month::timestamptz, days.on_date, kpi.*
    from generate_series(date_trunc('month', since), until, interval '1 month') as month
    cross join lateral (
        select least((month + interval '1 month' - interval '1 day')::date, until::date) as on_date
    ) as days
    cross join lateral grafana.kpi_on(days.on_date, trailing_days, minimum_minutes) as kpi
    -- Before the first report nothing is known: that is no month with a share of zero.
    where days.on_date >= (select least(min(first_contact_at), min(first_rejected_at))::date
                           from vehicle_state)
$$;
comment on function grafana.kpi_by_month is 'the KPI of each month''s last day, of the current month today''s; only dates of which anything is stored';

create function grafana.window_share()
returns table (
    window_s     integer,
    operator     text,
    depot        text,
    municipality text,
    vehicles     bigint,
    trackable    bigint
)
language sql stable security definer rows 2000 set search_path from current
as $$
    select edge.window_s, bus.operator, bus.depot, bus.municipality, count(*),
           count(*) filter (where bus.fix_age_s <= edge.window_s)
    from grafana.bus_now() as bus
    cross join unnest(array[60, 90, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, 28800,
                            43200, 86400]) as edge (window_s)
    group by 1, 2, 3, 4
$$;
comment on function grafana.window_share is 'how many vehicles are trackable now by each window from a minute to a day';

create function grafana.municipality_now(state_window interval default '5 minutes')
returns table (
    municipality text,
    operator     text,
    depot        text,
    vehicles     bigint,
    trackable    bigint,
    latitude     double precision,
    longitude    double precision
)
language sql stable security definer rows 200 set search_path from current
as $$
    with bus as materialized (
        select * from grafana.bus_now(state_window)
    ), place as (
        select municipality,
               percentile_cont(0.5) within group (order by latitude) as latitude,
               percentile_cont(0.5) within group (order by longitude) as longitude
        from bus
        where latitude is not null
        group by municipality
    )
    select bus.municipality, bus.operator, bus.depot, count(*), count(*) filter (where trackable),
           place.latitude, place.longitude
    from bus
    left join place on place.municipality = bus.municipality
    group by bus.municipality, bus.operator, bus.depot, place.latitude, place.longitude
$$;
comment on function grafana.municipality_now is 'fleet and trackable vehicles by municipality, operator and depot; the place of a municipality is the middle of where its buses were last';
"""

READER = """
revoke all on schema grafana from public;
revoke all on all functions in schema grafana from public;
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
"""


def upgrade() -> None:
    """Create the schema, its views, and who may read them."""
    for script in (SCHEMA, BUS_NOW, EQUIPMENT_NOW, HISTORY, KPI, READER):
        run_script(op.get_bind(), script)
