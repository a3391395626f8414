-- Each vehicle's newest state: as it is, and as it was at a past moment.

create or replace function newest_minute(vehicle integer, until timestamptz)
returns table (minute timestamptz)
language sql stable parallel safe
-- The offset keeps the planner from working out a day's beginning wherever it is named.
begin atomic
    select max(newest_seen(local.begins, said.minutes, newest_minute.until))
    from vehicle
    join days_at(newest_minute.until) as today on today.operator_id = vehicle.operator_id
    cross join lateral (
        select day.day, day.minutes
        from vehicle_day as day
        where day.vehicle_key = vehicle.vehicle_key and day.day = today.day
        union all
        (select before.day, before.minutes
         from vehicle_day as before
         where before.vehicle_key = vehicle.vehicle_key and before.minutes_count > 0
           and before.day < today.day
         order by before.day desc limit 1)
    ) as said
    cross join lateral (
        select minutes_begin(vehicle.operator_id, said.day, newest_minute.until) as begins
        offset 0
    ) as local
    where vehicle.vehicle_key = newest_minute.vehicle;
end;
comment on function newest_minute is 'the newest minute with a fix that began until a moment, by what the days count, which are kept for ever; null: none did';

create or replace function older_reading(vehicle integer, at timestamptz, place bigint, day date)
returns bigint language sql stable parallel safe
begin atomic
    select greatest(
        (select reading(said.observed_at, said.equipment, older_reading.place)
         from report as said
         where said.vehicle_key = older_reading.vehicle
           and said.observed_at <= older_reading.at
           and said.observed_at > older_reading.at - interval '26 hours'
           and said.equipment >> (2 * (older_reading.place - 1))::integer & 3 <> 0
         order by said.observed_at desc limit 1),
        (select before.equipment[older_reading.place]
         from vehicle_day as before
         where before.vehicle_key = older_reading.vehicle
           and before.day <= older_reading.day
           and before.equipment[older_reading.place] < reading(older_reading.at, 1, 1) + 3
         order by before.day desc, before.equipment[older_reading.place] desc limit 1)
    );
end;
comment on function older_reading is 'the newest reading in one place, not after a moment of a local day: from the reports of that day, else by what the days count, which are kept for ever';

create or replace function state_at(at timestamptz, within interval)
returns table (
    vehicle_key     integer,
    contact_at      timestamptz,
    fix_at          timestamptz,
    fix_heard_at    timestamptz,
    rejected_at     timestamptz,
    rejected_reason text,
    journey_key     integer,
    flags           bigint
)
language sql stable parallel safe
-- What of a state is no younger than the moment was the newest then, too. Only the rest is looked
-- up, first where it most probably is: the last day's bound is a constant by which the planner
-- leaves out all other chunks. When a vehicle with a fix in the window was heard decides nothing.
-- What came late is looked for no farther back than the oldest that came then is of: without that,
-- each day of the history was looked into.
begin atomic
    with known as materialized (
        select state.*, local.day,
               (reading(state_at.at, 1, 1) + 3 <= any(state.equipment)) is true as says_later,
               case when state.fix_at <= state_at.at then state.fix_at
                    else recent.observed_at end as fix_then,
               case when state.fix_at <= state_at.at then state.journey_key
                    else recent.journey_key end as journey_then,
               case when state.first_contact_at <= state_at.at
                    then state.first_contact_at end as first_contact_then
        from vehicle_state as state
        join vehicle on vehicle.vehicle_key = state.vehicle_key
        -- Each has one: of an inner join the planner thinks that it leaves few vehicles.
        left join days_at(state_at.at) as local on local.operator_id = vehicle.operator_id
        left join lateral (
            select fix.observed_at, fix.journey_key
            from report as fix
            where fix.vehicle_key = state.vehicle_key
              and fix.observed_at <= state_at.at
              and fix.observed_at > state_at.at - greatest(state_at.within, interval '1 day')
              and fix.latitude is not null
              and state.fix_at > state_at.at and state.first_observed_at <= state_at.at
            order by fix.observed_at desc limit 1
        ) as recent on true
        where least(state.first_contact_at, state.first_observed_at, state.first_rejected_at)
              <= state_at.at
    ), oldest as materialized (
        select min(late.oldest_at) as observed_at, count(*) > 0 as is_any
        from late_reception as late
        where late.hour > state_at.at - state_at.within - interval '1 hour'
          and late.hour <= state_at.at
    ), late as materialized (
        select late.vehicle_key, max(late.received_at) as heard_at,
               max(late.received_at)
                   filter (where has_position(late.latitude, late.equipment)) as fix_heard_at
        from (
            select newer.vehicle_key, newer.received_at, newer.observed_at, newer.equipment,
                   newer.latitude
            from report as newer
            where newer.observed_at > state_at.at - state_at.within - interval '24 hours'
              and newer.observed_at <= state_at.at
              and newer.received_at - newer.observed_at > interval '1 minute'
              and newer.received_at > state_at.at - state_at.within
              and newer.received_at <= state_at.at
            union all
            select older.vehicle_key, older.received_at, older.observed_at, older.equipment,
                   older.latitude
            from report as older
            where (select is_any from oldest)
              and older.observed_at <= state_at.at - state_at.within - interval '24 hours'
              and older.observed_at >= (select oldest.observed_at from oldest)
              and older.received_at - older.observed_at > interval '1 minute'
              and older.received_at > state_at.at - state_at.within
              and older.received_at <= state_at.at
        ) as late
        where heard_at_reception(late.equipment)
        group by late.vehicle_key
    )
    select known.vehicle_key,
           case when known.contact_at <= state_at.at then known.contact_at
                -- What the days count may have come later, as a backlog does.
                else coalesce(greatest(heard.at, late.heard_at, heard_before.at),
                              case when known.first_contact_then is not null
                                   then coalesce(counted.minute, known.first_contact_then) end) end,
           coalesce(known.fix_then, older.observed_at, counted.minute),
           case when known.fix_heard_at <= state_at.at then known.fix_heard_at
                else greatest(heard.fix_at, late.fix_heard_at) end,
           case when known.rejected_at <= state_at.at then known.rejected_at
                else rejected.rejected_at end,
           case when known.rejected_at <= state_at.at then known.rejected_reason
                else rejected.reason end,
           case when known.fix_then is null then older.journey_key else known.journey_then end,
           case when not known.says_later then known.flags
                when places_of(known.flags) & ~places_of(said.flags) = 0 then said.flags
                else flags_of(array(
                    select case when said.reading < reading(state_at.at, 1, 1) + 3
                                then said.reading
                                when said.since <= state_at.at
                                then older_reading(
                                    known.vehicle_key, state_at.at, said.place, known.day
                                ) end
                    from unnest(known.equipment, known.equipment_since) with ordinality
                        as said (reading, since, place)
                    order by said.place
                )) end
    from known
    left join late on late.vehicle_key = known.vehicle_key
    left join lateral (
        -- What a bus says of its equipment it mostly says of all of it at once.
        select flags_in(said.equipment) as flags
        from report as said
        where said.vehicle_key = known.vehicle_key
          and said.observed_at <= state_at.at
          and said.observed_at > state_at.at - interval '26 hours'
          and flags_in(said.equipment) <> 0
          and known.says_later
        order by said.observed_at desc limit 1
    ) as said on true
    left join lateral (
        select fix.observed_at, fix.journey_key
        from report as fix
        where fix.vehicle_key = known.vehicle_key
          and fix.observed_at <= state_at.at - greatest(state_at.within, interval '1 day')
          and fix.latitude is not null
          and known.fix_then is null and known.first_observed_at <= state_at.at
        order by fix.observed_at desc limit 1
    ) as older on true
    left join lateral (
        -- Whose reports have been thrown away since was seen and heard all the same. The offset
        -- keeps the planner from reading the days of all others as well.
        select counted.minute
        from newest_minute(
            known.vehicle_key, state_at.at - interval '1 minute'
        ) as counted
        where known.fix_then is null and older.observed_at is null
          and known.first_observed_at <= state_at.at
        offset 0
    ) as counted on true
    left join lateral (
        select max(heard_at(said.observed_at, said.received_at, said.equipment)) as at,
               max(heard_at(said.observed_at, said.received_at, said.equipment))
                   filter (where has_position(said.latitude, said.equipment)) as fix_at
        from report as said
        where said.vehicle_key = known.vehicle_key
          and said.observed_at > state_at.at - state_at.within - interval '1 minute'
          and said.observed_at <= state_at.at + interval '1 minute'
          and heard_at(said.observed_at, said.received_at, said.equipment) <= state_at.at
          and known.contact_at > state_at.at
          and (known.fix_then >= state_at.at - state_at.within) is not true
    ) as heard on true
    left join lateral (
        select heard_at(said.observed_at, said.received_at, said.equipment) as at
        from report as said
        where said.vehicle_key = known.vehicle_key
          and said.observed_at <= state_at.at
          and heard_at(said.observed_at, said.received_at, said.equipment) <= state_at.at
          and known.contact_at > state_at.at and known.first_contact_at <= state_at.at
          and greatest(heard.at, late.heard_at) is null
          and (known.fix_then >= state_at.at - state_at.within) is not true
        order by said.observed_at desc limit 1
    ) as heard_before on true
    left join lateral (
        -- Of the moment's own minute the first and the last are known.
        select case when rejection.last_at <= state_at.at
                    then rejection.last_at else rejection.first_at end as rejected_at,
               case when rejection.last_at <= state_at.at
                    then rejection.last_reason else rejection.first_reason end as reason
        from rejection
        where rejection.vehicle_key = known.vehicle_key
          and rejection.minute <= state_at.at and rejection.first_at <= state_at.at
          and known.rejected_at > state_at.at and known.first_rejected_at <= state_at.at
          and (known.fix_then >= state_at.at - state_at.within) is not true
        order by rejection.minute desc limit 1
    ) as rejected on true;
end;
comment on function state_at is 'the states of a past moment, of all that is known now: what was observed until then however late it came, and what was heard until then';

create or replace function rests_on_since(at timestamptz, within interval)
returns timestamptz language sql stable parallel safe
-- Of a local day only the last readings are kept for ever: one of before the moment that a later one
-- of that day hid is known from the reports alone.
begin atomic
    select least(
        rests_on_since.at - rests_on_since.within - interval '1 minute',
        (select min(minutes_begin(local.operator_id, local.day, rests_on_since.at))
         from days_at(rests_on_since.at) as local)
    );
end;
comment on function rests_on_since is 'the first moment of the reports that figures of a past moment rest on; of what is older the days tell, which are kept for ever';

create or replace function figures(at timestamptz, within interval, past boolean)
returns table (
    vehicle_key     integer,
    operator_id     text,
    plate           text,
    attributes      jsonb,
    declared        bigint,
    observed        bigint,
    route_observed  text,
    route_known     boolean,
    fix_at          timestamptz,
    contact_at      timestamptz,
    rejected_at     timestamptz,
    rejected_reason text,
    reason          text,
    equipped        bigint,
    working         bigint
)
language sql stable parallel safe
-- The planner knows `past` and leaves out the one of the two that is not asked for.
begin atomic
    select fleet.vehicle_key, fleet.operator_id, fleet.plate, fleet.attributes,
           fleet.equipment, coalesce(state.flags, 0),
           (select journey.route_id from journey where journey.journey_key = state.journey_key),
           coalesce(state.journey_key > 0, false) or fleet.attributes ? 'route_id',
           state.fix_at, state.contact_at, state.rejected_at, state.rejected_reason,
           why_not_trackable(state.fix_at, state.fix_heard_at, state.contact_at,
                             state.rejected_at, state.rejected_reason,
                             figures.at, figures.within),
           equipped(coalesce(state.flags, 0), fleet.equipment),
           working(coalesce(state.flags, 0), fleet.equipment)
    from fleet_at(figures.at) as fleet
    left join (
        select now.vehicle_key, now.contact_at, now.fix_at, now.fix_heard_at, now.rejected_at,
               now.rejected_reason, now.journey_key, now.flags
        from vehicle_state as now
        where not figures.past
        union all
        select once.*
        from (
            -- Worked out once, and not for each vehicle, where the planner takes the fleet for one
            -- row: it does of a list that was just imported.
            with of_moment as materialized (
                select past.* from state_at(figures.at, figures.within) as past
            )
            select * from of_moment
        ) as once
        where figures.past
    ) as state on state.vehicle_key = fleet.vehicle_key;
end;
comment on function figures is 'each vehicle of the fleet now, or at a past moment: is it trackable within the window, why not, on which route, what it has';

create or replace function unregistered(at timestamptz, past boolean)
returns table (vehicle_key integer, operator_id text, contact_at timestamptz)
language sql stable parallel safe
-- Neither in the fleet, nor on the day it was last heard: a bus that has retired and is silent
-- publishes nothing. One that somebody has dismissed is left out from then on.
begin atomic
    select state.vehicle_key, state.operator_id, state.contact_at
    from (
        select now.vehicle_key, vehicle.operator_id,
               case when not unregistered.past or now.contact_at <= unregistered.at
                    then now.contact_at
                    else coalesce(before.heard_at, counted.minute) end as contact_at
        from vehicle_state as now
        join vehicle on vehicle.vehicle_key = now.vehicle_key
        left join lateral (
            select heard_at(said.observed_at, said.received_at, said.equipment)
            from report as said
            where said.vehicle_key = now.vehicle_key
              and said.observed_at <= unregistered.at
              and heard_at(said.observed_at, said.received_at, said.equipment) <= unregistered.at
              and unregistered.past
              and now.first_contact_at <= unregistered.at and now.contact_at > unregistered.at
            order by said.observed_at desc limit 1
        ) as before (heard_at) on true
        left join lateral (
            select counted.minute
            from newest_minute(
                now.vehicle_key, unregistered.at - interval '1 minute'
            ) as counted
            where unregistered.past and before.heard_at is null
              and now.first_contact_at <= unregistered.at and now.contact_at > unregistered.at
            offset 0
        ) as counted on true
        where now.vehicle_key not in (select fleet.vehicle_key from fleet_at(unregistered.at) as fleet)
    ) as state
    where state.contact_at is not null
      and (
          -- Few are left: the limit keeps the planner from reading the whole registry once more.
          select true from registry_entry as entry
          where entry.vehicle_key = state.vehicle_key and entry.known_to = 'infinity'
            and (
                select local.day from days_at(state.contact_at) as local
                where local.operator_id = state.operator_id
            ) between entry.in_service_from and entry.in_service_to
          limit 1
      ) is null
      and not exists (
          select from dismissal
          where dismissal.vehicle_key = state.vehicle_key
            and dismissal.known_from <= unregistered.at
            and unregistered.at < dismissal.known_to
      );
end;
comment on function unregistered is 'the vehicles that publish, or did at a past moment, and are neither registered nor dismissed';
