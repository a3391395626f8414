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
from storage.past_state import THEN

_CELLS: Final = sql.SQL("""
-- One pass over fleet and states. Vehicles that are alike in all that is counted have the same
-- number, and become one row, of which there are some hundreds: the sums over them are the
-- caller's. A vehicle that is not in the fleet has a row of its own, by its negative key. Grouped
-- by columns instead of a number, 100,000 vehicles would take more than twice the time; numbered
-- after the join instead of before, a tenth more; and without the last "offset 0" the planner
-- takes each vehicle for a group, and sorts them.
select name, alike, count(*) as vehicles
from (
    select {group} as name,
           case when fleet.vehicle_key is not null
                then coalesce(state.observed, {nothing_observed}) * 8
                     + case when fleet.cctv then 4 else 0 end
                     + case when fleet.cashless then 2 else 0 end
                     + case when fleet.route_id is not null then 1 else 0 end
                when state.heard then -state.vehicle_key
           end as alike
    from fleet_at(%(at)s) as fleet
    full join (
        select vehicle_key, route_id, contact_at is not null as heard,
               (((coalesce(width_bucket(fix_at, %(edges)s::timestamptz[]), 0)
                   * {reasons} + {reason}
                  ) * {words} + {cctv}
                 ) * {words} + {cashless}
                ) * 2 + (route_id is not null)::integer as observed
        from {state} as state
    ) as state on state.vehicle_key = fleet.vehicle_key
    offset 0
) as vehicle
where alike is not null
group by name, alike
""")

_REASONS: Final = (None, *UntrackableReason)
"""Why a vehicle is not trackable; the place is its number in the query."""

_WORDS: Final = ((None, None), (None, True), (True, None), (True, True), (False, None))
"""What is told apart of the newest words on a piece of equipment, whether it is fitted and whether
it works; the place is its number in the query."""

_WORD_NUMBER: Final = sql.SQL("""
case when state.{fitted} then case when state.{working} then 3 else 2 end
     when state.{fitted} is null then case when state.{working} then 1 else 0 end
     else 4 end
""")

_NOTHING_OBSERVED: Final = _REASONS.index(UntrackableReason.NEVER_SEEN) * len(_WORDS) ** 2 * 2

_UNREGISTERED: Final = sql.SQL("""
-- Of the vehicles that are not in the fleet, those that the registry did not have in service on
-- the day they were last heard, either: a bus that has retired and is silent publishes nothing.
-- For "any" instead of "in", the planner reads the whole registry.
select vehicle.operator_id, count(*)
from {state} as state
join vehicle on vehicle.vehicle_key = state.vehicle_key
join operator on operator.operator_id = vehicle.operator_id
where state.vehicle_key in (select unnest(%(only)s::integer[]))
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
    return _shares(connection, THEN, moment, windows, by, reason_window)


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
        only = state.binds(at, reason_window, strangers)
        unregistered = _unregistered(connection, states, only) if strangers else {}
    cells = [_cell(*row) for row in rows if row[1] >= 0]
    groups = {name: tally(alike, windows) for name, alike in _grouped(cells)}
    return Shares(at, tally(cells, windows), groups, unregistered)


def _unregistered(
    connection: Connection, states: sql.Composed, binds: Mapping[str, Any]
) -> dict[str, int]:
    return dict(connection.execute(_UNREGISTERED.format(state=states), binds).fetchall())


def _cells_query(states: sql.Composed, by: Grouping) -> sql.Composed:
    return _CELLS.format(
        group=_GROUPS[by],
        state=states,
        reasons=len(_REASONS),
        reason=_reason_number(),
        words=len(_WORDS),
        cctv=_word_number(Equipment.CCTV),
        cashless=_word_number(Equipment.CASHLESS),
        nothing_observed=_NOTHING_OBSERVED,
    )


def _reason_number() -> sql.Composed:
    when = sql.SQL("when {} then {}")
    numbers = [when.format(each.value, _REASONS.index(each)) for each in UntrackableReason]
    return sql.SQL("case {} {} else 0 end").format(state.REASON, sql.SQL(" ").join(numbers))


def _word_number(equipment: Equipment) -> sql.Composed:
    return _WORD_NUMBER.format(
        fitted=sql.Identifier(f"{equipment.value}_fitted"),
        working=sql.Identifier(f"{equipment.value}_working"),
    )


def _cell(group: str | None, alike: int, vehicles: int) -> Cell:
    rest, route_declared = divmod(alike, 2)
    rest, cashless_declared = divmod(rest, 2)
    rest, cctv_declared = divmod(rest, 2)
    rest, route_observed = divmod(rest, 2)
    rest, cashless = divmod(rest, len(_WORDS))
    rest, cctv = divmod(rest, len(_WORDS))
    windows, reason = divmod(rest, len(_REASONS))
    return Cell(
        group=group,
        windows=windows,
        route_known=bool(route_declared or route_observed),
        reason=_REASONS[reason],
        equipment={
            Equipment.CCTV: _equipment(cctv, cctv_declared),
            Equipment.CASHLESS: _equipment(cashless, cashless_declared),
        },
        vehicles=vehicles,
    )


def _equipment(words: int, declared: int) -> EquipmentState:
    fitted, working = _WORDS[words]
    return EquipmentState(fitted=fitted, declared=bool(declared), working=working)


def _grouped(cells: Iterable[Cell]) -> list[tuple[str | None, list[Cell]]]:
    groups = defaultdict(list)
    for cell in cells:
        groups[cell.group].append(cell)
    return sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
