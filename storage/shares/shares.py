"""The shares of a fleet: now from the newest states, at a past moment from the history."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from models.attribute import OPERATOR, attribute_of
from models.indicator import DISPATCHER_WINDOW, UntrackableReason
from models.share import Cell, Shares, tally
from storage.connection import Connection
from storage.errors import translated
from storage.shares.kept import check_kept
from storage.sql import queries
from storage.writing.keys import known_kinds

_SQL: Final = queries("shares")


class Asked(NamedTuple):
    """Of which moment the fleet is asked about."""

    at: datetime
    past: bool = False
    """Whether what was observed or heard after the moment does not count. Of now, a fix ahead of
    it counts: how far ahead is tolerated was decided at its reception."""
    is_complete: bool = False
    """Whether what was thrown away of a past moment has been put back for this look."""

    def check_kept(self, connection: Connection, within: timedelta) -> None:
        """Pass if what figures of the moment rest on is there.

        Raises:
            PositionsNotKept: it was thrown away.
            StorageError: the database cannot be asked.
        """
        if self.past and not self.is_complete:
            check_kept(connection, self.at, within)


def shares(
    connection: Connection,
    asked: Asked,
    windows: Sequence[timedelta],
    by: str = OPERATOR,
    reason_window: timedelta = DISPATCHER_WINDOW,
) -> Shares:
    """Count the fleet of a moment, as the registry knows it now.

    Args:
        windows: how old the newest fix of a trackable vehicle may be.
        by: a grouping (``models.attribute``).
        reason_window: that of the reasons.

    Raises:
        PositionsNotKept: the reports of a past moment have been thrown away.
        StorageError: the database cannot be asked.
    """
    asked.check_kept(connection, max(*windows, reason_window))
    parameters = {
        "at": asked.at,
        "past": asked.past,
        "within": reason_window,
        "by": attribute_of(by),
        "edges": [asked.at - window for window in sorted(windows, reverse=True)],
    }
    kinds = known_kinds(connection)
    with translated():
        cells = [_cell(*row) for row in connection.execute(_SQL["cells"], parameters)]
        unregistered: dict[str, int] = dict(
            connection.execute(_SQL["unregistered"], parameters).fetchall()
        )
    groups = {name: tally(of_group, windows, kinds) for name, of_group in _grouped(cells)}
    return Shares(asked.at, tally(cells, windows, kinds), groups, unregistered)


def registered_attributes(connection: Connection) -> list[str]:
    """Return the names of all attributes that the registry has of any vehicle, sorted.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [name for (name,) in connection.execute(_SQL["attributes"])]


def _cell(
    group: str | None, windows: int, route_known: bool, reason: str | None,
    equipped: int, observed: int, working: int, vehicles: int,
) -> Cell:  # fmt: skip
    why = None if reason is None else UntrackableReason(reason)
    return Cell(group, windows, route_known, why, equipped, observed, working, vehicles)


def _grouped(cells: Iterable[Cell]) -> list[tuple[str | None, list[Cell]]]:
    groups = defaultdict(list)
    for each in cells:
        groups[each.group].append(each)
    return sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
