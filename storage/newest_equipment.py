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
)
update vehicle_state as known
set {changes}
from said
where known.vehicle_key = said.vehicle_key
""")

_LAST_WORDS: Final = sql.SQL("""
max(observed_at) filter (where {flag}) as {last_yes},
max(observed_at) filter (where not {flag}) as {last_no}
""")

# Of two words of one instant in a batch "no" counts, as in the history. And what is known of the
# past stays known while no word after it, new or late, says otherwise.
_CHANGE: Final = sql.SQL("""
{flag} = case
    when greatest(said.{last_yes}, said.{last_no}) > coalesce(known.{flag_at}, '-infinity')
    then coalesce(said.{last_yes} > said.{last_no}, said.{last_yes} is not null)
    else known.{flag} end,
{flag_at} = greatest(known.{flag_at}, said.{last_yes}, said.{last_no}),
{flag_since} = case
    when coalesce(case when known.{flag} then said.{last_no} else said.{last_yes} end, '-infinity')
         < coalesce(known.{flag_since}, known.{flag_at})
    then coalesce(known.{flag_since}, known.{flag_at})
    else greatest(known.{flag_at}, said.{last_yes}, said.{last_no}) end
""")


def _flag(flag: str, query: sql.SQL) -> sql.Composed:
    return query.format(
        flag=sql.Identifier(flag),
        flag_at=sql.Identifier(f"{flag}_at"),
        flag_since=sql.Identifier(f"{flag}_since"),
        last_yes=sql.Identifier(f"{flag}_last_yes"),
        last_no=sql.Identifier(f"{flag}_last_no"),
    )


def _flags(query: sql.SQL) -> sql.Composed:
    flags = [f"{each.value}_{word}" for each in Equipment for word in ("fitted", "working")]
    return sql.SQL(", ").join(_flag(flag, query) for flag in flags)


_QUERY: Final = _ADVANCE.format(last_words=_flags(_LAST_WORDS), changes=_flags(_CHANGE))


def advance_equipment(connection: Connection) -> None:
    """Let the staged reports move their vehicles' equipment on; a late one changes no state."""
    connection.execute(_QUERY)
