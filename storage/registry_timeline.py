"""The days of each vehicle: as the registry knows them, as a list has them, as they become."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from models.vehicle import VehicleId
from storage.connection import Connection
from storage.registry_change import Change
from storage.registry_staging import Plan

# Between two neighbouring boundaries nothing changes: whether the vehicle was in service, and
# as what, and whether it is now, are questions with one answer each. The rules are those of
# storage.registry_import.
_SEGMENTS = """
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
           known.plate as known_plate, known.route_id as known_route_id,
           known.depot as known_depot, known.municipality as known_municipality,
           known.cctv as known_cctv, known.cashless as known_cashless,
           case when %(states_plate)s then listed.plate
                else known.plate end as listed_plate,
           case when %(states_route_id)s then listed.route_id
                else known.route_id end as listed_route_id,
           case when %(states_depot)s then listed.depot
                else known.depot end as listed_depot,
           case when %(states_municipality)s then listed.municipality
                else known.municipality end as listed_municipality,
           case when %(states_cctv)s then listed.cctv
                else known.cctv end as listed_cctv,
           case when %(states_cashless)s then listed.cashless
                else known.cashless end as listed_cashless
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
    select *,
           (known_plate, known_route_id, known_depot, known_municipality,
            known_cctv, known_cashless)
           is distinct from
           (listed_plate, listed_route_id, listed_depot, listed_municipality,
            listed_cctv, listed_cashless) as says_other
    from answered
)
insert into import_segment
select vehicle_key, begins, ends, is_past, was_there, is_there,
       was_there <> is_there or (is_there and not keeps and says_other),
       is_there and keeps and coalesce(tells_past, false) and says_other,
       case when keeps then known_plate else listed_plate end,
       case when keeps then known_route_id else listed_route_id end,
       case when keeps then known_depot else listed_depot end,
       case when keeps then known_municipality else listed_municipality end,
       case when keeps then known_cctv else listed_cctv end,
       case when keeps then known_cashless else listed_cashless end
from compared
"""

_OUTCOMES = """
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
"""

# Islands of neighbouring days with the same attributes become one period each. What is there
# in the same words already stays, so that an import of the same list twice writes nothing.
_PLAN = """
with there as (
    select import_segment.*,
           lag(import_segment.ends) over vehicle is distinct from import_segment.begins
           or lag((plate, route_id, depot, municipality, cctv, cashless)) over vehicle
              is distinct from (plate, route_id, depot, municipality, cctv, cashless) as is_first
    from import_segment
    join import_outcome using (vehicle_key)
    where import_outcome.differs and import_segment.is_there
    window vehicle as (partition by import_segment.vehicle_key order by import_segment.begins)
), numbered as (
    select *, count(*) filter (where is_first)
              over (partition by vehicle_key order by begins) as island
    from there
), planned as (
    select vehicle_key, min(begins) as begins, max(ends) as ends,
           plate, route_id, depot, municipality, cctv, cashless
    from numbered
    group by vehicle_key, island, plate, route_id, depot, municipality, cctv, cashless
)
insert into import_planned (entry_id, vehicle_key, begins, ends,
                            plate, route_id, depot, municipality, cctv, cashless)
select known.entry_id, planned.vehicle_key, planned.begins, planned.ends,
       planned.plate, planned.route_id, planned.depot, planned.municipality,
       planned.cctv, planned.cashless
from planned
left join import_known as known
    on known.vehicle_key = planned.vehicle_key
    and known.begins = planned.begins and known.ends = planned.ends
    and (known.plate, known.route_id, known.depot, known.municipality,
         known.cctv, known.cashless)
        is not distinct from
        (planned.plate, planned.route_id, planned.depot, planned.municipality,
         planned.cctv, planned.cashless)
"""

_SUPERSEDE = """
update registry_entry
set known_to = %(recorded_at)s, superseded_by = %(change_id)s
from import_known
join import_outcome using (vehicle_key)
where registry_entry.entry_id = import_known.entry_id
  and import_outcome.differs
  and not exists (
      select from import_planned where import_planned.entry_id = import_known.entry_id
  )
"""

_OPEN = """
insert into registry_entry (vehicle_key, plate, route_id, depot, municipality,
                            in_service_from, in_service_to, cctv, cashless,
                            known_from, change_id)
select vehicle_key, plate, route_id, depot, municipality,
       begins, ends - 1, cctv, cashless, %(recorded_at)s, %(change_id)s
from import_planned
where entry_id is null
"""

_LOSSES = """
select operator_id, count(*) filter (where lost), count(*) filter (where was_there or lost)
from import_outcome
group by operator_id
order by operator_id
"""

# A vehicle that is neither in the list nor in the fleet from the effective day on is none of
# the import's business.
_COUNTS = """
select count(*) filter (where is_new or (is_there and not was_there)) as added,
       count(*) filter (where differs and not is_new and was_there = is_there) as changed,
       count(*) filter (where was_there and not is_there) as ended,
       count(*) filter (where not differs and (was_there or is_listed)) as unchanged,
       count(*) filter (where past and not is_new) as retroactive,
       count(*) filter (where left_alone) as left_alone,
       (select count(*) from import_planned join import_outcome using (vehicle_key)
        where is_new and begins = '-infinity') as since_ever
from import_outcome
join import_vehicle using (vehicle_key)
"""

_ENDED = """
select vehicle.operator_id, vehicle.vehicle_id
from import_outcome
join vehicle using (vehicle_key)
where was_there and not is_there
order by vehicle.operator_id, vehicle.vehicle_id
"""

_EFFECTIVE = "select operator_id, effective from import_operator order by operator_id"


class Loss(NamedTuple):
    """How many vehicles of an operator's fleet lose days in service that are not planned ones."""

    operator_id: str
    lost: int
    fleet: int


class Counts(NamedTuple):
    """What becomes of the vehicles of the list and of the fleet."""

    added: int
    changed: int
    ended: int
    unchanged: int
    retroactive: int
    left_alone: int
    since_ever: int


def compare(connection: Connection, plan: Plan) -> None:
    """Find what each staged vehicle's days become, changing nothing yet."""
    connection.execute(_SEGMENTS, plan.binds())
    connection.execute(_OUTCOMES)
    connection.execute("analyze import_segment, import_outcome")
    connection.execute(_PLAN)
    connection.execute("analyze import_planned")


def apply(connection: Connection, change: Change) -> None:
    """Close the entries that are no longer so, and open those that are so now.

    From here to the transaction's end the batches of the ingest wait: both write the states.
    """
    for statement in (_SUPERSEDE, _OPEN):
        connection.execute(statement, change._asdict())


def losses(connection: Connection) -> list[Loss]:
    """Return what each operator's fleet would lose."""
    return [Loss(*row) for row in connection.execute(_LOSSES)]


def counts(connection: Connection) -> Counts:
    """Count the vehicles by what becomes of them."""
    return Counts(*connection.execute(_COUNTS).fetchone() or (0,) * len(Counts._fields))


def ended(connection: Connection) -> Sequence[VehicleId]:
    """Return the vehicles that leave the fleet."""
    return [VehicleId(*row) for row in connection.execute(_ENDED)]


def effective_days(connection: Connection) -> Sequence[tuple[str, date]]:
    """Return each operator with the day from which the list holds."""
    return [(operator_id, day) for operator_id, day in connection.execute(_EFFECTIVE)]
