"""The shares of a fleet: now from the newest states, at a past moment from the history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import sql

from models.indicator import DISPATCHER_WINDOW, Grouping
from models.share import Cell, Shares, tally
from storage import state
from storage.alike import JOINED, LIVE, OBSERVED, cell
from storage.connection import Connection
from storage.errors import translated
from storage.past_state import THEN

_LIVE: Final = sql.SQL("""
-- One pass over the states, which bear the registry's last word on each vehicle. Vehicles that are
-- alike in all that is counted have the same number, and become one row, of which there are some
-- hundreds: the sums over them are the caller's. Three numbers are none of those: null for a
-- vehicle that is neither in the fleet nor publishes; -1 where that last word does not settle
-- whether it is in the fleet, because it begins later, or somebody's day has ended with it; and
-- each vehicle that publishes and is not in the fleet has one of its own, its key below -1.
-- Without "offset 0" the number is worked out where the rows are grouped, which takes longer.
select name, alike, count(*) as vehicles
from (
    select {group} as name,
           case when {settled} then {alike}
                when state.registered_to >= {first_day} then {unsettled}
                when {published} then {unsettled} - state.vehicle_key
           end as alike
    from vehicle_state as state
    offset 0
) as vehicle
where alike is not null
group by name, alike
""")

# The earliest and the latest local day of any operator: on earth there are two or three.
_FIRST_DAY: Final = sql.SQL("""
(select min((%(at)s::timestamptz at time zone operator.time_zone)::date) from operator)
""")
_LAST_DAY: Final = sql.SQL("""
(select max((%(at)s::timestamptz at time zone operator.time_zone)::date) from operator)
""")

_SETTLED: Final = sql.SQL("""
(state.registered_from <= {first_day} and state.registered_to >= {last_day})
""").format(first_day=_FIRST_DAY, last_day=_LAST_DAY)

# A bus that has retired and is silent publishes nothing, and by the years there are many of them.
_PUBLISHED: Final = sql.SQL("""
state.contact_at is not null and (
    (state.contact_at at time zone (
        select operator.time_zone from operator
        where operator.operator_id = state.registered_operator
    ))::date between state.registered_from and state.registered_to
) is not true
""")

_JOINED: Final = sql.SQL("""
-- The same numbers, of the registry itself and of states that do not bear its words. A vehicle is
-- numbered before the join, which takes a tenth less than after it; and without the last
-- "offset 0" the planner takes each vehicle for a group, and sorts them.
select name, alike, count(*) as vehicles
from (
    select {group} as name,
           case when fleet.vehicle_key is not null then {alike}
                when state.heard then {unsettled} - state.vehicle_key
           end as alike
    from {fleet} as fleet
    full join (
        select state.vehicle_key, state.route_id, state.contact_at is not null as heard,
               {observed} as observed
        from {state} as state
    ) as state on state.vehicle_key = fleet.vehicle_key
    offset 0
) as vehicle
where alike is not null
group by name, alike
""")

_FLEET: Final = sql.SQL("fleet_at(%(at)s)")

_UNSETTLED_STATES: Final = sql.SQL("""
(select * from vehicle_state as state
 where state.registered_to >= {first_day} and not {settled})
""").format(first_day=_FIRST_DAY, settled=_SETTLED)

_UNSETTLED_FLEET: Final = sql.SQL("""
(select * from {fleet} as fleet
 where fleet.vehicle_key in (select unsettled.vehicle_key from {states} as unsettled))
""").format(fleet=_FLEET, states=_UNSETTLED_STATES)

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

_LIVE_GROUPS: Final = {
    Grouping.OPERATOR: sql.SQL("state.registered_operator"),
    # A bus of which the registry names no route belongs to the one it was last seen on.
    Grouping.ROUTE: sql.SQL("coalesce(state.registered_route, state.route_id)"),
    Grouping.DEPOT: sql.SQL("state.registered_depot"),
    Grouping.MUNICIPALITY: sql.SQL("state.registered_municipality"),
}

_JOINED_GROUPS: Final = {
    Grouping.OPERATOR: sql.SQL("fleet.operator_id"),
    Grouping.ROUTE: sql.SQL("coalesce(fleet.route_id, state.route_id)"),
    Grouping.DEPOT: sql.SQL("fleet.depot"),
    Grouping.MUNICIPALITY: sql.SQL("fleet.municipality"),
}

_UNSETTLED: Final = -1
"""The number of a vehicle of which the registry itself must be asked."""


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
    binds = _binds(now, windows, reason_window)
    with translated():
        rows = connection.execute(_live(by), binds).fetchall()
        if any(alike == _UNSETTLED for _, alike, _ in rows):
            unsettled = _joined(_UNSETTLED_FLEET, _UNSETTLED_STATES, by)
            rows += connection.execute(unsettled, binds).fetchall()
    return _shares(connection, state.NOW, rows, now, windows, reason_window)


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
    with translated():
        query = _joined(_FLEET, THEN, by)
        rows = connection.execute(query, _binds(moment, windows, reason_window)).fetchall()
    return _shares(connection, THEN, rows, moment, windows, reason_window)


def _binds(
    at: datetime, windows: Sequence[timedelta], reason_window: timedelta
) -> dict[str, object]:
    edges = [at - window for window in sorted(windows, reverse=True)]
    return state.binds(at, reason_window) | {"edges": edges}


def _live(by: Grouping) -> sql.Composed:
    return _LIVE.format(
        group=_LIVE_GROUPS[by],
        settled=_SETTLED,
        first_day=_FIRST_DAY,
        published=_PUBLISHED,
        alike=LIVE,
        unsettled=_UNSETTLED,
    )


def _joined(fleet: sql.Composable, states: sql.Composed, by: Grouping) -> sql.Composed:
    return _JOINED.format(
        group=_JOINED_GROUPS[by],
        fleet=fleet,
        state=states,
        observed=OBSERVED,
        alike=JOINED,
        unsettled=_UNSETTLED,
    )


def _shares(
    connection: Connection,
    states: sql.Composed,
    rows: Sequence[tuple[str | None, int, int]],
    at: datetime,
    windows: Sequence[timedelta],
    reason_window: timedelta,
) -> Shares:
    strangers = [_UNSETTLED - number for _, number, _ in rows if number < _UNSETTLED]
    only = state.binds(at, reason_window, strangers)
    unregistered = _unregistered(connection, states, only) if strangers else {}
    cells = [cell(*row) for row in rows if row[1] >= 0]
    groups = {name: tally(of_group, windows) for name, of_group in _grouped(cells)}
    return Shares(at, tally(cells, windows), groups, unregistered)


def _unregistered(
    connection: Connection, states: sql.Composed, binds: Mapping[str, Any]
) -> dict[str, int]:
    with translated():
        return dict(connection.execute(_UNREGISTERED.format(state=states), binds).fetchall())


def _grouped(cells: Iterable[Cell]) -> list[tuple[str | None, list[Cell]]]:
    groups = defaultdict(list)
    for each in cells:
        groups[each.group].append(each)
    return sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
