"""The fleet now, vehicle by vehicle: what the pages and the feeds show, read in one question."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import RowMaker

from models.equipment import Kinds
from models.indicator import DISPATCHER_WINDOW, UntrackableReason
from models.rejection import RejectReason
from models.share import Cell, Counts, tally
from storage.connection import Connection
from storage.errors import translated
from storage.shares.positions import VehiclePosition
from storage.sql import queries

_SQL: Final = queries("shares")
_REASONS: Final[Mapping[str, UntrackableReason]] = {each: each for each in UntrackableReason}


class FleetVehicle(NamedTuple):
    """A vehicle of the fleet now."""

    operator_id: str
    vehicle_id: str
    operator_name: str | None
    plate: str | None
    attributes: Mapping[str, str]
    """What the registry says of it, by name."""
    route_id: str | None
    """From its newest fix, else from the registry."""
    route_known: bool
    windows: int
    """In how many of the fleet's windows it is trackable, the longest first."""
    reason: str | None
    """Why it is not trackable; None: it is."""
    since: datetime | None
    """When its newest fix grew older than the window; None: it is trackable, or never had one."""
    contact_at: datetime | None
    fix_at: datetime | None
    rejected_at: datetime | None
    rejected_reason: str | None
    equipped: int
    observed: int
    working: int
    trip_id: str | None
    latitude: float | None
    longitude: float | None
    speed_mps: float | None
    bearing_deg: float | None

    @property
    def profile(self) -> tuple[int, bool, UntrackableReason | None, int, int, int]:
        """All that is counted of it."""
        return (
            self.windows,
            self.route_known,
            None if self.reason is None else _REASONS[self.reason],
            self.equipped,
            self.observed,
            self.working,
        )

    @property
    def position(self) -> VehiclePosition | None:
        """Its newest fix; None: it never had one."""
        if self.fix_at is None or self.latitude is None or self.longitude is None:
            return None
        return VehiclePosition(
            self.operator_id,
            self.vehicle_id,
            self.plate,
            self.route_id,
            self.trip_id,
            self.fix_at,
            self.latitude,
            self.longitude,
            self.speed_mps,
            self.bearing_deg,
        )

    @property
    def refusal(self) -> RejectReason | None:
        """Why its newest rejected report was."""
        return RejectReason(self.rejected_reason) if self.rejected_reason else None


class Fleet:
    """The fleet at one moment; it does not change."""

    def __init__(
        self,
        at: datetime,
        windows: Sequence[timedelta],
        kinds: Kinds,
        vehicles: Sequence[FleetVehicle],
    ) -> None:
        """Say what it is.

        Args:
            windows: that its vehicles were judged by.
            vehicles: by operator and vehicle.
        """
        self.at = at
        self.windows: Final = tuple(sorted(windows, reverse=True))
        self.kinds = kinds
        self.vehicles = vehicles

    @cached_property
    def by_id(self) -> Mapping[tuple[str, str], FleetVehicle]:
        """The vehicles by operator and vehicle."""
        return {(each.operator_id, each.vehicle_id): each for each in self.vehicles}

    @cached_property
    def operators(self) -> Mapping[str, str]:
        """What the operators of the fleet are called, by their ids."""
        return {each.operator_id: each.operator_name or each.operator_id for each in self.vehicles}

    @cached_property
    def heard_at(self) -> datetime | None:
        """When anything of any of its vehicles was last received, rejected reports too.

        None: nothing ever was. A clock that is ahead of ours moves it no further than now.
        """
        moments = [
            moment for each in self.vehicles for moment in (each.contact_at, each.rejected_at)
        ]
        return min(max(filter(None, moments)), self.at) if any(moments) else None

    def counts(self, vehicles: Sequence[FleetVehicle]) -> Counts:
        """Count some of its vehicles, or all."""
        # Thousands of vehicles have some dozens of profiles.
        profiles = Counter(each.profile for each in vehicles)
        cells = [Cell(None, *profile, number) for profile, number in profiles.items()]
        return tally(cells, self.windows, self.kinds)

    def positions(self, window: timedelta) -> list[VehiclePosition]:
        """Return where the vehicles are that are trackable within one of its windows."""
        place = self.windows.index(window) + 1
        found = (each.position for each in self.vehicles if each.windows >= place)
        return [position for position in found if position is not None]


def fleet_now(
    connection: Connection,
    at: datetime,
    windows: Sequence[timedelta],
    kinds: Kinds,
    reason_window: timedelta = DISPATCHER_WINDOW,
) -> Fleet:
    """Read the fleet of now, in one query.

    Args:
        windows: how old the newest fix of a trackable vehicle may be.
        reason_window: that of the reasons.

    Raises:
        StorageError: the database cannot be asked.
    """
    longest_first = sorted(windows, reverse=True)
    parameters = {
        "at": at,
        "within": reason_window,
        "edges": [at - window for window in longest_first],
    }
    # In binary and by position, which takes half the time of class_row for a large fleet.
    with translated(), connection.cursor(row_factory=_by_position, binary=True) as cursor:
        vehicles = cursor.execute(_SQL["fleet"], parameters).fetchall()
    return Fleet(at, longest_first, kinds, vehicles)


def _by_position(cursor: Cursor[Any]) -> RowMaker[FleetVehicle]:
    names = tuple(column.name for column in cursor.description or ())
    if names and names != FleetVehicle._fields:
        raise TypeError(f"the query gives {names}")
    return FleetVehicle._make


def unregistered_now(connection: Connection, at: datetime) -> dict[str, int]:
    """Count the vehicles that publish and are not in the fleet, by operator.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        rows = connection.execute(_SQL["unregistered"], {"at": at, "past": False})
        return dict(rows.fetchall())
