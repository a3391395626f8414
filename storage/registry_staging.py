"""A fleet list beside what the registry knows, on temporary tables of the running transaction.

Periods are half-open here (``ends`` is the first day after), so that neighbours meet in one
number and infinity stays what it is.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

from models.registry import COLUMNS, RegistryEntry
from storage.connection import Connection
from storage.errors import DataRejected

_CREATE = """
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
    route_id        text,
    depot           text,
    municipality    text,
    in_service_from date,
    in_service_to   date,
    cctv            boolean,
    cashless        boolean
) on commit drop;

create temporary table import_known (
    entry_id     bigint not null,
    vehicle_key  integer not null,
    operator_id  text not null,
    begins       date not null,
    ends         date not null,
    plate        text,
    route_id     text,
    depot        text,
    municipality text,
    cctv         boolean,
    cashless     boolean
) on commit drop;

create temporary table import_listed (
    vehicle_key  integer not null,
    begins       date not null,
    ends         date not null,
    dated        boolean not null,
    plate        text,
    route_id     text,
    depot        text,
    municipality text,
    cctv         boolean,
    cashless     boolean
) on commit drop;

create temporary table import_vehicle (
    vehicle_key integer not null,
    operator_id text not null,
    effective   date not null,
    is_known    boolean not null,
    is_listed   boolean not null
) on commit drop;

create temporary table import_segment (
    vehicle_key  integer not null,
    begins       date not null,
    ends         date not null,
    is_past      boolean not null,
    was_there    boolean not null,
    is_there     boolean not null,
    differs      boolean not null,
    left_alone   boolean not null,
    plate        text,
    route_id     text,
    depot        text,
    municipality text,
    cctv         boolean,
    cashless     boolean
) on commit drop;

create temporary table import_planned (
    entry_id     bigint,
    vehicle_key  integer not null,
    begins       date not null,
    ends         date not null,
    plate        text,
    route_id     text,
    depot        text,
    municipality text,
    cctv         boolean,
    cashless     boolean
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
) on commit drop;
"""

_DROP = """
drop table import_operator, import_line, import_known, import_listed, import_vehicle,
           import_segment, import_planned, import_outcome
"""

_COPY = "copy import_line from stdin (format binary)"

_TYPES = ("text",) * 6 + ("date",) * 2 + ("bool",) * 2

_OPERATORS = """
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
       coalesce(%(effective)s::date,
                (%(recorded_at)s::timestamptz at time zone time_zone)::date),
       not exists (
           select from vehicle join registry_entry using (vehicle_key)
           where vehicle.operator_id = all_named.operator_id
       )
from all_named
"""

# In the writer's order, so that the two cannot lock each other out.
_VEHICLES = """
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
"""

_KNOWN = """
insert into import_known
select entry_id, vehicle_key, operator_id, in_service_from, in_service_to + 1,
       plate, route_id, depot, municipality, cctv, cashless
from registry_entry
join vehicle using (vehicle_key)
join import_operator using (operator_id)
where known_to = 'infinity'
"""

# A line without a first day begins where the vehicle is known to begin, one that is not known
# on the effective day, or since ever. A list without the column in_service_to leaves a planned
# end where it is.
_LISTED = """
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
       in_service_from is not null,
       import_line.plate, import_line.route_id, import_line.depot, import_line.municipality,
       import_line.cctv, import_line.cashless
from import_line
join import_operator using (operator_id)
join vehicle using (operator_id, vehicle_id)
left join reach using (vehicle_key)
"""

_ALL_VEHICLES = """
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
"""

_OVERLAPS = """
select operator_id, vehicle_id
from (
    select vehicle_key, begins < lag(ends) over (partition by vehicle_key order by begins) as bad
    from import_listed
) as period
join vehicle using (vehicle_key)
where bad
limit 1
"""

# Temporary tables have no statistics until they are asked for.
_ANALYZE = "analyze import_known, import_listed, import_vehicle"


class Plan(NamedTuple):
    """How a list is to be read."""

    operators: Collection[str]
    time_zone: str
    """IANA name, for operators that are not known yet."""
    recorded_at: datetime
    effective: date | None
    correct: bool
    columns: Collection[str]

    def binds(self) -> dict[str, object]:
        """Return the values that the statements take."""
        return {
            "operators": list(self.operators),
            "time_zone": self.time_zone,
            "recorded_at": self.recorded_at,
            "effective": self.effective,
            "correct": self.correct,
        } | {f"states_{column}": column in self.columns for column in COLUMNS}


def stage(connection: Connection, entries: Iterable[RegistryEntry], plan: Plan) -> None:
    """Lay a list's lines and the known entries of its operators side by side.

    Operators and vehicles that are not known yet are given their rows.

    Raises:
        DataRejected: two periods of one vehicle overlap: it would count twice.
    """
    connection.execute(_CREATE)
    _copy(connection, entries)
    binds = plan.binds()
    connection.execute(_OPERATORS, binds)
    for statement in (_VEHICLES, _KNOWN):
        connection.execute(statement)
    connection.execute(_LISTED, binds)
    _check_overlaps(connection)
    for statement in (_ALL_VEHICLES, _ANALYZE):
        connection.execute(statement)


def unstage(connection: Connection) -> None:
    """Drop the temporary tables, for another import in the same transaction."""
    connection.execute(_DROP)


def _copy(connection: Connection, entries: Iterable[RegistryEntry]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for entry in entries:
            copy.write_row((*entry.vehicle, *entry[1:]))


def _check_overlaps(connection: Connection) -> None:
    overlap = connection.execute(_OVERLAPS).fetchone()
    if overlap is not None:
        raise DataRejected(f"two entries of vehicle {overlap[0]}/{overlap[1]} overlap in time")
