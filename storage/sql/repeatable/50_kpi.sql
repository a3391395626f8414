-- The KPI of a date: its fleet, the days on which each vehicle was tracked, its equipment then.

create or replace function kinds_on(known_on date default null)
returns table (number smallint, name text)
language sql stable parallel safe
begin atomic
    select kind.number, kind.name
    from equipment_kind as kind
    where kinds_on.known_on is null or kind.known_from < (
        select coalesce(
            max(day_begins(kinds_on.known_on + 1, zone_on(operator_id, kinds_on.known_on))),
            'infinity'
        )
        from operator
    );
end;
comment on function kinds_on is 'the kinds of equipment that were known when the local day known_on ended, of the operator whose day ends last; or all';

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
           coalesce(
               max(day.minutes * 1000 + (day.day - best_days.since))
                   filter (where day.live_minutes >= best_days.minimum_live) / 1000,
               0
           ),
           best_days.since
           + max(day.minutes * 1000 + (day.day - best_days.since))
                 filter (where day.live_minutes >= best_days.minimum_live) % 1000,
           max(day.live_minutes),
           coalesce(
               max(day.route_minutes) filter (where day.live_minutes >= best_days.minimum_live), 0
           ),
           max(day.moved_m)
    from (
        select written.vehicle_key, written.day, written.minutes_count::integer as minutes,
               written.live_count::integer as live_minutes,
               written.route_count::integer as route_minutes,
               moved_m(written.south, written.north, written.west, written.east) as moved_m
        from vehicle_day as written
        where written.day between best_days.since and best_days.until
          and (best_days.known_on is null or written.recorded_on <= best_days.known_on)
          and written.minutes_count > 0
        union all
        select late.vehicle_key, late.day, merged.*
        from (
            select distinct written.vehicle_key, written.day
            from vehicle_day as written
            where written.day between best_days.since and best_days.until
              and written.recorded_on <> written.day
        ) as late
        cross join lateral (
            select minutes_on_map(bit_or(written.minutes), 0),
                   minutes_on_map(bit_or(written.minutes), 1),
                   minutes_on_map(bit_or(written.minutes), 2),
                   moved_m(min(written.south), max(written.north),
                           min(written.west), max(written.east))
            from vehicle_day as written
            where written.vehicle_key = late.vehicle_key and written.day = late.day
              and (best_days.known_on is null or written.recorded_on <= best_days.known_on)
              and written.minutes_count > 0
            having count(*) > 1
        ) as merged
    ) as day
    group by day.vehicle_key;
end;
comment on function best_days is 'each vehicle''s best day between two, both included: distinct minutes with a fix, which day that was, and the most minutes on a route, of the days with so many minutes received live; and of all these days the most minutes received live and the farthest it moved. By what was recorded until the local day known_on, or by all';

create or replace function reading_on(
    vehicle integer, place bigint, day date, known_on date default null
)
returns bigint language sql stable parallel safe
begin atomic
    select said.equipment[reading_on.place]
    from vehicle_day as said
    where said.vehicle_key = reading_on.vehicle and said.day <= reading_on.day
      and (reading_on.known_on is null or said.recorded_on <= reading_on.known_on)
      and said.equipment[reading_on.place] is not null
    order by said.day desc, said.equipment[reading_on.place] desc limit 1;
end;
comment on function reading_on is 'the newest reading in one place of vehicle_state.equipment until a local day''s end';

create or replace function flags_on(day date, known_on date default null)
returns table (vehicle_key integer, flags bigint)
language sql stable parallel safe
-- Most buses have a row of the day itself, and these are read together; the newest before it is
-- looked for bus by bus, which takes four times as long.
-- A bus says everything again every so often, so the newest row mostly has all that was ever said.
-- What it lacks, or where it is not its day's only one, is looked for by itself; but nothing of a
-- kind that was reported only later: all days would be gone through in vain. No local day ends later
-- than at noon in UTC. flags_of() of an array would take twice the time, for 100,000 vehicles 0.3 s.
begin atomic
    select state.vehicle_key,
           (select coalesce(bit_or((known.reading & 3) << (2 * (ever.place - 1))::integer), 0)
            from unnest(state.equipment_since) with ordinality as ever (since, place)
            cross join lateral (
                select coalesce(
                    case when not newest.is_one_of_several then newest.equipment[ever.place] end,
                    reading_on(state.vehicle_key, ever.place, flags_on.day, flags_on.known_on)
                ) as reading
            ) as known
            where ever.since < (flags_on.day + 1 + time '12:00') at time zone 'UTC')
    from vehicle_state as state
    left join vehicle_day as today
        on today.vehicle_key = state.vehicle_key and today.day = flags_on.day
        and today.recorded_on = flags_on.day
        and (flags_on.known_on is null or today.recorded_on <= flags_on.known_on)
        and today.equipment is not null
    cross join lateral (
        select said.equipment,
               exists (
                   select from vehicle_day as late
                   where late.day = said.day and late.vehicle_key = state.vehicle_key
                     and late.recorded_on <> late.day
               ) as is_one_of_several
        from (
            select today.day, today.equipment where today.day is not null
            union all (
                select earlier.day, earlier.equipment
                from vehicle_day as earlier
                where earlier.vehicle_key = state.vehicle_key and earlier.day <= flags_on.day
                  and (flags_on.known_on is null or earlier.recorded_on <= flags_on.known_on)
                  and earlier.equipment is not null
                order by earlier.day desc, earlier.recorded_on desc limit 1
            )
            limit 1
        ) as said
    ) as newest
    where state.equipment <> '{}';
end;
comment on function flags_on is 'what was observed last of each vehicle''s equipment until a local day''s end, as flags; by what was recorded until the local day known_on, or by all';

create or replace function kpi_vehicles(
    day date, trailing_days integer, minimum_minutes integer, minimum_live integer default 0,
    known_on date default null, minimum_published integer default 10,
    recorded_until date default null
)
returns table (
    vehicle_key        integer,
    operator_id        text,
    plate              text,
    attributes         jsonb,
    trackable          boolean,
    trackable_on_route boolean,
    only_late          boolean,
    motionless         boolean,
    minutes            integer,
    best_day           date,
    live_minutes       integer,
    route_minutes      integer,
    moved_m            integer,
    declared           bigint,
    observed           bigint,
    equipped           bigint,
    working            bigint,
    openly_published   boolean,
    published_minutes  integer
)
language sql stable parallel safe
-- Without "offset 0" the fleet is taken for smaller than it is, and 100,000 vehicles take a fifth
-- longer. That of the flags lets equipped() and working() be part of the query: given what has to be
-- looked up, they are called vehicle by vehicle, which took half of the time.
begin atomic
    select fleet.vehicle_key, fleet.operator_id, fleet.plate, fleet.attributes,
           coalesce(best.minutes >= kpi_vehicles.minimum_minutes, false),
           coalesce(best.route_minutes >= kpi_vehicles.minimum_minutes, false),
           coalesce(best.minutes >= kpi_vehicles.minimum_minutes
                    and best.live_minutes < kpi_vehicles.minimum_minutes, false),
           coalesce(best.minutes >= kpi_vehicles.minimum_minutes
                    and round(best.moved_m) < 200, false),
           coalesce(best.minutes, 0), best.best_day, coalesce(best.live_minutes, 0),
           coalesce(best.route_minutes, 0), round(best.moved_m)::integer,
           fleet.equipment, coalesce(flags.flags, 0),
           equipped(coalesce(flags.flags, 0), fleet.equipment),
           working(coalesce(flags.flags, 0), fleet.equipment),
           case when record.since < fleet.day_end
                then coalesce(public.minutes_count, 0) >= kpi_vehicles.minimum_published end,
           case when record.since < fleet.day_end
                then coalesce(public.minutes_count, 0)::integer end
    from (
        select * from fleet_on(kpi_vehicles.day, kpi_vehicles.known_on) offset 0
    ) as fleet
    left join best_days(
        kpi_vehicles.day - kpi_vehicles.trailing_days + 1, kpi_vehicles.day,
        kpi_vehicles.minimum_live,
        coalesce(kpi_vehicles.recorded_until, kpi_vehicles.known_on)
    ) as best on best.vehicle_key = fleet.vehicle_key
    left join (
        select *
        from flags_on(
            kpi_vehicles.day, coalesce(kpi_vehicles.recorded_until, kpi_vehicles.known_on)
        )
        offset 0
    ) as flags on flags.vehicle_key = fleet.vehicle_key
    left join published_day as public
        on public.vehicle_key = fleet.vehicle_key and public.day = kpi_vehicles.day
    left join published_since as record
        on record.since < coalesce(fleet.known_end, 'infinity');
end;
comment on function kpi_vehicles is 'the KPI of a local day, vehicle by vehicle: of the day''s fleet, who has a tracked day (or one on route) within the trailing days, and what is fitted and works at the day''s end. only_late: it is trackable, and would not be by the minutes received live; motionless: it is, and never moved 200 m. openly_published: on enough minutes of the day in the public feeds; null: that was not recorded yet. Of the fleet as known on the local day known_on, by what was recorded until then, or until recorded_until';

create or replace function why_not_tracked(
    vehicle integer, day date, trailing_days integer, minimum_minutes integer,
    known_on date default null
)
returns table (reason text, last_day date)
language sql stable parallel safe
-- By what the days count, which are kept for ever, and by the rejections, which are known at once:
-- so the answer of a date is the same years later. Who has a day with enough minutes, and yet no
-- tracked day, lacks minutes received live.
begin atomic
    select case
        when last.fix_day >= span.first_day and exists (
            select from vehicle_day as said
            where said.vehicle_key = why_not_tracked.vehicle
              and said.day between span.first_day and why_not_tracked.day
              and (why_not_tracked.known_on is null or said.recorded_on <= why_not_tracked.known_on)
              and said.minutes_count > 0
            group by said.day
            having minutes_on_map(bit_or(said.minutes), 0) >= why_not_tracked.minimum_minutes
        ) then 'late'
        when last.fix_day >= span.first_day then 'few_minutes'
        when last.day >= span.first_day then 'no_fix'
        when last.rejected_reason in ('in_future', 'too_old') then 'bad_clock'
        when last.rejected_reason is not null then 'rejected'
        when last.day is null then 'never_seen'
        else 'silent' end,
        last.day
    from (
        select why_not_tracked.day - why_not_tracked.trailing_days + 1 as first_day
    ) as span
    cross join lateral (
        select (
            select said.day
            from vehicle_day as said
            where said.vehicle_key = why_not_tracked.vehicle and said.day <= why_not_tracked.day
              and (why_not_tracked.known_on is null or said.recorded_on <= why_not_tracked.known_on)
            order by said.day desc limit 1
        ) as day, (
            select said.day
            from vehicle_day as said
            where said.vehicle_key = why_not_tracked.vehicle and said.day <= why_not_tracked.day
              and (why_not_tracked.known_on is null or said.recorded_on <= why_not_tracked.known_on)
              and said.minutes_count > 0
            order by said.day desc limit 1
        ) as fix_day, (
            select rejection.last_reason
            from rejection
            join vehicle on vehicle.vehicle_key = rejection.vehicle_key
            cross join lateral (
                select day_begins(
                           span.first_day, zone_on(vehicle.operator_id, span.first_day)
                       ) as begins,
                       day_begins(
                           why_not_tracked.day + 1,
                           zone_on(vehicle.operator_id, why_not_tracked.day)
                       ) as ends
            ) as days
            where rejection.vehicle_key = why_not_tracked.vehicle
              and rejection.minute >= days.begins and rejection.minute < days.ends
            order by rejection.minute desc limit 1
        ) as rejected_reason
    ) as last;
end;
comment on function why_not_tracked is 'the one reason why a vehicle of a local day''s fleet has no tracked day, as why_not_trackable has them, and few_minutes: on no day enough; and the last day until then of which a position or a flag is recorded';
