"""Each vehicle's newest state: of now, or as it was at a past moment; and why not trackable."""

from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import sql

from models.refusal import CLOCK_REASONS
from models.report import Equipment

NOW: Final = sql.SQL("vehicle_state").format()

_THEN: Final = sql.SQL("""(
-- A part of the state that is no younger than the moment was the newest then, too. Only the
-- others are looked up: the newest of their kind not after the moment, by primary key. "never
-- seen" needs no look-up, because the first contact and the first refusal are kept.
select known.vehicle_key,
       case when known.contact_at <= %(at)s then known.contact_at
            else greatest(newest.fix_at, newest.cctv_at, newest.cashless_at, contact.observed_at)
            end as contact_at,
       newest.fix_at,
       case when known.fix_at <= %(at)s then known.route_id
            when recent_fix.observed_at is null then older_fix.route_id
            else recent_fix.route_id end as route_id,
       {cctv}, {cashless},
       case when known.refused_at <= %(at)s then known.refused_at
            else refusal.refused_at end as refused_at,
       case when known.refused_at <= %(at)s then known.refused_reason
            else refusal.reason end as refused_reason
from vehicle_state as known
left join lateral ({recent_fix}) as recent_fix on true
left join lateral ({older_fix}) as older_fix on true
{cctv_said}
{cashless_said}
left join lateral (
    select observed_at from contact
    where vehicle_key = known.vehicle_key and observed_at <= %(at)s
      and known.first_contact_at <= %(at)s and known.contact_at > %(at)s
    order by observed_at desc limit 1
) as contact on true
left join lateral (
    select refused_at, reason from refusal
    where vehicle_key = known.vehicle_key and refused_at <= %(at)s
      and known.first_refused_at <= %(at)s and known.refused_at > %(at)s
    order by refused_at desc limit 1
) as refusal on true
cross join lateral (
    select case when known.fix_at <= %(at)s then known.fix_at
                else coalesce(recent_fix.observed_at, older_fix.observed_at) end as fix_at,
           case when known.cctv_fitted_at <= %(at)s then known.cctv_fitted_at
                else coalesce(recent_cctv.observed_at, older_cctv.observed_at) end as cctv_at,
           case when known.cashless_fitted_at <= %(at)s then known.cashless_fitted_at
                else coalesce(recent_cashless.observed_at, older_cashless.observed_at)
                end as cashless_at
) as newest
)""")

# Most were heard not long before. The bound is a constant by which the planner leaves out all other
# chunks, of which TimescaleDB may have hundreds and each costs every vehicle's look-up some time.
_RECENT: Final = sql.SQL("said.observed_at > %(recent)s::timestamptz")
_OLDER: Final = sql.SQL("said.observed_at <= %(recent)s::timestamptz and {}.observed_at is null")

_FIX: Final = sql.SQL("""
    select said.observed_at, said.route_id from fix as said
    where said.vehicle_key = known.vehicle_key and said.observed_at <= %(at)s::timestamptz
      and known.first_contact_at <= %(at)s and known.fix_at > %(at)s and {part}
    order by said.observed_at desc limit 1
""")

_EQUIPMENT: Final = sql.SQL("""
    select said.observed_at, said.fitted, said.working from equipment_report as said
    where said.vehicle_key = known.vehicle_key and said.equipment = {name}
      and said.observed_at <= %(at)s::timestamptz
      and known.first_contact_at <= %(at)s and known.{fitted_at} > %(at)s and {part}
    order by said.observed_at desc limit 1
""")

# Not every word on the equipment tells whether it works: then the newest that does is looked for.
_EQUIPMENT_SAID: Final = sql.SQL("""
left join lateral ({recent_query}) as {recent} on true
left join lateral ({older_query}) as {older} on true
left join lateral (
    select said.working from equipment_report as said
    where said.vehicle_key = known.vehicle_key and said.equipment = {name}
      and said.observed_at <= %(at)s::timestamptz and said.working is not null
      and known.first_contact_at <= %(at)s and known.{working_at} > %(at)s
      and {recent}.working is null and {older}.working is null
    order by said.observed_at desc limit 1
) as {state} on true
""")

_EQUIPMENT_THEN: Final = sql.SQL("""
case when known.{fitted_at} <= %(at)s then known.{fitted}
     else coalesce({recent}.fitted, {older}.fitted) end as {fitted},
case when known.{working_at} <= %(at)s then known.{working}
     else coalesce({recent}.working, {older}.working, {state}.working) end as {working}
""")


def _of(equipment: Equipment, query: sql.SQL) -> sql.Composed:
    name = equipment.value
    recent, older = sql.Identifier(f"recent_{name}"), sql.Identifier(f"older_{name}")
    said = {"name": sql.Literal(name), "fitted_at": sql.Identifier(f"{name}_fitted_at")}
    return query.format(
        **said,
        recent=recent,
        older=older,
        recent_query=_EQUIPMENT.format(**said, part=_RECENT),
        older_query=_EQUIPMENT.format(**said, part=_OLDER.format(recent)),
        state=sql.Identifier(f"{name}_state"),
        fitted=sql.Identifier(f"{name}_fitted"),
        working=sql.Identifier(f"{name}_working"),
        working_at=sql.Identifier(f"{name}_working_at"),
    )


THEN: Final = _THEN.format(
    cctv=_of(Equipment.CCTV, _EQUIPMENT_THEN),
    cashless=_of(Equipment.CASHLESS, _EQUIPMENT_THEN),
    recent_fix=_FIX.format(part=_RECENT),
    older_fix=_FIX.format(part=_OLDER.format(sql.Identifier("recent_fix"))),
    cctv_said=_of(Equipment.CCTV, _EQUIPMENT_SAID),
    cashless_said=_of(Equipment.CASHLESS, _EQUIPMENT_SAID),
)

REASON: Final = sql.SQL("""
case when state.fix_at >= %(reason_edge)s then null
     when state.contact_at is null and state.refused_at is null then 'never_seen'
     when state.refused_at >= %(reason_edge)s
          and (state.contact_at is null or state.refused_at > state.contact_at)
     then case when state.refused_reason = any(%(clock_reasons)s) then 'bad_clock'
               else 'rejected' end
     when state.contact_at >= %(reason_edge)s then 'no_fix'
     else 'silent' end
""")
"""Null where trackable, else the one reason (``UntrackableReason`` says which precedence)."""

_RECENT_PERIOD: Final = timedelta(days=1)


def binds(at: datetime, reason_window: timedelta) -> dict[str, Any]:
    """Return the binds of all the queries here: of the moment asked about."""
    return {
        "at": at,
        "recent": at - _RECENT_PERIOD,
        "reason_edge": at - reason_window,
        "clock_reasons": sorted(CLOCK_REASONS),
    }
