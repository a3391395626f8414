-- What the titles of lists mean, remembered under names; what is replaced stays on record.

-- name: list
-- The profiles of a list, or of all; those that hold now, or all that ever did.
select list, name, columns, known_from, entered_by, nullif(known_to, 'infinity'), ended_by
from list_profile
where (%(list)s::text is null or list = %(list)s::text)
  and (%(name)s::text is null or name = %(name)s::text)
  and (%(history)s or known_to = 'infinity')
order by list, name collate "C", known_from desc

-- name: take_turn
-- One after the other.
lock table list_profile in share row exclusive mode

-- name: end
-- What was remembered under the name holds no longer, unless it is the same.
update list_profile
set known_to = greatest(clock_timestamp(), known_from), ended_by = %(author)s
where list = %(list)s and name = %(name)s and known_to = 'infinity'
  and columns <> %(columns)s::jsonb

-- name: add
-- What is remembered under the name from now on.
insert into list_profile (list, name, known_from, columns, entered_by)
select %(list)s, %(name)s, clock_timestamp(), %(columns)s::jsonb, %(author)s
where not exists (
    select from list_profile
    where list = %(list)s and name = %(name)s and known_to = 'infinity'
)
