"""Each vehicle's newest state, and why it is not trackable."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import sql

from models.indicator import UntrackableReason
from models.rejection import CLOCK_REASONS

NOW: Final = sql.SQL("vehicle_state").format()

_REASON: Final = sql.SQL("""
case when state.fix_at >= %(reason_edge)s then {trackable}
     when state.contact_at is null and state.rejected_at is null then {never_seen}
     when state.rejected_at >= %(reason_edge)s
          and (state.contact_at is null or state.rejected_at > state.contact_at)
     then case when state.rejected_reason = any(%(clock_reasons)s) then {bad_clock}
               else {rejected} end
     when state.contact_at >= %(reason_edge)s then {no_fix}
     else {silent} end
""")

_RECENT_PERIOD: Final = timedelta(days=1)


def reason(said: Callable[[UntrackableReason | None], object]) -> sql.Composed:
    """Return why a vehicle is not trackable (``UntrackableReason`` says which precedence).

    Args:
        said: how the query says each reason, and None, that it is trackable.
    """
    reasons = {each.value: sql.Literal(said(each)) for each in UntrackableReason}
    return _REASON.format(trackable=sql.Literal(said(None)), **reasons)


def binds(
    at: datetime, reason_window: timedelta, only: Sequence[int] | None = None
) -> dict[str, Any]:
    """Return the binds of a query over states: of the moment asked about.

    Args:
        at: the moment.
        reason_window: where there is no fix in it, contacts and rejections tell why.
        only: of a past moment: these vehicles' keys, each with its newest contact even where
            there is a fix; None: every vehicle.
    """
    reason_edge = at - reason_window
    return {
        "at": at,
        "recent": min(at - _RECENT_PERIOD, reason_edge),
        "reason_edge": reason_edge,
        "contact_edge": reason_edge if only is None else None,
        "clock_reasons": sorted(CLOCK_REASONS),
        "only": only,
    }
