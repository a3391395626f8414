-- The registry: a change's turn, the days of each vehicle, the inbox. storage/registry/ runs these.

-- name: lock_registry
-- Let changes of the registry take turns; until the transaction's end.
select pg_advisory_xact_lock(%(key)s)

-- name: moment_of_change
-- The server's clock, and the moment of the change whose turn it is, later than all before. A
-- transaction's now() is that of its beginning, when the change before was perhaps not yet made.
select clock_timestamp(),
       greatest(clock_timestamp(), max(entered_at) + interval '1 microsecond')
from registry_change

-- name: record_change
-- Put a change on record; one that is rehearsed takes no number.
insert into registry_change (change_id, entered_at, claimed_at, changed_by, source)
overriding system value
values (case when current_setting('fleetgauge.rehearsal', true) = 'on' then 0
             else nextval(pg_get_serial_sequence('registry_change', 'change_id')) end,
        %(entered_at)s, %(claimed_at)s, %(changed_by)s, %(source)s)
returning change_id

-- name: rehearse
-- What follows in this transaction will be taken back: its change has the number 0, which none else
-- has, and uses no number up.
select set_config('fleetgauge.rehearsal', 'on', true)

-- name: touched_days
-- Of these days, those whose fleet the change that is rehearsed makes another, the latest first.
with of_change as materialized (
    select vehicle_key, in_service_from, in_service_to, operator_id, equipment, attributes,
           change_id = 0 as is_opened
    from registry_entry
    where change_id = 0 or superseded_by = 0
), said as (
    select day, of_change.*
    from unnest(%(days)s::date[]) as day
    join of_change on day between in_service_from and in_service_to
)
select distinct day
from (select * from said where is_opened) as opened
full join (select * from said where not is_opened) as closed using (day, vehicle_key)
where (opened.operator_id, opened.equipment, opened.attributes)
      is distinct from (closed.operator_id, closed.equipment, closed.attributes)
order by day desc

-- name: touches_past
-- Whether a staged list changes any day that is over, be it before its effective day or after.
select exists (
    select from import_segment
    join import_vehicle using (vehicle_key)
    join operator using (operator_id)
    where import_segment.differs and import_segment.begins < local_day(clock_timestamp(), time_zone)
)

-- name: name_author
-- Who enters operators in this transaction, for their history.
select set_config('fleetgauge.entered_by', %(changed_by)s, true)

-- name: create_import
-- A list beside what the registry knows. Periods are half-open here (``ends`` is the first day
-- after), so that neighbours meet in one number and infinity stays what it is.
set local work_mem = '64MB';

create temporary table import_operator (
    operator_id text primary key,
    effective   date not null,
    first_list  boolean not null
) on commit drop;

create temporary table import_line (
    operator_id     text not null,
    vehicle_id      text not null,
    plate           text,
    in_service_from date,
    in_service_to   date,
    attributes      jsonb not null,
    equipment       bigint not null
) on commit drop;

create temporary table import_known (
    entry_id    bigint not null,
    vehicle_key integer not null,
    begins      date not null,
    ends        date not null,
    plate       text,
    attributes  jsonb not null,
    equipment   bigint not null
) on commit drop;

create temporary table import_listed (
    vehicle_key integer not null,
    begins      date not null,
    ends        date not null,
    dated       boolean not null,
    plate       text,
    attributes  jsonb not null,
    equipment   bigint not null
) on commit drop;

create temporary table import_vehicle (
    vehicle_key integer not null,
    operator_id text not null,
    effective   date not null,
    is_known    boolean not null,
    is_listed   boolean not null
) on commit drop;

create temporary table import_segment (
    vehicle_key integer not null,
    begins      date not null,
    ends        date not null,
    is_past     boolean not null,
    was_there   boolean not null,
    is_there    boolean not null,
    differs     boolean not null,
    left_alone  boolean not null,
    plate       text,
    attributes  jsonb,
    equipment   bigint
) on commit drop;

create temporary table import_planned (
    entry_id    bigint,
    vehicle_key integer not null,
    begins      date not null,
    ends        date not null,
    plate       text,
    attributes  jsonb not null,
    equipment   bigint not null
) on commit drop;
comment on column import_planned.entry_id is 'the entry that says just this already';

create temporary table import_outcome (
    vehicle_key integer not null,
    operator_id text not null,
    was_there   boolean not null,
    is_there    boolean not null,
    is_new      boolean not null,
    differs     boolean not null,
    past        boolean not null,
    lost        boolean not null,
    left_alone  boolean not null
) on commit drop

-- name: drop_import
-- For another import in the same transaction.
drop table import_operator, import_line, import_known, import_listed, import_vehicle,
           import_segment, import_planned, import_outcome

-- name: copy_lines
-- Where a list's lines arrive.
copy import_line from stdin (format binary)

-- name: unknown_operators
-- Those of these that nobody has heard of.
select operator_id
from unnest(%(operators)s::text[]) as operator_id
where operator_id not in (select operator.operator_id from operator)

-- name: registered_operators
-- The operators that the registry has, or had.
select distinct operator_id from registry_entry

-- name: former_operators
-- By each id that an operator has given up, the one that it has now.
select distinct formerly, operator_now(formerly)
from operator_rename
where operator_now(formerly) <> formerly

-- name: unusual_ids
-- The vehicles whose names are not of ASCII's visible characters alone.
select operator_id, vehicle_id from vehicle where operator_id || vehicle_id !~ '^[!-~]*$'

-- name: stage_operators
-- The operators whose list it is, each with its effective day; new ones get their rows.
with named as (
    insert into operator (operator_id, time_zone)
    select operator_id, %(time_zone)s
    from unnest(%(operators)s::text[]) as operator_id
    order by operator_id
    on conflict do nothing
    returning operator_id, time_zone
), all_named as (
    select operator_id, time_zone from named
    union all
    select operator_id, time_zone from operator where operator_id = any(%(operators)s::text[])
)
insert into import_operator (operator_id, effective, first_list)
select operator_id,
       coalesce(%(effective)s::date, local_day(%(learnt_at)s::timestamptz, time_zone)),
       operator_id not in (select registry_entry.operator_id from registry_entry)
from all_named

-- name: add_listed_vehicles
-- New vehicles get their rows, in the order in which ingest makes them, so that the two cannot
-- lock each other out.
insert into vehicle (operator_id, vehicle_id)
select distinct operator_id, vehicle_id
from import_line
where not exists (
    select from vehicle
    where vehicle.operator_id = import_line.operator_id
      and vehicle.vehicle_id = import_line.vehicle_id
)
order by operator_id, vehicle_id
on conflict do nothing

-- name: stage_known
-- What the registry knows of these operators' vehicles; of a partial list, of those listed alone.
insert into import_known
select entry_id, vehicle_key, in_service_from, in_service_to + 1, plate, attributes, equipment
from registry_entry
join import_operator using (operator_id)
where known_to = 'infinity'
  and (not %(partial)s or vehicle_key in (
      select vehicle_key from import_line join vehicle using (operator_id, vehicle_id)
  ))

-- name: stage_listed
-- The list's lines as periods. A line without a first day begins where the vehicle is known to
-- begin; one that is not known begins on the effective day, or has always been there. A list
-- without the column in_service_to leaves a planned end where it is.
with reach as (
    select vehicle_key, min(begins) as begins, max(ends) as ends
    from import_known
    group by vehicle_key
)
insert into import_listed
select vehicle_key,
       coalesce(in_service_from, case
           when reach.begins is not null
               then least(reach.begins, effective, in_service_to)
           when first_list or %(correct)s or in_service_to < effective then '-infinity'
           else effective
       end),
       case
           when in_service_to is not null then in_service_to + 1
           when not %(states_in_service_to)s
                and reach.ends > greatest(effective, in_service_from) then reach.ends
           else 'infinity'
       end,
       in_service_from is not null, line.plate, line.attributes, line.equipment
from import_line as line
join import_operator using (operator_id)
join vehicle using (operator_id, vehicle_id)
left join reach using (vehicle_key)

-- name: stage_vehicles
-- The vehicles of either side.
insert into import_vehicle
select vehicle_key, operator_id, effective, bool_or(is_known), bool_or(is_listed)
from (
    select vehicle_key, true as is_known, false as is_listed from import_known
    union all
    select vehicle_key, false, true from import_listed
) as either
join vehicle using (vehicle_key)
join import_operator using (operator_id)
group by vehicle_key, operator_id, effective

-- name: overlap
-- A vehicle that would count twice, if there is one.
select operator_id, vehicle_id
from (
    select vehicle_key, begins < lag(ends) over (partition by vehicle_key order by begins) as bad
    from import_listed
) as period
join vehicle using (vehicle_key)
where bad
limit 1

-- name: analyze_staged
-- Temporary tables have no statistics until they are asked for.
analyze import_known, import_listed, import_vehicle

-- name: plan_segments
-- Between two neighbouring boundaries nothing changes: whether the vehicle was in service, and as
-- what, and whether it is now, are questions with one answer each. The rules are those of
-- storage/registry/importing.py. What the list does not state stays as it is known.
with boundary as (
    select vehicle_key, begins as day from import_known
    union select vehicle_key, ends from import_known
    union select vehicle_key, begins from import_listed
    union select vehicle_key, ends from import_listed
    union select vehicle_key, effective from import_vehicle
), stretch as (
    select vehicle_key, day as begins,
           lead(day) over (partition by vehicle_key order by day) as ends
    from boundary
), answered as (
    select stretch.vehicle_key, stretch.begins, stretch.ends,
           stretch.ends <= effective as is_past,
           known.vehicle_key is not null as was_there,
           case
               when listed.vehicle_key is null
                   then known.vehicle_key is not null and stretch.ends <= effective
                        and not is_listed
               when stretch.ends <= effective and not listed.dated and is_known
                   then known.vehicle_key is not null
               else true
           end as is_there,
           known.vehicle_key is not null and stretch.ends <= effective
               and not (%(correct)s and listed.vehicle_key is not null
                        and (listed.ends <= effective or known.ends > effective)) as keeps,
           listed.ends <= effective as tells_past,
           known.plate, known.attributes, known.equipment,
           case when %(states_plate)s then listed.plate else known.plate end as new_plate,
           coalesce(known.attributes - %(stated_names)s::text[], '{}') || listed.attributes
               as new_attributes,
           coalesce(known.equipment & ~%(stated_bits)s::bigint, 0) | listed.equipment
               as new_equipment
    from stretch
    join import_vehicle using (vehicle_key)
    left join import_known as known
        on known.vehicle_key = stretch.vehicle_key
        and known.begins <= stretch.begins and stretch.begins < known.ends
    left join import_listed as listed
        on listed.vehicle_key = stretch.vehicle_key
        and listed.begins <= stretch.begins and stretch.begins < listed.ends
    where stretch.ends is not null
      and (known.vehicle_key is not null or listed.vehicle_key is not null)
), compared as (
    select *, (plate, attributes, equipment)
              is distinct from (new_plate, new_attributes, new_equipment) as says_other
    from answered
)
insert into import_segment
select vehicle_key, begins, ends, is_past, was_there, is_there,
       was_there <> is_there or (is_there and not keeps and says_other),
       is_there and keeps and coalesce(tells_past, false) and says_other,
       case when keeps then plate else new_plate end,
       case when keeps then attributes else new_attributes end,
       case when keeps then equipment else new_equipment end
from compared

-- name: plan_outcomes
-- What becomes of each vehicle.
insert into import_outcome
select vehicle_key, operator_id,
       bool_or(was_there and not is_past),
       bool_or(is_there and not is_past),
       not bool_or(was_there) and bool_or(is_there),
       bool_or(differs),
       bool_or(differs and is_past),
       bool_or(was_there and not is_past) and not bool_or(is_there and not is_past)
           or bool_or(was_there and not is_there and is_past),
       bool_or(left_alone)
from import_segment
join import_vehicle using (vehicle_key)
group by vehicle_key, operator_id

-- name: plan_entries
-- Islands of neighbouring days that say the same become one period each. What is there in the
-- same words already stays, so that an import of the same list twice writes nothing.
with there as (
    select import_segment.*,
           lag(import_segment.ends) over vehicle is distinct from import_segment.begins
           or lag((plate, attributes, equipment)) over vehicle
              is distinct from (plate, attributes, equipment) as is_first
    from import_segment
    join import_outcome using (vehicle_key)
    where import_outcome.differs and import_segment.is_there
    window vehicle as (partition by import_segment.vehicle_key order by import_segment.begins)
), numbered as (
    select *, count(*) filter (where is_first)
              over (partition by vehicle_key order by begins) as island
    from there
), planned as (
    select vehicle_key, min(begins) as begins, max(ends) as ends, plate, attributes, equipment
    from numbered
    group by vehicle_key, island, plate, attributes, equipment
)
insert into import_planned (entry_id, vehicle_key, begins, ends, plate, attributes, equipment)
select known.entry_id, planned.*
from planned
left join import_known as known
    on known.vehicle_key = planned.vehicle_key
    and known.begins = planned.begins and known.ends = planned.ends
    and (known.plate, known.attributes, known.equipment)
        is not distinct from (planned.plate, planned.attributes, planned.equipment)

-- name: analyze_outcomes
-- Before the entries are planned.
analyze import_segment, import_outcome

-- name: analyze_entries
-- Before they are written.
analyze import_planned

-- name: close_entries
-- What is no longer so.
update registry_entry
set known_to = %(entered_at)s, superseded_by = %(change_id)s
from import_known
join import_outcome using (vehicle_key)
where registry_entry.entry_id = import_known.entry_id
  and import_outcome.differs
  and not exists (
      select from import_planned where import_planned.entry_id = import_known.entry_id
  )

-- name: open_entries
-- What is so now.
insert into registry_entry (known_from, change_id, equipment, vehicle_key, in_service_from,
                            in_service_to, operator_id, plate, attributes)
select %(entered_at)s, %(change_id)s, equipment, vehicle_key, begins, ends - 1, operator_id,
       plate, attributes
from import_planned
join import_outcome using (vehicle_key)
where entry_id is null

-- name: losses
-- How many vehicles of each operator's fleet lose days in service that were not planned ones. The
-- fleet is all of it, of a partial list too.
select outcome.operator_id, outcome.lost, greatest(outcome.vehicles, fleet.vehicles)
from (
    select operator_id, count(*) filter (where lost) as lost,
           count(*) filter (where was_there or lost) as vehicles
    from import_outcome
    group by operator_id
) as outcome
join import_operator using (operator_id)
cross join lateral (
    select count(distinct entry.vehicle_key) as vehicles
    from registry_entry as entry
    where entry.operator_id = outcome.operator_id and entry.known_to = 'infinity'
      and entry.in_service_to >= import_operator.effective
) as fleet
order by outcome.operator_id collate "C"

-- name: fleets
-- The operators with a fleet on a day, or later.
select operator_id
from registry_entry
where known_to = 'infinity' and in_service_to >= %(day)s::date
group by operator_id
order by operator_id collate "C"

-- name: differences
-- What an import changes, day by day of which it changes anything: of each vehicle the stretches
-- of days, what was known of them, and what is known then.
select operator_id, vehicle.vehicle_id,
       case when outcome.is_new or (outcome.is_there and not outcome.was_there) then 'added'
            when outcome.was_there and not outcome.is_there then 'ended'
            else 'changed' end,
       nullif(segment.begins, '-infinity'), nullif(segment.ends, 'infinity') - 1,
       segment.was_there, segment.is_there,
       known.plate, known.attributes, known.equipment,
       segment.plate, segment.attributes, segment.equipment
from import_segment as segment
join import_outcome as outcome using (vehicle_key)
join vehicle using (vehicle_key, operator_id)
left join import_known as known
    on known.vehicle_key = segment.vehicle_key
    and known.begins <= segment.begins and segment.begins < known.ends
where segment.differs
order by operator_id collate "C", vehicle.vehicle_id collate "C", segment.begins

-- name: rehearsed_differences
-- The same of a change that is rehearsed, by the entries that it closes and opens.
with touched as (
    select vehicle_key, change_id = 0 as is_opened, in_service_from as begins,
           case when in_service_to = 'infinity' then in_service_to else in_service_to + 1 end as ends,
           plate, attributes, equipment
    from registry_entry
    where change_id = 0 or superseded_by = 0
), bound as (
    select vehicle_key, begins as day from touched
    union
    select vehicle_key, ends from touched
), stretch as (
    select vehicle_key, day as begins,
           lead(day) over (partition by vehicle_key order by day) as ends
    from bound
)
select vehicle.operator_id, vehicle.vehicle_id,
       case when bool_and(closed.vehicle_key is null) over whole then 'added'
            when bool_and(opened.vehicle_key is null) over whole then 'ended'
            else 'changed' end as what,
       nullif(stretch.begins, '-infinity') as begins, nullif(stretch.ends, 'infinity') - 1 as ends,
       closed.vehicle_key is not null as was_there, opened.vehicle_key is not null as is_there,
       closed.plate, closed.attributes, closed.equipment,
       opened.plate, opened.attributes, opened.equipment
from stretch
join vehicle using (vehicle_key)
left join touched as closed
    on closed.vehicle_key = stretch.vehicle_key and not closed.is_opened
    and closed.begins <= stretch.begins and stretch.begins < closed.ends
left join touched as opened
    on opened.vehicle_key = stretch.vehicle_key and opened.is_opened
    and opened.begins <= stretch.begins and stretch.begins < opened.ends
where stretch.ends is not null
  and (closed.vehicle_key is not null or opened.vehicle_key is not null)
window whole as (partition by stretch.vehicle_key)
order by vehicle.operator_id collate "C", vehicle.vehicle_id collate "C", stretch.begins

-- name: change_is_there
-- Whether there is such a change.
select from registry_change where change_id = %(undone)s

-- name: later_changes
-- The changes that were made after a change to the vehicles that it was made to.
select distinct greatest(entry.change_id, entry.superseded_by)
from registry_entry as entry
where greatest(entry.change_id, entry.superseded_by) > %(undone)s
  and entry.vehicle_key in (
      select touched.vehicle_key from registry_entry as touched
      where %(undone)s in (touched.change_id, touched.superseded_by)
  )
order by 1

-- name: undo_opened
-- What a change has opened is closed.
update registry_entry
set known_to = %(entered_at)s, superseded_by = %(change_id)s
where change_id = %(undone)s and known_to = 'infinity'

-- name: undo_closed
-- What a change has closed is opened again.
insert into registry_entry (known_from, change_id, equipment, vehicle_key, in_service_from,
                            in_service_to, operator_id, plate, attributes)
select %(entered_at)s, %(change_id)s, equipment, vehicle_key, in_service_from, in_service_to,
       operator_id, plate, attributes
from registry_entry
where superseded_by = %(undone)s

-- name: match_opened
-- What is known of one vehicle is that of another from now on.
with closed as (
    update registry_entry as entry
    set known_to = %(entered_at)s, superseded_by = %(change_id)s
    from vehicle
    where vehicle.vehicle_key = entry.vehicle_key and entry.known_to = 'infinity'
      and (vehicle.operator_id, vehicle.vehicle_id)
          = (%(operator_id)s::text, %(vehicle_id)s::text)
    returning entry.equipment, entry.in_service_from, entry.in_service_to, entry.plate,
              entry.attributes
)
insert into registry_entry (known_from, change_id, equipment, vehicle_key, in_service_from,
                            in_service_to, operator_id, plate, attributes)
select %(entered_at)s, %(change_id)s, closed.equipment, heard.vehicle_key,
       closed.in_service_from, closed.in_service_to, heard.operator_id, closed.plate,
       closed.attributes
from closed
cross join vehicle as heard
where (heard.operator_id, heard.vehicle_id)
      = (%(heard_operator_id)s::text, %(heard_vehicle_id)s::text)

-- name: counts
-- The vehicles by what becomes of them. One that is neither in the list nor in the fleet from the
-- effective day on is none of the import's business.
select count(*) filter (where is_new or (is_there and not was_there)) as added,
       count(*) filter (where differs and not is_new and was_there = is_there) as changed,
       count(*) filter (where was_there and not is_there) as ended,
       count(*) filter (where not differs and (was_there or is_listed)) as unchanged,
       count(*) filter (where past and not is_new) as retroactive,
       count(*) filter (where left_alone) as left_alone,
       (select count(*) from import_planned join import_outcome using (vehicle_key)
        where is_new and begins = '-infinity') as without_start
from import_outcome
join import_vehicle using (vehicle_key)

-- name: ended
-- The vehicles that leave the fleet.
select vehicle.operator_id, vehicle.vehicle_id
from import_outcome
join vehicle using (vehicle_key)
where was_there and not is_there
order by vehicle.operator_id collate "C", vehicle.vehicle_id collate "C"

-- name: effective_days
-- Each operator with the day from which the list holds.
select operator_id, effective from import_operator order by operator_id collate "C"

-- name: entries
-- What the registry says: of a day, of a moment's day in each operator's time zone, or of all
-- time; as known now, or as known then, and the operators by the ids that they had then. Of absent
-- names the vehicle has no attribute.
select name, vehicle.vehicle_id, entry.plate,
       nullif(entry.in_service_from, '-infinity'), nullif(entry.in_service_to, 'infinity'),
       entry.attributes, entry.equipment
from registry_entry as entry
join vehicle using (vehicle_key, operator_id)
join (
    select operator_id, time_zone,
           operator_then(operator_id, %(known_at)s::timestamptz + interval '1 microsecond') as name
    from operator
    offset 0
) as operator using (operator_id)
where ((%(known_at)s::timestamptz is null and entry.known_to = 'infinity')
       or (entry.known_from <= %(known_at)s::timestamptz
           and %(known_at)s::timestamptz < entry.known_to))
  and (%(on)s::date is null
       or %(on)s::date between entry.in_service_from and entry.in_service_to)
  and (%(at)s::timestamptz is null
       or local_day(%(at)s::timestamptz, operator.time_zone)
          between entry.in_service_from and entry.in_service_to)
  and (%(operator_id)s::text is null or operator_id = operator_now(%(operator_id)s::text))
  and (%(vehicle_id)s::text is null or vehicle.vehicle_id = %(vehicle_id)s::text)
  and entry.attributes @> %(where)s::jsonb
  and not entry.attributes ?| %(absent)s::text[]
order by name collate "C", vehicle.vehicle_id collate "C", entry.in_service_from

-- name: changes
-- Who changed the registry when, and from what, newest first.
with opened as (
    select change_id, count(*) as entries from registry_entry group by change_id
), closed as (
    select superseded_by as change_id, count(*) as entries
    from registry_entry
    where superseded_by is not null
    group by superseded_by
)
select change_id, entered_at, claimed_at, changed_by, source,
       coalesce(opened.entries, 0), coalesce(closed.entries, 0)
from registry_change
left join opened using (change_id)
left join closed using (change_id)
order by change_id desc
limit %(limit)s

-- name: inbox
-- The vehicles that publish and are not registered, by the rule by which shares count them. A
-- day's minutes are or-ed: what came late has rows of its own.
select operator_id, vehicle.vehicle_id, state.first_contact_at, state.contact_at,
       coalesce(seen.minutes, 0), state.fix_at, degrees(state.latitude), degrees(state.longitude)
from unregistered(%(now)s::timestamptz, false) as found
join vehicle using (vehicle_key, operator_id)
join vehicle_state as state using (vehicle_key)
cross join lateral (
    select sum(day.minutes)::bigint as minutes
    from (
        select minutes_on_map(bit_or(vehicle_day.minutes), 0) as minutes
        from vehicle_day
        where vehicle_day.vehicle_key = found.vehicle_key
        group by vehicle_day.day
    ) as day
) as seen
where (%(operator_id)s::text is null or operator_id = %(operator_id)s::text)
  and (%(vehicle_id)s::text is null or vehicle.vehicle_id = %(vehicle_id)s::text)
order by operator_id collate "C", vehicle.vehicle_id collate "C"

-- name: dismissed
-- The vehicles that were taken out of the inbox, and are out of it.
select operator_id, vehicle.vehicle_id, dismissal.known_from, dismissal.entered_by,
       dismissal.reason, state.contact_at
from dismissal
join vehicle using (vehicle_key)
join vehicle_state as state using (vehicle_key)
where dismissal.known_to = 'infinity'
  and (%(operator_id)s::text is null or operator_id = %(operator_id)s::text)
  and (%(vehicle_id)s::text is null or vehicle.vehicle_id = %(vehicle_id)s::text)
order by operator_id collate "C", vehicle.vehicle_id collate "C"

-- name: dismiss
-- These vehicles are out of the inbox from now on.
insert into dismissal (vehicle_key, known_from, entered_by, reason)
select vehicle_key, %(moment)s, %(author)s, %(reason)s
from unnest(%(operators)s::text[], %(vehicles)s::text[]) as named (operator_id, vehicle_id)
join vehicle using (operator_id, vehicle_id)

-- name: end_dismissals
-- These vehicles are in the inbox again, unless they are registered.
update dismissal
set known_to = %(moment)s, ended_by = %(author)s
from unnest(%(operators)s::text[], %(vehicles)s::text[]) as named (operator_id, vehicle_id)
join vehicle using (operator_id, vehicle_id)
where dismissal.vehicle_key = vehicle.vehicle_key and dismissal.known_to = 'infinity'

-- name: unregistered_names
-- Who publishes and is not registered.
select operator_id, vehicle.vehicle_id
from unregistered(%(now)s::timestamptz, false) as found
join vehicle using (vehicle_key, operator_id)
order by operator_id collate "C", vehicle.vehicle_id collate "C"

-- name: fleet_names
-- Who is in the fleet.
select operator_id, vehicle.vehicle_id
from fleet_at(%(now)s::timestamptz) as fleet
join vehicle using (vehicle_key, operator_id)
order by operator_id collate "C", vehicle.vehicle_id collate "C"

-- name: accept
-- In service on every day from the first one on of which the registry does not speak already,
-- with what was last known. A bus that comes back begins with the first day on which it was seen
-- again.
with accepted as (
    select vehicle_key, operator_id,
           local_day(first_contact_at, time_zone) as first_day,
           local_day(contact_at, time_zone) as last_day
    from unnest(%(operators)s::text[], %(vehicles)s::text[]) as named (operator_id, vehicle_id)
    join vehicle using (operator_id, vehicle_id)
    join operator using (operator_id)
    join vehicle_state using (vehicle_key)
), known as (
    select vehicle_key,
           range_agg(daterange(in_service_from, in_service_to, '[]')) as days,
           max(in_service_to) filter (where in_service_to < last_day) as retired_on
    from accepted
    join registry_entry using (vehicle_key)
    where known_to = 'infinity'
    group by vehicle_key
), begun as (
    select vehicle_key, operator_id, known.days,
           coalesce(%(since)s::date, case
               when known.retired_on is null then first_day
               else coalesce((
                   select min(day) from vehicle_day
                   where vehicle_day.vehicle_key = accepted.vehicle_key
                     and day > known.retired_on
               ), last_day)
           end) as begins
    from accepted
    left join known using (vehicle_key)
), period as (
    select vehicle_key, operator_id, unnest(
               datemultirange(daterange(begins, 'infinity', '[]'))
               - coalesce(days, '{}'::datemultirange)) as days
    from begun
), opened as (
    insert into registry_entry (known_from, change_id, equipment, vehicle_key, in_service_from,
                                in_service_to, operator_id, plate, attributes)
    select %(entered_at)s, %(change_id)s, coalesce(last.equipment, 0), vehicle_key, lower(days),
           case when upper(days) = 'infinity' then upper(days) else upper(days) - 1 end,
           operator_id, last.plate, coalesce(last.attributes, '{}')
    from period
    left join lateral (
        select plate, attributes, equipment
        from registry_entry as entry
        where entry.vehicle_key = period.vehicle_key and entry.known_to = 'infinity'
        order by entry.in_service_to desc
        limit 1
    ) as last on true
    returning vehicle_key, in_service_from
)
select operator_id, vehicle_id, min(in_service_from)
from opened
join vehicle using (vehicle_key)
group by operator_id, vehicle_id
order by operator_id collate "C", vehicle_id collate "C"
