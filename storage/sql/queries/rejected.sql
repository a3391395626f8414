-- Rejected messages, kept whole until they are reprocessed or purged.

-- name: clocks_ahead
-- The vehicles whose newest report was rejected for being ahead of its reception; of those that are
-- not known, by the messages of the last day that are kept. A gateway may still call an operator by
-- an id that this had before.
with ahead as (
    select vehicle.operator_id, vehicle.vehicle_id
    from vehicle_state as state
    join vehicle using (vehicle_key)
    where state.rejected_reason = 'in_future'
      -- Of one message, what was stored and what was ahead came at the same time.
      and state.rejected_at >= coalesce(state.contact_at, '-infinity')
    union
    select newest.operator_id, newest.vehicle_id
    from (
        select distinct on (operator_id, vehicle_id) operator_id, vehicle_id, reason
        from rejected_message
        where vehicle_id is not null and not retained
          and last_received_at > now() - interval '1 day'
        order by operator_id, vehicle_id, last_received_at desc
    ) as newest
    where newest.reason = 'in_future'
      and not exists (
          select from vehicle
          where vehicle.operator_id = newest.operator_id
            and vehicle.vehicle_id = newest.vehicle_id
      )
)
select operator_id, vehicle_id
from ahead
union
select renamed.formerly, ahead.vehicle_id
from ahead
join operator_rename as renamed using (operator_id)
where operator_now(renamed.formerly) = ahead.operator_id

-- name: keep_rejected
-- The same rejected again is the same row, some times more. Beyond the room of an operator and hour,
-- in messages and in bytes, nothing new is kept: one mad device must not fill the disk. Operators
-- without a vehicle in the fleet list share one room, since whoever may publish can invent more. Two
-- workers at once do not see each other's rows, and may together keep more by a batch.
with offered as materialized (
    select offered.*, owner.operator_id, date_trunc('hour', received_at) as hour,
           octet_length(topic) + octet_length(payload) + octet_length(elements) as bytes,
           case when exists (select from registry_entry
                             where registry_entry.operator_id = owner.operator_id)
               then owner.operator_id else '' end as quota_of,
           exists (select from rejected_message as known
                   where known.digest = offered.digest and known.reason = offered.reason) as known
    from unnest(%(received_at)s::timestamptz[], %(last_received_at)s::timestamptz[],
                %(times)s::bigint[], %(operator_id)s::text[], %(vehicle_id)s::text[],
                %(topic)s::bytea[], %(payload)s::bytea[], %(payload_length)s::integer[],
                %(payload_digest)s::bytea[], %(retained)s::boolean[], %(elements)s::text[],
                %(digest)s::bytea[], %(reason)s::text[], %(detail)s::text[], %(reports)s::integer[])
        as offered (received_at, last_received_at, times, named, vehicle_id, topic, payload,
                    payload_length, payload_digest, retained, elements, digest, reason, detail,
                    reports)
    cross join lateral (select operator_now(offered.named)) as owner (operator_id)
), taken as (
    select quota_of, hour, kept.messages, kept.bytes
    from (select distinct quota_of, hour from offered where not known) as asked
    cross join lateral (
        select count(*) as messages,
               sum(octet_length(topic) + octet_length(payload)
                   + octet_length(elements::text)) as bytes
        from rejected_message as kept
        where kept.quota_of = asked.quota_of
          and received_at >= hour and received_at < hour + interval '1 hour'
    ) as kept
), ranked as (
    select *, row_number() over earlier as place, sum(bytes) over earlier as running
    from offered
    window earlier as (partition by quota_of, hour, known order by received_at, digest, reason)
)
insert into rejected_message as known (received_at, last_received_at, times, operator_id,
    vehicle_id, topic, payload, payload_length, payload_digest, retained, elements, digest, reason,
    detail, reports, quota_of)
select received_at, last_received_at, times, operator_id, vehicle_id, topic, payload,
       payload_length, payload_digest, retained, elements::integer[], digest, reason, detail,
       reports, ranked.quota_of
from ranked
left join taken using (quota_of, hour)
where ranked.known
   or (place + taken.messages <= %(messages)s
       and running + coalesce(taken.bytes, 0) <= %(bytes)s)
order by digest, reason
on conflict (digest, reason) do update
set times = known.times + excluded.times,
    received_at = least(known.received_at, excluded.received_at),
    last_received_at = greatest(known.last_received_at, excluded.last_received_at),
    detail = excluded.detail

-- name: count_rejected
-- What is kept, by reason and operator, the most frequent first.
select reason, operator_id, count(*) as messages, sum(times * reports)::bigint as reports,
       min(received_at) as first_received_at, max(last_received_at) as last_received_at
from rejected_message
where (%(rejected_id)s::bigint is null or rejected_id = %(rejected_id)s)
  and (%(reason)s::text is null or reason = %(reason)s)
  and (%(operator_id)s::text is null or operator_id = %(operator_id)s)
  and (%(since)s::timestamptz is null or last_received_at >= %(since)s)
  and (%(until)s::timestamptz is null or received_at < %(until)s)
group by reason, operator_id
order by reports desc, reason collate "C", operator_id collate "C"

-- name: count_cut
-- How many of them are kept in part only, and cannot be reprocessed.
select count(*)
from rejected_message
where (%(rejected_id)s::bigint is null or rejected_id = %(rejected_id)s)
  and (%(reason)s::text is null or reason = %(reason)s)
  and (%(operator_id)s::text is null or operator_id = %(operator_id)s)
  and (%(since)s::timestamptz is null or last_received_at >= %(since)s)
  and (%(until)s::timestamptz is null or received_at < %(until)s)
  and octet_length(payload) < payload_length

-- name: newest_rejected
-- The newest of them.
select rejected_id, received_at, last_received_at, times, operator_id, vehicle_id, topic, payload,
       payload_length, payload_digest, retained, elements, digest, reason, detail, reports
from rejected_message
where (%(rejected_id)s::bigint is null or rejected_id = %(rejected_id)s)
  and (%(reason)s::text is null or reason = %(reason)s)
  and (%(operator_id)s::text is null or operator_id = %(operator_id)s)
  and (%(since)s::timestamptz is null or last_received_at >= %(since)s)
  and (%(until)s::timestamptz is null or received_at < %(until)s)
order by last_received_at desc, rejected_id desc
limit %(limit)s

-- name: last_rejected
-- The newest number.
select coalesce(max(rejected_id), 0) from rejected_message

-- name: take_rejected
-- The next ones to reprocess, of those that are kept whole; what another is reprocessing is left to
-- it.
select rejected_id, received_at, last_received_at, times, operator_id, vehicle_id, topic, payload,
       payload_length, payload_digest, retained, elements, digest, reason, detail, reports
from rejected_message
where rejected_id > %(after)s and rejected_id <= %(upto)s
  and octet_length(payload) = payload_length
  and (%(rejected_id)s::bigint is null or rejected_id = %(rejected_id)s)
  and (%(reason)s::text is null or reason = %(reason)s)
  and (%(operator_id)s::text is null or operator_id = %(operator_id)s)
  and (%(since)s::timestamptz is null or last_received_at >= %(since)s)
  and (%(until)s::timestamptz is null or received_at < %(until)s)
order by rejected_id
limit %(limit)s
for update skip locked

-- name: remove_rejected
-- Take messages off the list.
delete from rejected_message where rejected_id = any(%(ids)s)

-- name: put_back_rejected
-- Keep what is still rejected of a message; under its old number where one is given.
insert into rejected_message as known (rejected_id, received_at, last_received_at, times,
    operator_id, vehicle_id, topic, payload, payload_length, payload_digest, retained, elements,
    digest, reason, detail, reports, quota_of)
overriding system value
values (coalesce(%(rejected_id)s::bigint,
                 nextval(pg_get_serial_sequence('rejected_message', 'rejected_id'))),
        %(received_at)s, %(last_received_at)s, %(times)s, operator_now(%(operator_id)s::text),
        %(vehicle_id)s, %(topic)s, %(payload)s, %(payload_length)s, %(payload_digest)s, %(retained)s, %(elements)s,
        %(digest)s, %(reason)s, %(detail)s, %(reports)s,
        case when exists (select from registry_entry
                          where registry_entry.operator_id = operator_now(%(operator_id)s::text))
            then operator_now(%(operator_id)s::text) else '' end)
on conflict (digest, reason) do update
set times = known.times + excluded.times,
    received_at = least(known.received_at, excluded.received_at),
    last_received_at = greatest(known.last_received_at, excluded.last_received_at),
    detail = excluded.detail

-- name: explain_rejected
-- Say why a message is rejected.
update rejected_message set detail = %(detail)s where rejected_id = %(rejected_id)s
