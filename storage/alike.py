"""Vehicles that are alike in all that is counted have the same number."""

from typing import Final

from psycopg import sql

from models.indicator import UntrackableReason
from models.report import Equipment
from models.share import Cell, EquipmentState
from storage import state

_REASONS: Final = (None, *UntrackableReason)
"""Why a vehicle is not trackable; the place is its number in the query."""

_WORDS: Final = ((None, None), (None, True), (True, None), (True, True), (False, None))
"""What is told apart of the newest words on a piece of equipment, whether it is fitted and whether
it works; the place is its number in the query."""

_WORD: Final = sql.SQL("""
case when state.{fitted} then case when state.{working} then 3 else 2 end
     when state.{fitted} is null then case when state.{working} then 1 else 0 end
     else 4 end
""")


def _word(equipment: Equipment) -> sql.Composed:
    return _WORD.format(
        fitted=sql.Identifier(f"{equipment.value}_fitted"),
        working=sql.Identifier(f"{equipment.value}_working"),
    )


_TRAITS: Final = len(_WORDS) ** 2 * 2 * 8
"""How many numbers there are for the route and the words on equipment, observed and declared."""

_WHEN: Final = sql.SQL("""
(coalesce(width_bucket(state.fix_at, %(edges)s::timestamptz[]), 0) * {reasons} + {reason})
""").format(reasons=len(_REASONS), reason=state.reason(_REASONS.index))
"""What turns on the moment; ``edges`` are the windows' beginnings, the longest window first."""

LIVE: Final = sql.SQL("{when} * {traits} + state.traits").format(when=_WHEN, traits=_TRAITS)
"""The number of a row ``state`` of ``vehicle_state``, which bears the registry's words."""

OBSERVED: Final = sql.SQL("""
(({when} * {words} + {cctv}) * {words} + {cashless}) * 2
    + case when state.route_id is null then 0 else 1 end
""").format(
    when=_WHEN,
    words=len(_WORDS),
    cctv=_word(Equipment.CCTV),
    cashless=_word(Equipment.CASHLESS),
)
"""What any row ``state`` tells, as a number."""

_NOTHING_OBSERVED: Final = _REASONS.index(UntrackableReason.NEVER_SEEN) * len(_WORDS) ** 2 * 2
"""That of a vehicle that has no state."""

JOINED: Final = sql.SQL("""
coalesce(state.observed, {nothing_observed}) * 8
    + case when fleet.cctv then 4 else 0 end
    + case when fleet.cashless then 2 else 0 end
    + case when fleet.route_id is null then 0 else 1 end
""").format(nothing_observed=_NOTHING_OBSERVED)
"""The number of a row ``fleet`` with what was observed of the vehicle, ``state.observed``."""


def cell(group: str | None, number: int, vehicles: int) -> Cell:
    """Say of some vehicles of a group what their number says."""
    rest, route_declared = divmod(number, 2)
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
