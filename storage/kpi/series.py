"""The KPI counts of several dates at once."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from models.equipment import BITS
from models.indicator import OPENLY_PUBLISHED, TRACKABLE, TRACKABLE_ON_ROUTE
from models.kpi import KpiRule
from models.only import EVERYBODY, Only
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.writing.keys import known_kinds

_SQL: Final = queries("kpi")

FLEET: Final = "fleet"
"""The number of all vehicles, among the indicators'."""

_NOT_KEPT: Final = "not kept"
"""The number of vehicles of which it is not known whether they were openly published."""

SeriesCounts = dict[date, dict[str | None, dict[str, int]]]
"""By date and group, how many vehicles count for each indicator, and ``FLEET``."""


def kpi_series(
    connection: Connection,
    rules: Mapping[date, KpiRule],
    *,
    by: str | None = None,
    known_on: date | None = None,
    operator_id: str | None = None,
    only: Only = EVERYBODY,
) -> SeriesCounts:
    """Return the counts of dates; of one with an empty fleet none.

    Args:
        rules: of each date, when a vehicle was trackable.
        by: what the fleet is grouped by (``models.attribute``); None: not at all, the one group
            is None.
        known_on: only what was known at this local day's end; None: all that is known now.
        operator_id: of this operator's fleet alone; None: of the whole.
        only: of these vehicles alone.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {
        "days": list(rules),
        "trailing_days": [rule.trailing_days for rule in rules.values()],
        "minimum_minutes": [rule.minimum_minutes for rule in rules.values()],
        "minimum_live": [rule.minimum_live for rule in rules.values()],
        "minimum_published": [rule.minimum_published for rule in rules.values()],
        "by": by,
        "known_on": known_on,
        "operator_id": operator_id,
        "only": json.dumps(only),
    }
    kinds = known_kinds(connection, known_on).names
    found: SeriesCounts = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    with translated():
        rows = connection.execute(_SQL["kpi_series"], binds).fetchall()
    for day, name, trackable, on_route, equipped, published, vehicles in rows:
        counts = found[day][name]
        for indicator in _counting(kinds, trackable, on_route, equipped):
            counts[indicator] += vehicles
        if published is None:
            counts[_NOT_KEPT] += vehicles
        elif published:
            counts[OPENLY_PUBLISHED] += vehicles
    return found


def is_counted(counts: Mapping[str, int], indicator: str) -> bool:
    """Tell whether an indicator was recorded of a date's fleet or group."""
    return indicator != OPENLY_PUBLISHED or not counts.get(_NOT_KEPT)


def _counting(kinds: Sequence[str], trackable: bool, on_route: bool, equipped: int) -> list[str]:
    fitted = [kind for number, kind in enumerate(kinds) if equipped >> BITS * number & 1]
    tracked = [TRACKABLE] * trackable + [TRACKABLE_ON_ROUTE] * on_route
    return [FLEET, *tracked, *fitted]
