"""Each vehicle's newest state as it was at a past moment, by its history."""

from typing import Final

from psycopg import sql

from models.report import Equipment
from storage.equipment_columns import COLUMNS, columns_of

_THEN: Final = sql.SQL("""(
-- A part of the state that is no younger than the moment was the newest then, too, and so is a word
-- on equipment that has been the same since before. Only the others are looked up: the newest of
-- their kind not after the moment, by primary key. "never seen" needs no look-up, because the
-- first contact and the first rejection are kept. A look-up costs its time even where it finds
-- nothing to do: so each step is for those alone that the one before has left open.
with known as materialized (
    select state.vehicle_key, state.first_contact_at, state.contact_at,
           state.first_rejected_at, state.rejected_at, state.rejected_reason, {columns},
           case when state.fix_at <= %(at)s then state.fix_at else recent.fix_at end as fix_at,
           case when state.fix_at <= %(at)s then state.route_id
                else recent.route_id end as route_id,
           state.first_contact_at <= %(at)s and state.fix_at > %(at)s
               and recent.fix_at is null as fix_is_older
    from vehicle_state as state
    left join lateral ({recent_fix}) as recent on true
    where %(only)s::integer[] is null or state.vehicle_key = any(%(only)s::integer[])
), older_fix as (
    select known.vehicle_key, older.fix_at, older.route_id
    from known
    cross join lateral ({older_fix}) as older
    where known.fix_is_older
), asked as (
    -- When a vehicle with a fix as young as the edge was heard, or rejected, decides nothing.
    select known.*, contact.counts as contact_counts
    from known
    cross join lateral (
        select (known.fix_at >= %(contact_edge)s::timestamptz) is not true as counts
    ) as contact
    where known.first_contact_at <= %(at)s
          and (contact.counts and known.contact_at > %(at)s
               or {cctv_changed} or {cashless_changed})
       or known.first_rejected_at <= %(at)s and contact.counts and known.rejected_at > %(at)s
), said as materialized (
    select asked.*, {recent_words}, contact.observed_at as heard_at,
           rejection.rejected_at as rejected_then_at, rejection.reason as rejected_then_reason
    from asked
    left join lateral ({recent_cctv}) as cctv on true
    left join lateral ({recent_cashless}) as cashless on true
    left join lateral (
        select observed_at from contact
        where vehicle_key = asked.vehicle_key and observed_at <= %(at)s::timestamptz
          and asked.first_contact_at <= %(at)s and asked.contact_at > %(at)s
          and asked.contact_counts
        order by observed_at desc limit 1
    ) as contact on true
    left join lateral (
        select rejected_at, reason from rejection
        where vehicle_key = asked.vehicle_key and rejected_at <= %(at)s::timestamptz
          and asked.first_rejected_at <= %(at)s and asked.rejected_at > %(at)s
          and asked.contact_counts
        order by rejected_at desc limit 1
    ) as rejection on true
), said_before as (
    select said.vehicle_key, {older_words}
    from said
    left join lateral ({older_cctv}) as cctv on true
    left join lateral ({cctv_working}) as cctv_told on true
    left join lateral ({older_cashless}) as cashless on true
    left join lateral ({cashless_working}) as cashless_told on true
    where {cctv_open} or {cashless_open}
)
select known.vehicle_key,
       case when known.contact_at <= %(at)s then known.contact_at
            else greatest(known.fix_at, older_fix.fix_at, said.heard_at, {cctv_at}, {cashless_at})
            end as contact_at,
       coalesce(known.fix_at, older_fix.fix_at) as fix_at,
       case when known.fix_is_older then older_fix.route_id else known.route_id end as route_id,
       {cctv}, {cashless},
       case when known.rejected_at <= %(at)s then known.rejected_at
            else said.rejected_then_at end as rejected_at,
       case when known.rejected_at <= %(at)s then known.rejected_reason
            else said.rejected_then_reason end as rejected_reason
from known
left join older_fix using (vehicle_key)
left join said using (vehicle_key)
left join said_before using (vehicle_key)
)""")

# Most were heard not long before. The bound is a constant by which the planner leaves out all other
# chunks, of which TimescaleDB may have hundreds and each costs every vehicle's look-up some time.
_RECENT: Final = sql.SQL("word.observed_at > %(recent)s::timestamptz")
_OLDER: Final = sql.SQL("word.observed_at <= %(recent)s::timestamptz")

_RECENT_FIX: Final = sql.SQL("""
select word.observed_at as fix_at, word.route_id from fix as word
where word.vehicle_key = state.vehicle_key and word.observed_at <= %(at)s::timestamptz and {recent}
  and state.first_contact_at <= %(at)s and state.fix_at > %(at)s
order by word.observed_at desc limit 1
""").format(recent=_RECENT)

_OLDER_FIX: Final = sql.SQL("""
select word.observed_at as fix_at, word.route_id from fix as word
where word.vehicle_key = known.vehicle_key and {older}
order by word.observed_at desc limit 1
""").format(older=_OLDER)

_CHANGED: Final = sql.SQL("""
(coalesce({of}.{fitted_since}, {of}.{fitted_at}) > %(at)s or {working_changed})
""")

_WORKING_CHANGED: Final = sql.SQL("coalesce({of}.{working_since}, {of}.{working_at}) > %(at)s")

_ASKED: Final = sql.SQL("""
{of}.first_contact_at <= %(at)s and {of}.{fitted_at} > %(at)s
and ({of}.contact_counts or {changed})
""")

_RECENT_WORD: Final = sql.SQL("""
select word.observed_at, word.fitted, word.working from equipment_report as word
where word.vehicle_key = asked.vehicle_key and word.equipment = {name}
  and word.observed_at <= %(at)s::timestamptz and {recent} and {asked}
order by word.observed_at desc limit 1
""")

_RECENT_WORDS: Final = sql.SQL("""
{row}.observed_at as {said_at}, {row}.fitted as {said_fitted}, {row}.working as {said_working}
""")

_OPEN: Final = sql.SQL("""
({asked} and (said.{said_at} is null or said.{said_working} is null and {working_changed}))
""")

_OLDER_WORD: Final = sql.SQL("""
select word.observed_at, word.fitted, word.working from equipment_report as word
where word.vehicle_key = said.vehicle_key and word.equipment = {name}
  and {older} and said.{said_at} is null and {asked}
order by word.observed_at desc limit 1
""")

# Not every word on the equipment tells whether it works: then the newest that does is looked for.
_WORKING: Final = sql.SQL("""
select word.working from equipment_report as word
where word.vehicle_key = said.vehicle_key and word.equipment = {name}
  and word.observed_at <= %(at)s::timestamptz and word.working is not null
  and said.{said_working} is null and {row}.working is null
  and said.first_contact_at <= %(at)s and {working_changed}
order by word.observed_at desc limit 1
""")

_OLDER_WORDS: Final = sql.SQL("""
{row}.observed_at as {said_at}, {row}.fitted as {said_fitted},
coalesce({row}.working, {told}.working) as {said_working}
""")

_SAID_AT: Final = sql.SQL("""
case when known.{fitted_at} <= %(at)s then known.{fitted_at}
     else coalesce(said.{said_at}, said_before.{said_at}) end
""")

_EQUIPMENT: Final = sql.SQL("""
case when coalesce(known.{fitted_since}, known.{fitted_at}) <= %(at)s then known.{fitted}
     else coalesce(said.{said_fitted}, said_before.{said_fitted}) end as {fitted},
case when coalesce(known.{working_since}, known.{working_at}) <= %(at)s then known.{working}
     else coalesce(said.{said_working}, said_before.{said_working}) end as {working}
""")


def _of(equipment: Equipment, query: sql.SQL, **parts: sql.Composable) -> sql.Composed:
    name = equipment.value
    said = {
        f"said_{part}": sql.Identifier(f"{name}_said_{part}")
        for part in ("at", "fitted", "working")
    }
    row = {"row": sql.Identifier(name), "told": sql.Identifier(f"{name}_told")}
    return query.format(name=sql.Literal(name), **columns_of(equipment), **said, **row, **parts)


def _changes(equipment: Equipment, of: str) -> dict[str, sql.Composable]:
    """Return whether the equipment has changed since the moment, by a row's columns."""
    row = {"of": sql.Identifier(of)}
    working_changed = _of(equipment, _WORKING_CHANGED, **row)
    changed = _of(equipment, _CHANGED, **row, working_changed=working_changed)
    asked = _of(equipment, _ASKED, **row, changed=changed)
    return {"changed": changed, "working_changed": working_changed, "asked": asked}


def _parts(equipment: Equipment) -> dict[str, sql.Composable]:
    name = equipment.value
    asked, said = _changes(equipment, "asked"), _changes(equipment, "said")
    return {
        name: _of(equipment, _EQUIPMENT),
        f"{name}_at": _of(equipment, _SAID_AT),
        f"{name}_changed": _changes(equipment, "known")["changed"],
        f"{name}_open": _of(equipment, _OPEN, **said),
        f"{name}_working": _of(equipment, _WORKING, **said),
        f"recent_{name}": _of(equipment, _RECENT_WORD, recent=_RECENT, **asked),
        f"older_{name}": _of(equipment, _OLDER_WORD, older=_OLDER, **said),
    }


def _both(query: sql.SQL) -> sql.Composed:
    return sql.SQL(", ").join(_of(equipment, query) for equipment in Equipment)


THEN: Final = _THEN.format(
    columns=_both(COLUMNS),
    recent_fix=_RECENT_FIX,
    older_fix=_OLDER_FIX,
    recent_words=_both(_RECENT_WORDS),
    older_words=_both(_OLDER_WORDS),
    **_parts(Equipment.CCTV),
    **_parts(Equipment.CASHLESS),
)
"""The newest states of a moment, as a row source; ``state.binds`` are its binds."""
