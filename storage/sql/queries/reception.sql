-- The account of every report ever received, by hour and worker.

-- name: book
-- Add a batch to the worker's account.
insert into reception as known (hour, worker, received, stored, duplicate, contact, rejected)
values (date_trunc('hour', now()), %(worker)s, %(received)s,
        %(stored)s, %(duplicate)s, %(contact)s, %(rejected)s)
on conflict (hour, worker) do update
set received = known.received + excluded.received,
    stored = known.stored + excluded.stored,
    duplicate = known.duplicate + excluded.duplicate,
    contact = known.contact + excluded.contact,
    rejected = known.rejected + excluded.rejected

-- name: book_reasons
-- The same for its rejected reports, by reason.
insert into reception_rejected as known (hour, worker, reason, reports)
select date_trunc('hour', now()), %(worker)s, reason, reports
from unnest(%(reasons)s::text[], %(reports)s::bigint[]) as rejected (reason, reports)
order by reason
on conflict (hour, worker, reason) do update
set reports = known.reports + excluded.reports

-- name: totals
-- All that was ever received, and its four outcomes.
select coalesce(sum(received), 0)::bigint as received,
       coalesce(sum(stored), 0)::bigint as stored,
       coalesce(sum(duplicate), 0)::bigint as duplicate,
       coalesce(sum(contact), 0)::bigint as contact,
       coalesce(sum(rejected), 0)::bigint as rejected
from reception

-- name: totals_by_reason
-- All that was ever rejected.
select reason, sum(reports)::bigint from reception_rejected group by reason order by reason collate "C"
