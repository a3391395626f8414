"""What a staged batch tells of each vehicle's equipment: its newest state, and since when."""

from typing import Final

from psycopg import sql

from models.report import Equipment
from storage.connection import Connection

# Each flag has its own newest report, and so has its working state, which not every report tells.
# The vehicles' rows are there, and locked: the statement before has upserted them.
_ADVANCE: Final = sql.SQL("""
with said as (
    select vehicle_key, {last_words}
    from staged
    where cctv_fitted is not null or cashless_fitted is not null
    group by vehicle_key
), {newest_words}
update vehicle_state as known
set {changes}
from said
{joins}
where known.vehicle_key = said.vehicle_key
""")

_LAST_WORDS: Final = sql.SQL("""
max(observed_at) filter (where {flag}) as {last_yes},
max(observed_at) filter (where not {flag}) as {last_no}
""")

# Of two words of one instant the first is the one that the history keeps.
_NEWEST_WORD: Final = sql.SQL("""
{newest} as (
    select distinct on (vehicle_key) vehicle_key, observed_at, {flag} as value
    from staged
    where {flag} is not null
    order by vehicle_key, observed_at desc, ctid
)
""")

# What is known of the past stays known while no word after it, new or late, says otherwise.
_CHANGE: Final = sql.SQL("""
{flag} = case when {newest}.observed_at > coalesce(known.{flag_at}, '-infinity')
              then {newest}.value else known.{flag} end,
{flag_at} = greatest(known.{flag_at}, {newest}.observed_at),
{flag_since} = case
    when coalesce(case when known.{flag} then said.{last_no} else said.{last_yes} end, '-infinity')
         < coalesce(known.{flag_since}, known.{flag_at})
    then coalesce(known.{flag_since}, known.{flag_at})
    else greatest(known.{flag_at}, {newest}.observed_at) end
""")

_JOIN: Final = sql.SQL("left join {newest} using (vehicle_key)")


def _flag(flag: str, query: sql.SQL) -> sql.Composed:
    return query.format(
        flag=sql.Identifier(flag),
        flag_at=sql.Identifier(f"{flag}_at"),
        flag_since=sql.Identifier(f"{flag}_since"),
        newest=sql.Identifier(f"newest_{flag}"),
        last_yes=sql.Identifier(f"{flag}_last_yes"),
        last_no=sql.Identifier(f"{flag}_last_no"),
    )


def _flags(query: sql.SQL, separator: str = ", ") -> sql.Composed:
    flags = [f"{each.value}_{word}" for each in Equipment for word in ("fitted", "working")]
    return sql.SQL(separator).join(_flag(flag, query) for flag in flags)


_QUERY: Final = _ADVANCE.format(
    last_words=_flags(_LAST_WORDS),
    newest_words=_flags(_NEWEST_WORD),
    changes=_flags(_CHANGE),
    joins=_flags(_JOIN, " "),
)


def advance_equipment(connection: Connection) -> None:
    """Let the staged reports move their vehicles' equipment on; a late one changes no state."""
    connection.execute(_QUERY)
