-- The fleet: the registry's vehicles that are in service.

create or replace function zones()
returns table (
    operator_id text,
    time_zone   text,
    since       timestamptz,
    until       timestamptz
)
language sql stable parallel safe
begin atomic
    select past.operator_id, past.time_zone,
           case when lag(past.known_from) over own is null then '-infinity'
                else past.known_from end,
           lead(past.known_from, 1, 'infinity') over own
    from operator_history as past
    window own as (partition by past.operator_id order by past.known_from);
end;
comment on function zones is 'the time zones that each operator had, since <= moment < until, by the server''s clock; what it is set to later moves no moment of the past. The time before anything was recorded of the operator has the first that was';

create or replace function days_at(moment timestamptz)
returns table (operator_id text, time_zone text, day date)
language sql stable parallel safe
begin atomic
    select zone.operator_id, zone.time_zone, local_day(days_at.moment, zone.time_zone)
    from zones() as zone
    where zone.since <= days_at.moment and days_at.moment < zone.until;
end;
comment on function days_at is 'each operator''s service day of a moment, in the time zone that it had then';

create or replace function minutes_begin(operator text, day date, moment timestamptz)
returns timestamptz language sql stable parallel safe
-- On a day on which the zone is set to one further west local times come again: counted from the
-- midnight of both, two minutes would have one bit.
begin atomic
    select min(day_begins(minutes_begin.day, zone.time_zone))
    from zones() as zone
    where zone.operator_id = minutes_begin.operator
      and zone.since <= minutes_begin.moment
      and zone.since < day_begins(minutes_begin.day + 1, zone.time_zone)
      and zone.until > day_begins(minutes_begin.day, zone.time_zone);
end;
comment on function minutes_begin is 'from when the bits in vehicle_day.minutes count the minutes of an operator''s service day: its midnight, of the time zones that the operator had on that day until the moment the earliest';

create or replace function fleet_at(moment timestamptz)
returns table (
    vehicle_key integer,
    operator_id text,
    plate       text,
    attributes  jsonb,
    equipment   bigint
)
language sql stable parallel safe
-- The local day is worked out once an operator, and operators are looked up only for the vehicles
-- that come or go on one of the two or three dates that it is on earth at the moment.
begin atomic
    select entry.vehicle_key, entry.operator_id, entry.plate, entry.attributes, entry.equipment
    from registry_entry as entry
    where entry.known_to = 'infinity'
      and (
          (
              entry.in_service_from <= (
                  select min(local.day) from days_at(fleet_at.moment) as local
              )
              and entry.in_service_to >= (
                  select max(local.day) from days_at(fleet_at.moment) as local
              )
          )
          or exists (
              select from days_at(fleet_at.moment) as local
              where local.operator_id = entry.operator_id
                and local.day between entry.in_service_from and entry.in_service_to
          )
      );
end;
comment on function fleet_at is 'the fleet of a moment''s local day in each operator''s time zone, as the registry knows it now';

create or replace function operator_now(name text)
returns text language sql stable parallel safe
-- Who was renamed is still meant by the former id, until another operator has that.
begin atomic
    select coalesce(
        (select operator.operator_id from operator where operator.operator_id = operator_now.name),
        (select renamed.operator_id
         from operator_rename as renamed
         where renamed.formerly = operator_now.name
         order by renamed.known_to desc limit 1),
        operator_now.name
    );
end;
comment on function operator_now is 'the present id of the operator that has, or once had, this one; an id that nobody ever had stays as it is';

create or replace function operator_then(operator text, moment timestamptz)
returns text language sql stable parallel safe
begin atomic
    select coalesce(
        (select renamed.formerly
         from operator_rename as renamed
         where renamed.operator_id = operator_then.operator
           and renamed.known_to >= operator_then.moment
         order by renamed.known_to limit 1),
        operator_then.operator
    );
end;
comment on function operator_then is 'the id that an operator had just before a moment; null: that it has now';

create or replace function zones_on(day date)
returns table (operator_id text, time_zone text)
language sql stable parallel safe
-- What an operator's zone is set to later moves no day of the past.
begin atomic
    select distinct on (zone.operator_id) zone.operator_id, zone.time_zone
    from zones() as zone
    where zone.since = '-infinity' or zone.since < day_begins(zones_on.day + 1, zone.time_zone)
    order by zone.operator_id, zone.since desc;
end;
comment on function zones_on is 'the time zone of each operator as it was known when a local day ended; of the time before anything was recorded of the operator, the first that was';

create or replace function zone_on(operator text, day date)
returns text language sql stable parallel safe
begin atomic
    select zone.time_zone
    from zones_on(zone_on.day) as zone
    where zone.operator_id = zone_on.operator;
end;
comment on function zone_on is 'the time zone of one operator as it was known when a local day ended';

create or replace function fleet_on(day date, known_on date default null)
returns table (
    vehicle_key integer,
    operator_id text,
    plate       text,
    attributes  jsonb,
    equipment   bigint,
    time_zone   text,
    day_end     timestamptz,
    known_end   timestamptz
)
language sql stable parallel safe
-- Of what is compared with something worked out the planner thinks that a third is left, of "is not
-- null" that all is: without that it would take the fleet for one vehicle, and whoever joins it
-- would work out the other side again for each vehicle.
begin atomic
    select entry.vehicle_key, entry.operator_id, entry.plate, entry.attributes, entry.equipment,
           local.time_zone, local.day_end, local.known_end
    from registry_entry as entry
    join (
        select operator.operator_id, zone.time_zone,
               day_begins(fleet_on.day + 1, zone.time_zone) as day_end,
               day_begins(fleet_on.known_on + 1, known.time_zone) as known_end
        from operator
        left join zones_on(fleet_on.day) as zone on zone.operator_id = operator.operator_id
        left join zones_on(fleet_on.known_on) as known
            on known.operator_id = operator.operator_id
        offset 0
    ) as local on local.operator_id = entry.operator_id
    where fleet_on.day between entry.in_service_from and entry.in_service_to
      and (
          (fleet_on.known_on is null and entry.known_to = 'infinity')
          or (fleet_on.known_on is not null and nullif(
                  entry.known_from < local.known_end and entry.known_to >= local.known_end, false
              ) is not null)
      );
end;
comment on function fleet_on is 'the fleet of a local day, as the registry knows it now, or as it knew it at the end of the local day known_on; day_end and known_end are the first moments after the two';
