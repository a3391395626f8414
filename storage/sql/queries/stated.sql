-- What people state beside the figures, each with its history: nothing is deleted.

-- name: moment
-- The server's clock when the turn has come; should it go back, what was entered before stays before.
select greatest(
    clock_timestamp(),
    (select max(greatest(known_from, nullif(known_to, 'infinity'))) from target_note),
    (select max(greatest(known_from, nullif(known_to, 'infinity'))) from official_figure),
    (select max(greatest(known_from, nullif(known_to, 'infinity'))) from milestone)
)

-- name: end_note
-- The note of the same indicator, scope and period is known no longer.
update target_note set known_to = %(moment)s, ended_by = %(author)s
where known_to = 'infinity' and indicator = %(indicator)s
  and operator_id is not distinct from %(operator_id)s
  and municipality is not distinct from %(municipality)s
  and vehicle_type is not distinct from %(vehicle_type)s
  and service_kind is not distinct from %(service_kind)s
  and period_from = %(begins)s and period_to = %(ends)s
returning note_id

-- name: add_note
-- A note, known from a moment on.
insert into target_note (indicator, period_from, period_to, operator_id, municipality, vehicle_type,
                         service_kind, note, entered_by, known_from)
values (%(indicator)s, %(begins)s, %(ends)s, %(operator_id)s, %(municipality)s, %(vehicle_type)s,
        %(service_kind)s, %(text)s, %(author)s, %(moment)s)

-- name: notes
-- The notes of a date's periods: as known just before a moment, as known now, or all that were.
select indicator, period_from, period_to, note, operator_id, municipality, vehicle_type,
       service_kind, entered_by, known_from, nullif(known_to, 'infinity') as known_to, ended_by
from target_note
where (%(on)s::date is null or %(on)s::date between period_from and period_to)
  and (%(history)s or (%(known_end)s::timestamptz is null and known_to = 'infinity')
       or (known_from < %(known_end)s::timestamptz and known_to >= %(known_end)s::timestamptz))
order by period_from, period_to, note_id

-- name: end_official
-- The official figure of the same indicator, scope and date is known no longer.
update official_figure set known_to = %(moment)s, ended_by = %(author)s
where known_to = 'infinity' and indicator = %(indicator)s and day = %(day)s
  and operator_id is not distinct from %(operator_id)s
  and municipality is not distinct from %(municipality)s
  and vehicle_type is not distinct from %(vehicle_type)s
  and service_kind is not distinct from %(service_kind)s
returning figure_id

-- name: add_official
-- An official figure, known from a moment on.
insert into official_figure (indicator, day, operator_id, municipality, vehicle_type, service_kind,
                             vehicles, fleet, ratio, source, entered_by, known_from)
values (%(indicator)s, %(day)s, %(operator_id)s, %(municipality)s, %(vehicle_type)s,
        %(service_kind)s, %(vehicles)s, %(fleet)s, %(ratio)s, %(source)s, %(author)s, %(moment)s)

-- name: official_figures
-- The official figures up to a date: as known just before a moment, as known now, or all that were.
select indicator, day, ratio, vehicles, fleet, source, operator_id, municipality, vehicle_type,
       service_kind, entered_by, known_from, nullif(known_to, 'infinity') as known_to, ended_by
from official_figure
where (%(on)s::date is null or day <= %(on)s::date)
  and (%(history)s or (%(known_end)s::timestamptz is null and known_to = 'infinity')
       or (known_from < %(known_end)s::timestamptz and known_to >= %(known_end)s::timestamptz))
order by day, figure_id

-- name: end_milestone
-- The milestone of a name is known no longer.
update milestone set known_to = %(moment)s, ended_by = %(author)s
where known_to = 'infinity' and name = %(name)s
returning milestone_id

-- name: add_milestone
-- A milestone, known from a moment on.
insert into milestone (name, due, done_on, entered_by, known_from)
values (%(name)s, %(due)s, %(done_on)s, %(author)s, %(moment)s)

-- name: milestones
-- The milestones: as known just before a moment, as known now, or all that were.
select name, due, done_on, entered_by, known_from, nullif(known_to, 'infinity') as known_to,
       ended_by
from milestone
where %(history)s or (%(known_end)s::timestamptz is null and known_to = 'infinity')
   or (known_from < %(known_end)s::timestamptz and known_to >= %(known_end)s::timestamptz)
order by due, milestone_id
