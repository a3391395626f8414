-- Targets, which keep their history: a new one ends what it overlaps, and nothing is deleted.

-- name: take_turn
-- One change after the other: what is known from when has one order.
select pg_advisory_xact_lock(%(key)s)

-- name: moment
-- The server's clock when the turn has come; should it go back, what was entered before stays before.
select greatest(clock_timestamp(), max(known_from), max(nullif(known_to, 'infinity'))) from target

-- name: end_overlapping
-- What of the scope's targets lies in the period, however little, is known no longer.
update target set known_to = %(moment)s, ended_by = %(author)s
where known_to = 'infinity' and indicator = %(indicator)s
  and operator_id is not distinct from %(operator_id)s
  and municipality is not distinct from %(municipality)s
  and vehicle_type is not distinct from %(vehicle_type)s
  and service_kind is not distinct from %(service_kind)s
  and period_from <= %(period_to)s and period_to >= %(period_from)s
returning period_from, period_to, ratio, set_by, source, claimed_at

-- name: add
-- A target, known from a moment on.
insert into target (indicator, period_from, period_to, operator_id, municipality, vehicle_type,
                    service_kind, ratio, set_by, source, claimed_at, known_from)
values (%(indicator)s, %(period_from)s, %(period_to)s, %(operator_id)s, %(municipality)s,
        %(vehicle_type)s, %(service_kind)s, %(ratio)s, %(set_by)s, %(source)s, %(claimed_at)s, %(moment)s)

-- name: same
-- Whether just this target is known already.
select from target
where known_to = 'infinity' and indicator = %(indicator)s
  and operator_id is not distinct from %(operator_id)s
  and municipality is not distinct from %(municipality)s
  and vehicle_type is not distinct from %(vehicle_type)s
  and service_kind is not distinct from %(service_kind)s
  and period_from = %(period_from)s and period_to = %(period_to)s and ratio = %(ratio)s

-- name: list
-- Targets with who set them, when that was entered, and who ended them when.
select target.indicator, target.period_from, target.period_to, target.ratio, target.operator_id,
       target.municipality, target.vehicle_type, target.service_kind, target.set_by, target.source, target.claimed_at, target.known_from,
       nullif(target.known_to, 'infinity'), target.ended_by
from target
left join equipment_kind as kind on kind.name = target.indicator
where (%(on)s::date is null or %(on)s::date between target.period_from and target.period_to)
  and (%(history)s or target.known_to = 'infinity')
order by case target.indicator when 'trackable' then -2 when 'trackable_on_route' then -1
                               else kind.number end,
         target.indicator collate "C", target.operator_id collate "C" nulls first,
         target.municipality collate "C" nulls first, target.vehicle_type collate "C" nulls first,
         target.service_kind collate "C" nulls first, target.period_from, target.known_from,
         target.target_id

-- name: targets_on
-- The targets of a date, as they were known just before a moment, or as they are now; and operators
-- by the ids that they had then.
select indicator, period_from, period_to, ratio,
       operator_then(operator_id, %(known_end)s::timestamptz), municipality, vehicle_type,
       service_kind
from target
where %(on)s::date between period_from and period_to
  and ((%(known_end)s::timestamptz is null and known_to = 'infinity')
       or (known_from < %(known_end)s::timestamptz and known_to >= %(known_end)s::timestamptz))

-- name: knows_operator
-- Whether anything is known of an operator.
select from operator where operator_id = %(name)s

-- name: knows_attribute
-- Whether the registry has ever had a vehicle with a value of an attribute.
select from registry_entry where attributes ->> %(attribute)s = %(name)s limit 1
