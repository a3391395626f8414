-- The operators: what is known of them, and the ids that they had. storage/operators.py runs these.

-- name: list
-- Every operator, with its fleet of now, and the ids that it had before, the last one first.
select operator_id, name, time_zone, contact, coalesce(fleet.vehicles, 0),
       coalesce(former.ids, '{}')
from operator
left join (
    select operator_id, count(*) as vehicles
    from fleet_at(%(now)s::timestamptz)
    group by operator_id
) as fleet using (operator_id)
left join (
    select operator_id, array_agg(formerly order by known_to desc) as ids
    from operator_rename
    group by operator_id
) as former using (operator_id)
order by operator_id collate "C"

-- name: history
-- What was known of the operators from when on, and how each was called; newest first.
select operator_then(operator_id, known_from), operator_id, known_from, entered_by, name,
       time_zone, contact
from operator_history
union all
select coalesce(next.formerly, renamed.operator_id), renamed.operator_id, renamed.known_to,
       renamed.renamed_by, known.name, known.time_zone, known.contact
from operator_rename as renamed
left join lateral (
    select formerly from operator_rename as later
    where later.operator_id = renamed.operator_id and later.known_to > renamed.known_to
    order by known_to limit 1
) as next on true
left join lateral (
    select name, time_zone, contact from operator_history as past
    where past.operator_id = renamed.operator_id and past.known_from <= renamed.known_to
    order by past.known_from desc limit 1
) as known on true
order by 3 desc, 1

-- name: time_zones
-- The operators' time zones.
select operator_id, time_zone from operator

-- name: names
-- What operators are called, by the ids that they had: as known just before a moment, or as known
-- now.
select operator_then(operator_id, %(known_end)s::timestamptz), name
from (
    select distinct on (operator_id) operator_id, name
    from operator_history
    where known_from < coalesce(%(known_end)s::timestamptz, 'infinity')
    order by operator_id, known_from desc
) as known
where name is not null
order by operator_id collate "C"

-- name: set
-- Where a value is given, it is this one from now on.
update operator
set name = case when %(sets_name)s then %(name)s::text else name end,
    time_zone = coalesce(%(time_zone)s::text, time_zone),
    contact = case when %(sets_contact)s then %(contact)s::text else contact end
where operator_id = %(operator_id)s
returning operator_id

-- name: ids
-- Of these names, which are operators, and who else once had them.
select asked.id, operator_now(asked.id),
       exists (select from operator where operator.operator_id = asked.id)
from unnest(%(names)s::text[]) as asked (id)

-- name: registered
-- How many vehicles of an operator the registry has, and by which changes they came.
select count(distinct vehicle_key), array_agg(distinct change_id)
from registry_entry
where operator_id = %(operator_id)s and known_to = 'infinity'

-- name: await_batches
-- No worker is in the middle of naming operators, or of keeping a batch.
select pg_advisory_xact_lock(%(key)s)

-- name: lock_vehicles
-- What a batch refers to and a rename changes: they take turns, or could wait for each other.
lock table vehicle in exclusive mode

-- name: rename
-- The id is another; whatever refers to it follows.
update operator set operator_id = %(becomes)s where operator_id = %(operator_id)s

-- name: rename_targets
-- The targets are its own.
update target set operator_id = %(becomes)s where operator_id = %(operator_id)s

-- name: rename_rejected
-- So are the messages that were rejected.
update rejected_message
set operator_id = %(becomes)s,
    quota_of = case quota_of when %(operator_id)s then %(becomes)s else quota_of end
where operator_id = %(operator_id)s

-- name: record_rename
-- The id that it had until now.
insert into operator_rename (operator_id, formerly, known_to, renamed_by)
values (%(becomes)s, %(operator_id)s, %(moment)s, %(renamed_by)s)

-- name: dismiss_all
-- What was set aside is nobody's to accept.
insert into dismissal (vehicle_key, known_from, entered_by, reason)
select vehicle_key, %(moment)s, %(renamed_by)s, %(reason)s
from vehicle
where operator_id = %(operator_id)s
  and not exists (
      select from dismissal
      where dismissal.vehicle_key = vehicle.vehicle_key and dismissal.known_to = 'infinity'
  )

-- name: counts
-- How many vehicles an operator has had.
select count(*) from vehicle where operator_id = %(operator_id)s
