-- What the packed columns mean. Tables hold what is small; views and queries say it in these words.

create or replace function flag(bits bigint, number integer, good integer, bad integer)
returns boolean language sql immutable parallel safe
begin atomic
    select case when bits >> 4 * number & bad <> 0 then false
                when bits >> 4 * number & good <> 0 then true end;
end;
comment on function flag is 'what flags say of one kind of equipment; null: nothing. Of a contradiction within one instant the worse counts';

create or replace function flag_fitted(bits bigint, number integer)
returns boolean language sql immutable parallel safe
begin atomic
    select flag(bits, number, 1, 2);
end;

create or replace function flag_working(bits bigint, number integer)
returns boolean language sql immutable parallel safe
begin atomic
    select flag(bits, number, 4, 8);
end;

create or replace function reading(at timestamptz, bits bigint, place bigint)
returns bigint language sql stable parallel safe
begin atomic
    select case when bits >> (2 * (place - 1))::integer & 3 <> 0
                then round(date_part('epoch', at) * 1e6)::bigint * 4
                     + (bits >> (2 * (place - 1))::integer & 3) end;
end;
comment on function reading is 'what flags of a moment say in one place of vehicle_state.equipment; null: nothing';

create or replace function reading_at(reading bigint)
returns timestamptz language sql immutable parallel safe
begin atomic
    select timestamptz '1970-01-01 00:00:00+00' + (reading >> 2) * interval '1 microsecond';
end;

create or replace function flags_of(readings bigint[])
returns bigint language sql immutable parallel safe
begin atomic
    select coalesce(bit_or((reading & 3) << (2 * (place - 1))::integer), 0)
    from unnest(readings) with ordinality as each (reading, place);
end;
comment on function flags_of is 'what readings say, as flags';

create or replace function places_of(flags bigint)
returns bigint language sql immutable parallel safe
begin atomic
    select (flags | (flags >> 1)) & x'555555555555555'::bigint;
end;
comment on function places_of is 'of what flags say something: one bit for each place of vehicle_state.equipment';

create or replace function was_heard(bits bigint)
returns boolean language sql immutable parallel safe
begin atomic
    select bits & (1::bigint << 60) <> 0;
end;
comment on function was_heard is 'whether a vehicle was heard by a report; not where the broker spoke for it, or the report is of another moment than its sending';

create or replace function heard_at(observed_at timestamptz, received_at timestamptz, bits bigint)
returns timestamptz language sql immutable parallel safe
begin atomic
    select case when not was_heard(bits) then null
                when bits & (1::bigint << 61) = 0 then received_at
                else least(observed_at, received_at) end;
end;
comment on function heard_at is 'when the vehicle was heard by a report; null: it was not, the broker spoke for it';

create or replace function heard_at_reception(bits bigint)
returns boolean language sql immutable parallel safe
begin atomic
    select bits & (3::bigint << 60) = 1::bigint << 60;
end;
comment on function heard_at_reception is 'whether the vehicle was heard by a report, and at our reception, not at a time of its own clock';

create or replace function first_reception(
    one timestamptz, bits bigint, other timestamptz, other_bits bigint
)
returns timestamptz language sql immutable parallel safe
begin atomic
    select case when was_heard(bits) = was_heard(other_bits) then least(one, other)
                when was_heard(bits) then one
                else other end;
end;
comment on function first_reception is 'the reception that the row of two reports of one instant bears, in whichever order they came: the first by which the vehicle was heard, else the first of both';

create or replace function has_position(latitude integer, bits bigint)
returns boolean language sql immutable parallel safe
begin atomic
    select latitude is not null or bits & (1::bigint << 62) <> 0;
end;
comment on function has_position is 'whether a report brought a position, even one that was here already';

create or replace function flags_in(bits bigint)
returns bigint language sql immutable parallel safe
begin atomic
    select bits & ((1::bigint << 60) - 1);
end;
comment on function flags_in is 'what a report says of equipment: its bits without those of how it was heard';

create or replace function degrees(e7 integer)
returns double precision language sql immutable parallel safe
begin atomic
    select e7 / 1e7::double precision;
end;

create or replace function measured(value smallint, units double precision)
returns double precision language sql immutable parallel safe
begin atomic
    select case when value >= 0 then value / units end;
end;
comment on function measured is 'a measurement that is kept as a whole number of so many to the unit; null: it was not given';

create or replace function minutes_on_map(minutes bit, map integer)
returns integer language sql immutable parallel safe
begin atomic
    select bit_count(substring(minutes, 1624 * map + 1, 1624))::integer;
end;
comment on function minutes_on_map is 'how many minutes of a day are on one of the maps of vehicle_day.minutes: 0 with a fix, 1 live, 2 on a route';
