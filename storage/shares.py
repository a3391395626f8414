"""The shares of a fleet: now from the newest states, at a past moment from the history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import sql

from models.indicator import DISPATCHER_WINDOW, Grouping, UntrackableReason
from models.report import Equipment
from models.share import Cell, EquipmentState, Shares, tally
from storage import state
from storage.connection import Connection
from storage.errors import translated

_CELLS: Final = sql.SQL("""
-- One pass over fleet and states. Vehicles that are alike in all that is counted have the same
-- number, and become one row, of which there are some hundreds: the sums over them are the
-- caller's. A vehicle that is not in the fleet has a row of its own, by its negative key. Grouped
-- by columns instead of a number, 100,000 vehicles would take more than twice the time; without
-- "offset 0" the planner takes each vehicle for a group, and sorts them.
select name, alike, count(*) as vehicles
from (
    select {group} as name,
           case when fleet.vehicle_key is null then -state.vehicle_key
                else (((coalesce(width_bucket(state.fix_at, %(edges)s::timestamptz[]), 0)
                        * {reasons} + {reason}
                       ) * {equipment} + {cctv}
                      ) * {equipment} + {cashless}
                     ) * 2 + (coalesce(state.route_id, fleet.route_id) is not null)::integer
           end as alike
    from fleet_at(%(at)s) as fleet
    full join {state} as state on state.vehicle_key = fleet.vehicle_key
    where fleet.vehicle_key is not null or state.contact_at is not null
    offset 0
) as vehicle
group by name, alike
""")

_REASONS: Final = (None, *UntrackableReason)
"""Why a vehicle is not trackable; the place is its number in the query."""

_EQUIPMENT: Final = (
    EquipmentState(fitted=None, declared=None, working=None),
    EquipmentState(fitted=None, declared=True, working=None),
    EquipmentState(fitted=None, declared=True, working=True),
    EquipmentState(fitted=True, declared=None, working=None),
    EquipmentState(fitted=True, declared=None, working=True),
)
"""What is told apart of a piece of equipment; the place is its number in the query."""

_EQUIPMENT_NUMBER: Final = sql.SQL("""
case when state.{fitted} then case when state.{working} then 4 else 3 end
     when state.{fitted} is null and fleet.{declared}
     then case when state.{working} then 2 else 1 end
     else 0 end
""")

_UNREGISTERED: Final = sql.SQL("""
-- Of the vehicles that are not in the fleet, those that the registry did not have in service on
-- the day they were last heard, either: a bus that has retired and is silent publishes nothing.
select vehicle.operator_id, count(*)
from {state} as state
join vehicle on vehicle.vehicle_key = state.vehicle_key
join operator on operator.operator_id = vehicle.operator_id
where state.vehicle_key = any(%(strangers)s)
  and not exists (
      select from registry_entry as entry
      where entry.vehicle_key = state.vehicle_key and entry.known_to = 'infinity'
        and (state.contact_at at time zone operator.time_zone)::date
            between entry.in_service_from and entry.in_service_to
  )
group by vehicle.operator_id
order by vehicle.operator_id
""")

_GROUPS: Final = {
    Grouping.OPERATOR: sql.SQL("fleet.operator_id"),
    # A bus of which the registry names no route belongs to the one it was last seen on.
    Grouping.ROUTE: sql.SQL("coalesce(fleet.route_id, state.route_id)"),
    Grouping.DEPOT: sql.SQL("fleet.depot"),
    Grouping.MUNICIPALITY: sql.SQL("fleet.municipality"),
}


def shares_now(
    connection: Connection,
    now: datetime,
    windows: Sequence[timedelta],
    by: Grouping = Grouping.OPERATOR,
    reason_window: timedelta = DISPATCHER_WINDOW,
) -> Shares:
    """Count the fleet by what is the newest known of each vehicle.

    A fix ahead of the moment counts: how far ahead is tolerated was decided at its reception.

    Raises:
        StorageError: the database cannot be asked.
    """
    return _shares(connection, state.NOW, now, windows, by, reason_window)


def shares_at(
    connection: Connection,
    moment: datetime,
    windows: Sequence[timedelta],
    by: Grouping = Grouping.OPERATOR,
    reason_window: timedelta = DISPATCHER_WINDOW,
) -> Shares:
    """Count the fleet of a past moment, as the registry knows it now, by what was observed then.

    What was observed after the moment does not count, and what was observed before it does,
    however late it came.

    Raises:
        StorageError: the database cannot be asked.
    """
    return _shares(connection, state.THEN, moment, windows, by, reason_window)


def _shares(
    connection: Connection,
    states: sql.Composed,
    at: datetime,
    windows: Sequence[timedelta],
    by: Grouping,
    reason_window: timedelta,
) -> Shares:
    query = _cells_query(states, by)
    binds = state.binds(at, reason_window)
    edges = [at - window for window in sorted(windows, reverse=True)]
    with translated():
        rows = connection.execute(query, binds | {"edges": edges}).fetchall()
        strangers = [-alike for _, alike, _ in rows if alike < 0]
        unregistered = _unregistered(connection, states, binds, strangers) if strangers else {}
    cells = [_cell(*row) for row in rows if row[1] >= 0]
    groups = {name: tally(alike, windows) for name, alike in _grouped(cells)}
    return Shares(at, tally(cells, windows), groups, unregistered)


def _unregistered(
    connection: Connection, states: sql.Composed, binds: Mapping[str, Any], strangers: Sequence[int]
) -> dict[str, int]:
    query = _UNREGISTERED.format(state=states)
    return dict(connection.execute(query, {**binds, "strangers": strangers}).fetchall())


def _cells_query(states: sql.Composed, by: Grouping) -> sql.Composed:
    return _CELLS.format(
        group=_GROUPS[by],
        state=states,
        reasons=len(_REASONS),
        reason=_reason_number(),
        equipment=len(_EQUIPMENT),
        cctv=_equipment_number(Equipment.CCTV),
        cashless=_equipment_number(Equipment.CASHLESS),
    )


def _reason_number() -> sql.Composed:
    when = sql.SQL("when {} then {}")
    numbers = [when.format(each.value, _REASONS.index(each)) for each in UntrackableReason]
    return sql.SQL("case {} {} else 0 end").format(state.REASON, sql.SQL(" ").join(numbers))


def _equipment_number(equipment: Equipment) -> sql.Composed:
    name = equipment.value
    return _EQUIPMENT_NUMBER.format(
        fitted=sql.Identifier(f"{name}_fitted"),
        working=sql.Identifier(f"{name}_working"),
        declared=sql.Identifier(name),
    )


def _cell(group: str | None, alike: int, vehicles: int) -> Cell:
    rest, route_known = divmod(alike, 2)
    rest, cashless = divmod(rest, len(_EQUIPMENT))
    rest, cctv = divmod(rest, len(_EQUIPMENT))
    windows, reason = divmod(rest, len(_REASONS))
    return Cell(
        group=group,
        windows=windows,
        route_known=bool(route_known),
        reason=_REASONS[reason],
        equipment={
            Equipment.CCTV: _EQUIPMENT[cctv],
            Equipment.CASHLESS: _EQUIPMENT[cashless],
        },
        vehicles=vehicles,
    )


def _grouped(cells: Iterable[Cell]) -> list[tuple[str | None, list[Cell]]]:
    groups = defaultdict(list)
    for cell in cells:
        groups[cell.group].append(cell)
    return sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
