-- The KPI of a date: its fleet, the days on which each vehicle was tracked, its equipment then.

create or replace function best_days(
    since date, until date, minimum_live integer default 0, known_on date default null
)
returns table (
    vehicle_key   integer,
    minutes       integer,
    best_day      date,
    live_minutes  integer,
    route_minutes integer,
    moved_m       double precision
)
language sql stable parallel safe
-- A day has more than one row only where some of it was recorded on another day: of such days the
-- minutes are or-ed, which are at least as many as those of each row. Minutes and day are one
-- number, whose greatest is the best: of days that are as good, the last.
begin atomic
    select day.vehicle_key,
           max(day.minutes * 1000 + (day.day - best_days.since)) / 1000,
           best_days.since + max(day.minutes * 1000 + (day.day - best_days.since)) % 1000,
           max(day.live_minutes), max(day.route_minutes), max(day.moved_m)
    from (
        select written.vehicle_key, written.day, written.minutes_count::integer as minutes,
               written.live_count::integer as live_minutes,
               written.route_count::integer as route_minutes,
               moved_m(written.south, written.north, written.west, written.east) as moved_m
        from vehicle_day as written
        where written.day between best_days.since and best_days.until
          and (best_days.known_on is null or written.recorded_on <= best_days.known_on)
        union all
        select written.vehicle_key, written.day,
               minutes_on_map(bit_or(written.minutes), 0),
               minutes_on_map(bit_or(written.minutes), 1),
               minutes_on_map(bit_or(written.minutes), 2),
               moved_m(min(written.south), max(written.north),
                       min(written.west), max(written.east))
        from vehicle_day as written
        where written.day between best_days.since and best_days.until
          and (best_days.known_on is null or written.recorded_on <= best_days.known_on)
          and (written.day, written.vehicle_key) in (
              select late.day, late.vehicle_key
              from vehicle_day as late
              where late.day between best_days.since and best_days.until
                and late.recorded_on <> late.day
          )
        group by written.vehicle_key, written.day
        having count(*) > 1
    ) as day
    where day.minutes > 0 and day.live_minutes >= best_days.minimum_live
    group by day.vehicle_key;
end;
comment on function best_days is 'each vehicle''s best day between two, both included: distinct minutes with a fix, and which day that was; and the most minutes received live and on a route, and the farthest it moved, of any of these days; by what was recorded until the local day known_on, or by all';

create or replace function flags_on(day date, known_on date default null)
returns table (vehicle_key integer, flags bigint)
language sql stable parallel safe
-- A bus says it again every so often, so the last days are asked first.
begin atomic
    select reading.vehicle_key,
           bit_or((coalesce(reading.fitted, 0) & 3) << 4 * reading.number
                  | (coalesce(reading.works, 0) & 3) << 4 * reading.number + 2)
    from (
        select state.vehicle_key, kind.number,
               coalesce(recent.fitted, (
                   select older.equipment[2 * kind.number + 1]
                   from vehicle_day as older
                   where older.vehicle_key = state.vehicle_key
                     and older.day < flags_on.day - 6
                     and (flags_on.known_on is null or older.recorded_on <= flags_on.known_on)
                     and older.equipment[2 * kind.number + 1] is not null
                   order by older.day desc, older.equipment[2 * kind.number + 1] desc limit 1
               )) as fitted,
               case when state.equipment[2 * kind.number + 2] is not null
                    then coalesce(recent.works, (
                        select older.equipment[2 * kind.number + 2]
                        from vehicle_day as older
                        where older.vehicle_key = state.vehicle_key
                          and older.day < flags_on.day - 6
                          and (flags_on.known_on is null
                               or older.recorded_on <= flags_on.known_on)
                          and older.equipment[2 * kind.number + 2] is not null
                        order by older.day desc, older.equipment[2 * kind.number + 2] desc limit 1
                    )) end as works
        from equipment_kind as kind
        join vehicle_state as state on state.equipment[2 * kind.number + 1] is not null
        left join (
            select each.number, written.vehicle_key,
                   max(written.equipment[2 * each.number + 1]) as fitted,
                   max(written.equipment[2 * each.number + 2]) as works
            from equipment_kind as each
            cross join vehicle_day as written
            where written.day between flags_on.day - 6 and flags_on.day
              and (flags_on.known_on is null or written.recorded_on <= flags_on.known_on)
            group by each.number, written.vehicle_key
        ) as recent on recent.vehicle_key = state.vehicle_key and recent.number = kind.number
    ) as reading
    group by reading.vehicle_key;
end;
comment on function flags_on is 'what was observed last of each vehicle''s equipment until a local day''s end, as flags; by what was recorded until the local day known_on, or by all';

create or replace function kpi_vehicles(
    day date, trailing_days integer, minimum_minutes integer, minimum_live integer default 0,
    known_on date default null
)
returns table (
    vehicle_key        integer,
    operator_id        text,
    plate              text,
    attributes         jsonb,
    trackable          boolean,
    trackable_on_route boolean,
    minutes            integer,
    best_day           date,
    live_minutes       integer,
    route_minutes      integer,
    moved_m            double precision,
    declared           bigint,
    observed           bigint,
    equipped           bigint,
    working            bigint
)
language sql stable parallel safe
-- Without "offset 0" the fleet is taken for smaller than it is, and 100,000 vehicles take a fifth
-- longer.
begin atomic
    select fleet.vehicle_key, fleet.operator_id, fleet.plate, fleet.attributes,
           coalesce(best.minutes >= kpi_vehicles.minimum_minutes, false),
           coalesce(best.route_minutes >= kpi_vehicles.minimum_minutes, false),
           coalesce(best.minutes, 0), best.best_day, coalesce(best.live_minutes, 0),
           coalesce(best.route_minutes, 0), best.moved_m,
           fleet.equipment, coalesce(flags.flags, 0),
           equipped(coalesce(flags.flags, 0), fleet.equipment),
           working(coalesce(flags.flags, 0), fleet.equipment)
    from (
        select * from fleet_on(kpi_vehicles.day, kpi_vehicles.known_on) offset 0
    ) as fleet
    left join best_days(
        kpi_vehicles.day - kpi_vehicles.trailing_days + 1, kpi_vehicles.day,
        kpi_vehicles.minimum_live, kpi_vehicles.known_on
    ) as best on best.vehicle_key = fleet.vehicle_key
    left join flags_on(kpi_vehicles.day, kpi_vehicles.known_on) as flags
        on flags.vehicle_key = fleet.vehicle_key;
end;
comment on function kpi_vehicles is 'the KPI of a local day, vehicle by vehicle: of the day''s fleet, who has a tracked day (or one on route) within the trailing days, and what is fitted and works at the day''s end';
