"""The shares as the JSON document that scripts read (`share --json`)."""

from datetime import timedelta
from typing import Any

from models.indicator import Grouping, Indicator
from models.service_hours import ExpectedOut
from models.share import Counts, Shares
from models.uptime import Span


def share_document(
    shares: Shares,
    window: timedelta,
    by: Grouping | None,
    min_group_size: int,
    *,
    expected: ExpectedOut | None = None,
    downtime: Span | None = None,
) -> dict[str, Any]:
    """Return the document.

    Args:
        shares: counted for the window, and by the grouping.
        window: the one to tell of.
        by: what to tell the groups of; None: no groups.
        min_group_size: a smaller group gets its counts and no ratio.
        expected: who is expected out; None: no service hours are given.
        downtime: the ingest downtime that reaches into the window; None: there is none.
    """
    groups = shares.groups.items() if by else ()
    return {
        "at": shares.at.isoformat(),
        "window_seconds": _number(window.total_seconds()),
        **_counts(shares.fleet, window, 1),
        "unregistered": sum(shares.unregistered.values()),
        "groups": [_group(by, name, counts, window, min_group_size) for name, counts in groups],
        "expected_out": expected and _expected(expected),
        "ingest_downtime": downtime
        and {"from": downtime.begins.isoformat(), "to": downtime.ends.isoformat()},
    }


def _expected(expected: ExpectedOut) -> dict[str, Any]:
    parts = {
        Indicator.TRACKABLE.value: expected.trackable,
        Indicator.TRACKABLE_ON_ROUTE.value: expected.trackable_on_route,
    }
    return {
        "operators": expected.operators,
        "operators_with_hours": expected.operators_with_hours,
        "vehicles": expected.vehicles,
        "indicators": {
            name: {"vehicles": vehicles, "ratio": expected.ratio(vehicles)}
            for name, vehicles in parts.items()
        },
    }


def _group(
    by: Grouping | None, name: str | None, counts: Counts, window: timedelta, minimum: int
) -> dict[str, Any]:
    return {"by": by, "name": name, **_counts(counts, window, minimum)}


def _counts(counts: Counts, window: timedelta, minimum: int) -> dict[str, Any]:
    indicators = {
        indicator.value: {
            "vehicles": counts.numerator(indicator, window),
            "ratio": counts.ratio(indicator, window, minimum),
        }
        for indicator in Indicator
    }
    return {"vehicles": counts.vehicles, "indicators": indicators}


def _number(seconds: float) -> int | float:
    return int(seconds) if seconds.is_integer() else seconds
