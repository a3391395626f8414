-- Who the workers are at the broker, and what is known of their sessions there.

-- name: begin_installation
-- Keep the names that were drawn, unless there are some.
insert into installation (client_id, share_group) values (%(client_id)s, %(share_group)s)
on conflict do nothing

-- name: installation
-- The names of this installation.
select client_id, share_group from installation

-- name: session
-- What is known of a client id's session.
select lost_at, taken_over_at from broker_session where client_id = %(client_id)s

-- name: keep_session
-- That it is there, and the last time that it was missing or taken over.
insert into broker_session as known (client_id, lost_at, taken_over_at)
values (%(client_id)s, %(lost_at)s, %(taken_over_at)s)
on conflict (client_id) do update
set lost_at = excluded.lost_at, taken_over_at = excluded.taken_over_at
where known.lost_at is distinct from excluded.lost_at
   or known.taken_over_at is distinct from excluded.taken_over_at

-- name: forget_session
-- A session that was ended is not missed.
delete from broker_session where client_id = %(client_id)s
