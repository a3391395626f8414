-- Years of history, from files.

-- name: copy_staged
-- A batch of rows into the staging table.
copy staged from stdin (format csv)

-- name: rows_done
-- How many rows of a file are kept.
select rows_done from backfilled_file where digest = %(digest)s

-- name: keep_progress
-- The same, in the transaction that keeps them.
insert into backfilled_file (digest, rows_done)
values (%(digest)s, %(rows)s)
on conflict (digest) do update set rows_done = excluded.rows_done, changed_at = clock_timestamp()
