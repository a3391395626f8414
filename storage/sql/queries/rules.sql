-- The settings by which figures are computed, each with since when it holds by the server's clock.

-- name: take_turn
-- One recording after the other, so that two starts at once record nothing twice.
lock table rule_setting in share row exclusive mode

-- name: record
-- What is another value than the newest recorded.
insert into rule_setting (name, known_from, entered_by, value)
select given.name,
       greatest(clock_timestamp(), newest.known_from + interval '1 microsecond'),
       %(entered_by)s, given.value
from unnest(%(names)s::text[], %(values)s::text[]) as given (name, value)
left join lateral (
    select past.value, past.known_from
    from rule_setting as past
    where past.name = given.name
    order by past.known_from desc limit 1
) as newest on true
where newest.value is distinct from given.value
order by given.name
returning name

-- name: rules_on
-- Of each setting the newest that was recorded before a local day ended, or else the oldest; of
-- what was known when the local day known_on ended, or of all. The days are those of the time zone
-- that was set then.
with zone as (
    select past.value as name, past.known_from,
           day_begins(%(on)s::date + 1, past.value) as day_end,
           day_begins(%(known_on)s::date + 1, past.value) as known_end
    from rule_setting as past
    where past.name = 'time_zone'
), known_limit as materialized (
    select coalesce(
        (select known_end from zone where known_from < known_end order by known_from desc limit 1),
        day_begins(%(known_on)s::date + 1, %(default_zone)s),
        'infinity'
    ) as moment
), known as materialized (
    select past.name, past.value, past.known_from
    from rule_setting as past
    where past.known_from < (select moment from known_limit)
), day_limit as materialized (
    select coalesce(
        (select day_end from zone
         where known_from < least(day_end, (select moment from known_limit))
         order by known_from desc limit 1),
        (select day_end from zone
         where known_from < (select moment from known_limit)
         order by known_from limit 1),
        day_begins(%(on)s::date + 1, %(default_zone)s)
    ) as moment
)
select distinct on (known.name) known.name, known.value, known.known_from
from known
cross join day_limit
order by known.name, known.known_from < day_limit.moment desc,
         case when known.known_from < day_limit.moment then known.known_from end desc,
         known.known_from

