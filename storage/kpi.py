"""The KPI of a date: its fleet, the days on which each vehicle was tracked, its equipment then."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final, NamedTuple

from psycopg import sql

from models.kpi import KpiOfDate, KpiRule, VehicleKpi
from models.report import Equipment
from models.share import EquipmentState
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.equipment_columns import COLUMNS, columns_of
from storage.errors import translated

_KPI: Final = sql.SQL("""
with known as materialized (
    select fleet.*, coalesce(best.minutes, 0) as minutes, best.best_day, {columns}
    from fleet_on(%(on)s::date, %(known_on)s::date) as fleet
    left join best_days(%(since)s::date, %(on)s::date, %(known_on)s::date) as best
        using (vehicle_key)
    left join vehicle_state as state using (vehicle_key)
), said as (
    select known.vehicle_key, {words}
    from known
    left join lateral ({recent_cctv}) as recent_cctv on true
    left join lateral ({older_cctv}) as older_cctv on true
    left join lateral ({cctv_working}) as cctv_told on true
    left join lateral ({recent_cashless}) as recent_cashless on true
    left join lateral ({older_cashless}) as older_cashless on true
    left join lateral ({cashless_working}) as cashless_told on true
    where {cctv_open} or {cashless_open}
)
select known.operator_id, known.vehicle_id, known.plate, known.route_id, known.depot,
       known.municipality, known.minutes, known.best_day, {cctv} * 27 + {cashless}
from known
left join said using (vehicle_key)
order by known.operator_id collate "C", known.vehicle_id collate "C"
""")

# The newest word before the day's end. It is the newest known of all, unless one that says other
# has come since then: only then, or where the question is what was known, the history is asked.
_OPEN: Final = sql.SQL("""
(known.{fitted_at} is not null
 and (%(known_on)s::date is not null
      or coalesce(known.{fitted_since}, known.{fitted_at}) >= known.day_end
      or coalesce(known.{working_since}, known.{working_at}) >= known.day_end))
""")

# A bus says it again every so often, so the days before the date are asked first: the coarse bounds
# are constants by which the planner leaves out all other chunks, of which TimescaleDB may have
# hundreds. With 30 of them that is 0.8 s in place of 3.3 s for 10,000 vehicles.
_RECENT: Final = sql.SQL("""
select word.fitted, word.working from equipment_report as word
where {open} and word.vehicle_key = known.vehicle_key and word.equipment = {name}
  and word.observed_at >= %(coarse_begin)s::timestamptz
  and word.observed_at < %(coarse_end)s::timestamptz and word.observed_at < known.day_end
  and {was_known}
order by word.observed_at desc limit 1
""")

_OLDER: Final = sql.SQL("""
select word.fitted, word.working from equipment_report as word
where {open} and {recent}.fitted is null
  and word.vehicle_key = known.vehicle_key and word.equipment = {name}
  and word.observed_at < %(coarse_begin)s::timestamptz and {was_known}
order by word.observed_at desc limit 1
""")

# Not every word on the equipment tells whether it works: then the newest that does is looked for.
_WORKING: Final = sql.SQL("""
select word.working from equipment_report as word
where {open} and known.{working_at} is not null
  and {recent}.working is null and {older}.working is null
  and word.vehicle_key = known.vehicle_key and word.equipment = {name}
  and word.working is not null
  and word.observed_at < %(coarse_end)s::timestamptz and word.observed_at < known.day_end
  and {was_known}
order by word.observed_at desc limit 1
""")

_WAS_KNOWN: Final = sql.SQL("""
(%(known_on)s::date is null or coalesce(word.recorded_at, word.received_at) < known.known_end)
""")

_WORDS: Final = sql.SQL("""
coalesce({recent}.fitted, {older}.fitted) as {said_fitted},
coalesce({recent}.working, {older}.working, {told}.working) as {said_working}
""")

# Fitted, declared, working, as one number: of 100,000 vehicles, to read six columns of each and to
# find what they say takes a tenth of the whole time.
_EQUIPMENT: Final = sql.SQL("""
((case case when %(known_on)s::date is null
                 and coalesce(known.{fitted_since}, known.{fitted_at}) < known.day_end
            then known.{fitted} else said.{said_fitted} end
       when true then 1 when false then 2 else 0 end * 3
  + case known.{declared} when true then 1 when false then 2 else 0 end
 ) * 3
 + case case when %(known_on)s::date is null
                  and coalesce(known.{working_since}, known.{working_at}) < known.day_end
             then known.{working} else said.{said_working} end
        when true then 1 when false then 2 else 0 end)
""")

_SAID: Final = (None, True, False)
"""What a vehicle or the registry says of its equipment; the place is its number in the query."""


def _of(equipment: Equipment, query: sql.SQL, **parts: sql.Composable) -> sql.Composed:
    name = equipment.value
    return query.format(
        name=sql.Literal(name),
        declared=sql.Identifier(name),
        recent=sql.Identifier(f"recent_{name}"),
        older=sql.Identifier(f"older_{name}"),
        told=sql.Identifier(f"{name}_told"),
        said_fitted=sql.Identifier(f"{name}_said_fitted"),
        said_working=sql.Identifier(f"{name}_said_working"),
        was_known=_WAS_KNOWN,
        **columns_of(equipment),
        **parts,
    )


def _parts(equipment: Equipment) -> dict[str, sql.Composable]:
    name = equipment.value
    is_open = _of(equipment, _OPEN)
    return {
        name: _of(equipment, _EQUIPMENT),
        f"{name}_open": is_open,
        f"recent_{name}": _of(equipment, _RECENT, open=is_open),
        f"older_{name}": _of(equipment, _OLDER, open=is_open),
        f"{name}_working": _of(equipment, _WORKING, open=is_open),
    }


def _both(query: sql.SQL) -> sql.Composed:
    return sql.SQL(", ").join(_of(equipment, query) for equipment in Equipment)


_QUERY: Final = _KPI.format(
    columns=_both(COLUMNS),
    words=_both(_WORDS),
    **_parts(Equipment.CCTV),
    **_parts(Equipment.CASHLESS),
)

RECENT_DAYS: Final = timedelta(days=5)
"""How far back a word on the equipment is looked for first."""

_STORED: Final = """
select min((least(state.first_contact_at, state.first_rejected_at) at time zone time_zone)::date),
       max((greatest(state.contact_at, state.rejected_at) at time zone time_zone)::date)
from vehicle_state as state
join vehicle using (vehicle_key)
join operator using (operator_id)
"""

_STORED_THEN: Final = """
select (select day from vehicle_day where recorded_on <= %(known_on)s order by day limit 1),
       (select day from vehicle_day
        where recorded_on <= %(known_on)s and day <= %(known_on)s + 1
        order by day desc limit 1)
"""

_OPERATORS: Final = 'select operator_id, time_zone from operator order by operator_id collate "C"'


class StoredDays(NamedTuple):
    """The first and the last local day of which anything is known."""

    first: date
    last: date


def kpi_of_date(
    connection: Connection, on: date, rule: KpiRule, known_on: date | None = None
) -> KpiOfDate:
    """Return a date's fleet with what decides each vehicle's part in the figures.

    Args:
        on: the local day of each operator's time zone.
        rule: when a vehicle was trackable.
        known_on: only what was known at this local day's end; None: all that is known now.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {
        "on": on,
        "since": on - timedelta(days=rule.trailing_days - 1),
        "known_on": known_on,
        "coarse_begin": datetime.combine(on - RECENT_DAYS, time(), UTC),
        "coarse_end": datetime.combine(on + timedelta(days=2), time(), UTC),
    }
    with translated():
        vehicles = [_vehicle(*row) for row in connection.execute(_QUERY, binds)]
    return KpiOfDate(on, known_on, rule, vehicles)


def stored_days(connection: Connection, known_on: date | None = None) -> StoredDays | None:
    """Return the days between which the history lies; None: there is none.

    Args:
        known_on: only what was known at this local day's end; None: all that is known now.

    Raises:
        StorageError: the database cannot be asked.
    """
    query = _STORED if known_on is None else _STORED_THEN
    with translated():
        first, last = connection.execute(query, {"known_on": known_on}).fetchone() or (None, None)
    return None if first is None or last is None else StoredDays(first, last)


def operator_time_zones(connection: Connection) -> dict[str, str]:
    """Return every operator's time zone, its IANA name.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return dict(connection.execute(_OPERATORS).fetchall())


def _vehicle(
    operator_id: str, vehicle_id: str, plate: str | None, route_id: str | None, depot: str | None,
    municipality: str | None, minutes: int, best_day: date | None, equipment: int,
) -> VehicleKpi:  # fmt: skip
    return VehicleKpi(
        VehicleId(operator_id, vehicle_id),
        plate,
        route_id,
        depot,
        municipality,
        minutes,
        best_day,
        _equipment(equipment),
    )


@cache
def _equipment(number: int) -> Mapping[Equipment, EquipmentState]:
    """Return one mapping for all vehicles of the same equipment; of 729 there are some dozens."""
    cctv, cashless = divmod(number, 27)
    return {Equipment.CCTV: _state(cctv), Equipment.CASHLESS: _state(cashless)}


def _state(number: int) -> EquipmentState:
    return EquipmentState(
        fitted=_SAID[number // 9], declared=_SAID[number // 3 % 3], working=_SAID[number % 3]
    )
