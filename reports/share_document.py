"""The shares at a moment as the JSON document that scripts read (`share --json`)."""

from datetime import timedelta

from models.indicator import TRACKABLE, TRACKABLE_ON_ROUTE
from models.service_hours import ExpectedOut
from models.share import Counts, Shares, ratio
from models.uptime import Span
from reports.documents import InService, Interval, Share, ShareDocument


def share_document(
    shares: Shares,
    window: timedelta,
    by: str | None,
    min_group_size: int,
    *,
    expected: ExpectedOut | None = None,
    downtime: Span | None = None,
) -> ShareDocument:
    """Return the document.

    Args:
        shares: counted for the window, and by the grouping.
        window: the one that the document is about.
        by: the groups that it lists; None: no groups.
        min_group_size: a smaller group gets its counts and no ratio.
        expected: the vehicles in service; None: no service hours are known.
        downtime: the ingest downtime that reaches into the window; None: there is none.
    """
    equipment = shares.fleet.equipment
    return {
        "at": shares.at.isoformat(),
        "window_seconds": seconds(window),
        "vehicles": shares.fleet.vehicles,
        "indicators": _indicators(shares.fleet, window, 1),
        "equipment": list(equipment),
        "sources": {
            kind: {"observed": found.observed, "declared": found.equipped - found.observed}
            for kind, found in equipment.items()
        },
        "unregistered": sum(shares.unregistered.values()),
        "min_group_size": min_group_size,
        "groups": [
            {
                "by": by or "",
                "name": name,
                "vehicles": counts.vehicles,
                "indicators": _indicators(counts, window, min_group_size),
            }
            for name, counts in (shares.groups.items() if by else ())
        ],
        "expected_out": _in_service(expected) if expected else None,
        "ingest_downtime": _interval(downtime) if downtime else None,
    }


def seconds(window: timedelta) -> int | float:
    """Return a window's seconds, whole where they are."""
    found = window.total_seconds()
    return int(found) if found.is_integer() else found


def _indicators(counts: Counts, window: timedelta, minimum: int) -> dict[str, Share]:
    equipped = {kind: found.equipped for kind, found in counts.equipment.items()}
    numerators = {
        TRACKABLE: counts.trackable[window],
        TRACKABLE_ON_ROUTE: counts.trackable_on_route[window],
        **equipped,
    }
    return {
        name: {"vehicles": vehicles, "ratio": ratio(vehicles, counts.vehicles, minimum)}
        for name, vehicles in numerators.items()
    }


def _in_service(expected: ExpectedOut) -> InService:
    numerators = {
        TRACKABLE: expected.trackable,
        TRACKABLE_ON_ROUTE: expected.trackable_on_route,
    }
    return {
        "operators": expected.operators,
        "operators_with_hours": expected.operators_with_hours,
        "vehicles": expected.vehicles,
        "indicators": {
            name: {"vehicles": vehicles, "ratio": expected.ratio(vehicles)}
            for name, vehicles in numerators.items()
        },
    }


def _interval(span: Span) -> Interval:
    return {"from": span.begins.isoformat(), "to": span.ends.isoformat()}
