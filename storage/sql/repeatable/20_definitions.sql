-- Every figure's definition, once (docs/definitions.md): asked for by the commands, the exporter and the dashboards.

create or replace function trackable(fix_at timestamptz, at timestamptz, within interval)
returns boolean language sql stable parallel safe
begin atomic
    select coalesce(fix_at >= at - within, false);
end;

create or replace function why_not_trackable(
    fix_at timestamptz, fix_heard_at timestamptz, contact_at timestamptz,
    rejected_at timestamptz, rejected_reason text, at timestamptz, within interval
)
returns text language sql stable parallel safe
-- Within the window, what was heard last decides.
begin atomic
    select case
        when trackable(fix_at, at, within) then null
        when contact_at is null and rejected_at is null then 'never_seen'
        when rejected_at >= at - within and (contact_at is null or rejected_at > contact_at)
        then case when rejected_reason in ('in_future', 'too_old') then 'bad_clock'
                  else 'rejected' end
        when contact_at >= at - within
        then case when fix_heard_at >= at - within then 'late' else 'no_fix' end
        else 'silent' end;
end;
comment on function why_not_trackable is 'the one reason why a vehicle is not trackable; null: it is';

create or replace function fitted(flags bigint)
returns bigint language sql immutable parallel safe
begin atomic
    select flags & x'111111111111111'::bigint & ~((flags & x'222222222222222'::bigint) >> 1);
end;
comment on function fitted is 'of all kinds at once: bit 4 * number where flags say that it is fitted';

create or replace function equipped(observed bigint, declared bigint)
returns bigint language sql immutable parallel safe
begin atomic
    select fitted(observed)
           | (fitted(declared) & ~(observed | ((observed & x'222222222222222'::bigint) >> 1)));
end;
comment on function equipped is 'of all kinds at once: bit 4 * number where the vehicle is equipped, as observed last, and as declared where nothing was ever observed';

create or replace function working(observed bigint, declared bigint)
returns bigint language sql immutable parallel safe
begin atomic
    select equipped(observed, declared)
           & (observed >> 2) & ~((observed & x'888888888888888'::bigint) >> 3);
end;
comment on function working is 'of all kinds at once: bit 4 * number where the vehicle is equipped, and the newest reading says that it works';

create or replace function route_of(observed text, registered text)
returns text language sql immutable parallel safe
begin atomic
    select coalesce(observed, registered);
end;
comment on function route_of is 'the route of a vehicle: from its newest fix, else from the registry';

create or replace function route_feed_of(operator_id text, at timestamptz)
returns bigint language sql stable parallel safe
begin atomic
    select feed_id
    from route_feed
    where (route_feed.operator_id is null or route_feed.operator_id = route_feed_of.operator_id)
      and known_from <= route_feed_of.at and known_to > route_feed_of.at
    order by route_feed.operator_id is null
    limit 1;
end;
comment on function route_feed_of is 'the timetable that an operator''s vehicles drive by, as known at a moment: its own, else that of all; null: there is none';

create or replace function group_of(
    by_what text, operator_id text, attributes jsonb, route_observed text
)
returns text language sql immutable parallel safe
-- A bus of which the registry names no route belongs to the one it was last seen on.
begin atomic
    select case by_what
        when 'operator' then operator_id
        when 'route_id' then coalesce(attributes ->> 'route_id', route_observed)
        else attributes ->> by_what end;
end;
comment on function group_of is 'the group that a vehicle is in, by operator or by an attribute; null: it is not known';

create or replace function is_limited_to(attributes jsonb, only_these jsonb)
returns boolean language sql immutable parallel safe
begin atomic
    select not exists (
        select from jsonb_each(is_limited_to.only_these) as each (name, taken)
        where not each.taken ? coalesce(is_limited_to.attributes ->> each.name, '')
    );
end;
comment on function is_limited_to is 'whether a vehicle is among those that figures are limited to: of each attribute named, one of the values listed; an empty one: it has none';

create or replace function local_day(at timestamptz, time_zone text)
returns date language sql stable parallel safe
begin atomic
    select (at at time zone time_zone)::date;
end;
comment on function local_day is 'the service day of a moment';

create or replace function midnight_by(day date, time_zone text, clock_at timestamptz)
returns timestamptz language sql stable parallel safe
begin atomic
    select (day - ((clock_at at time zone time_zone) - (clock_at at time zone 'UTC')))
           at time zone 'UTC';
end;
comment on function midnight_by is 'when a day would begin by the clock that a time zone had at a moment';

create or replace function day_begins(day date, time_zone text)
returns timestamptz language sql stable parallel safe
-- Where clocks go back over midnight it comes twice, and PostgreSQL takes the second. The first is
-- by the clock that was in use some hours before, if it still was in use at that midnight. It is one
-- expression, so that it becomes part of the query: to call it for each operator took 10 times as
-- long.
begin atomic
    select case
        when midnight_by(day, time_zone, day::timestamp at time zone time_zone - interval '4 hours')
             < day::timestamp at time zone time_zone
             and midnight_by(
                     day, time_zone, day::timestamp at time zone time_zone - interval '4 hours'
                 ) at time zone time_zone = day::timestamp
        then midnight_by(day, time_zone, day::timestamp at time zone time_zone - interval '4 hours')
        else day::timestamp at time zone time_zone end;
end;
comment on function day_begins is 'the first moment of a service day';

create or replace function minutes_between(since timestamptz, until timestamptz)
returns integer language sql immutable parallel safe
begin atomic
    select floor(date_part('epoch', until - since) / 60)::integer;
end;
comment on function minutes_between is 'whole minutes: of a day''s beginning and a fix, its bit in vehicle_day.minutes';

create or replace function newest_seen(begins timestamptz, minutes bit, until timestamptz)
returns timestamptz language sql immutable parallel safe
begin atomic
    select begins + interval '1 minute' * (nullif(length(rtrim(
        substring(minutes from 1 for least(greatest(minutes_between(begins, until) + 1, 0), 1624))::text,
        '0'
    )), 0) - 1);
end;
comment on function newest_seen is 'the newest minute with a fix that began until a moment, by the map of a day that begins so; null: none did';

create or replace function moved_m(south integer, north integer, west integer, east integer)
returns double precision language sql immutable parallel safe
begin atomic
    select 0.0111319 * sqrt(
        (north - south)::double precision ^ 2
        + ((east - west) * cosd((north / 2 + south / 2) / 1e7)) ^ 2
    );
end;
comment on function moved_m is 'how far apart the corners of a box are, in metres, on a sphere of 6,378 km';
