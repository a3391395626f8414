-- The broker's accounts: what was changed of them.

-- name: record_change
-- A change that the broker has made.
insert into access_change (account, change, topics, changed_by)
values (%(account)s, %(change)s, %(topics)s, %(by)s)

-- name: changes
-- What was changed, of one account or of all, the newest first.
select changed_at, account, change, topics, changed_by
from access_change
where %(account)s::text is null or account = %(account)s
order by change_id desc
