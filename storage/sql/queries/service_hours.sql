-- When the operators' buses are expected out; what is replaced stays on record.

-- name: take_turn
-- One import after the other.
lock table service_hours, holiday in share row exclusive mode

-- name: moment
-- The server's clock when the turn has come; should it go back, what was entered before stays before.
select greatest(clock_timestamp(), max(known_from), max(nullif(known_to, 'infinity')))
from (select known_from, known_to from service_hours
      union all select known_from, known_to from holiday) as either

-- name: unknown_operators
-- Those that nothing is known of.
select named from unnest(%(operators)s::text[]) as named
where not exists (select from operator where operator_id = named)
order by named collate "C"

-- name: end_hours
-- Of these operators' hours, those that are not among the new ones hold no longer.
update service_hours as known
set known_to = %(moment)s, ended_by = %(author)s
where known.known_to = 'infinity' and known.operator_id = any(%(operators)s::text[])
  and not exists (
      select from unnest(%(named)s::text[], %(day_kinds)s::smallint[], %(begins)s::smallint[],
                         %(ends)s::smallint[]) as new (operator_id, day_kind, from_minute, to_minute)
      where (new.operator_id, new.day_kind, new.from_minute, new.to_minute)
          = (known.operator_id, known.day_kind, known.from_minute, known.to_minute)
  )

-- name: add_hours
-- The new ones, of which those that hold already stay as they are.
insert into service_hours (operator_id, day_kind, from_minute, to_minute, entered_by, known_from)
select distinct new.operator_id, new.day_kind, new.from_minute, new.to_minute, %(author)s,
       %(moment)s::timestamptz
from unnest(%(named)s::text[], %(day_kinds)s::smallint[], %(begins)s::smallint[],
            %(ends)s::smallint[]) as new (operator_id, day_kind, from_minute, to_minute)
where not exists (
    select from service_hours as known
    where known.known_to = 'infinity'
      and (new.operator_id, new.day_kind, new.from_minute, new.to_minute)
          = (known.operator_id, known.day_kind, known.from_minute, known.to_minute)
)

-- name: end_holidays
-- Holidays that are not among the new ones are none any longer.
update holiday as known
set known_to = %(moment)s, ended_by = %(author)s
where known.known_to = 'infinity'
  and not exists (
      select from unnest(%(days)s::date[], %(operators)s::text[], %(names)s::text[])
          as new (day, operator_id, name)
      where new.day = known.day and new.operator_id is not distinct from known.operator_id
        and new.name is not distinct from known.name
  )

-- name: add_holidays
-- The new ones, of which those that are known already stay as they are.
insert into holiday (day, operator_id, name, entered_by, known_from)
select new.day, new.operator_id, new.name, %(author)s, %(moment)s::timestamptz
from unnest(%(days)s::date[], %(operators)s::text[], %(names)s::text[])
    as new (day, operator_id, name)
where not exists (
    select from holiday as known
    where known.known_to = 'infinity'
      and new.day = known.day and new.operator_id is not distinct from known.operator_id
)

-- name: hours
-- The hours that hold now.
select operator_id, day_kind, from_minute, to_minute from service_hours
where known_to = 'infinity'
order by operator_id collate "C", day_kind, from_minute

-- name: holidays
-- The holidays that are known now.
select day, operator_id, name from holiday
where known_to = 'infinity'
order by day, operator_id collate "C" nulls first

-- name: in_service
-- Of every operator whether its buses are expected out at a moment; null: no hours are given.
--
-- The hours are those that held at the moment, or of the time before any were entered the first;
-- the holidays are all that are known now, for a holiday has its date. A span of yesterday may
-- reach past midnight. A holiday has its own hours, or else the Sunday's.
-- The kinds of the days are computed before they are joined by: PostgreSQL 18.4 joins wrongly by a
-- hash of an expression with a subquery that depends on the outer row.
with first as (
    select operator_id, min(known_from) as known_from from service_hours group by operator_id
), hours as materialized (
    select service_hours.operator_id, day_kind, from_minute, to_minute
    from service_hours
    join first using (operator_id)
    cross join lateral (
        select greatest(%(moment)s::timestamptz, first.known_from) as moment
    ) as asked
    where service_hours.known_from <= asked.moment and service_hours.known_to > asked.moment
), place as (
    select operator_id, local.moment::date - back.days as day,
           extract(hour from local.moment)::integer * 60
           + extract(minute from local.moment)::integer + 1440 * back.days as minute
    from days_at(%(moment)s::timestamptz)
    cross join lateral (select %(moment)s::timestamptz at time zone time_zone as moment) as local
    cross join (values (0), (1)) as back (days)
), kind as materialized (
    select operator_id, minute,
           case when not exists (
                    select from holiday
                    where holiday.known_to = 'infinity' and holiday.day = place.day
                      and (holiday.operator_id is null or holiday.operator_id = place.operator_id)
                ) then extract(isodow from place.day)::integer
                when exists (
                    select from hours
                    where hours.operator_id = place.operator_id and hours.day_kind = 8
                ) then 8
                else 7 end as day_kind
    from place
)
select operator_id,
       bool_or(hours.day_kind = kind.day_kind
               and kind.minute >= hours.from_minute and kind.minute < hours.to_minute)
from kind
left join hours using (operator_id)
group by operator_id
order by operator_id collate "C"
