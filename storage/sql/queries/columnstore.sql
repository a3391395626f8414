-- Days of positions as columns, where TimescaleDB's community edition is.

-- name: offered
-- The version of TimescaleDB that has it, and whether it is used: the Apache edition has not. What
-- 2.19 makes of a column that is null throughout can be dumped and not restored
-- (timescale/timescaledb#8893); 2.21 has all of the correction.
select extversion,
       (split_part(extversion, '.', 1)::integer, split_part(extversion, '.', 2)::integer)
       not in ((2, 19), (2, 20))
from pg_extension
where extname = 'timescaledb' and current_setting('timescaledb.license', true) = 'timescale'

-- name: is_enabled
-- Whether the positions may be compressed.
select from timescaledb_information.hypertables
where hypertable_schema = current_schema() and hypertable_name = 'report' and compression_enabled

-- name: enable
-- A vehicle's positions by time, as they are asked for.
alter table report set (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'vehicle_key',
    timescaledb.compress_orderby = 'observed_at desc'
)

-- name: chunks_to_compress
-- The chunks that end until a moment and are not compressed, or to which something came since.
select format('%%I.%%I', chunk_schema, chunk_name), range_start, total_bytes
from timescaledb_information.chunks
join chunks_detailed_size(format('%%I.report', current_schema())::regclass)
    using (chunk_schema, chunk_name)
where hypertable_schema = current_schema() and hypertable_name = 'report'
  and range_end <= %(until)s
  and (not is_compressed
       or _timescaledb_functions.chunk_status(
              format('%%I.%%I', chunk_schema, chunk_name)::regclass
          ) & 8 <> 0)
order by range_start

-- name: compress
-- Compress a chunk, or what came to it since.
select compress_chunk(%(chunk)s::text::regclass)

-- name: chunk_bytes
-- What a chunk takes on disk, with its indexes.
select total_bytes
from chunks_detailed_size(format('%%I.report', current_schema())::regclass)
where format('%%I.%%I', chunk_schema, chunk_name) = %(chunk)s
