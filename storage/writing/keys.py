"""The integer keys that the large tables carry instead of texts: of vehicles, and of journeys."""

import time
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Final

from models.equipment import Kinds
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.writing.quotas import Quotas
from storage.writing.ways import Ways

_SQL: Final = queries("writing")
_TIMETABLES: Final = queries("ways")["state"]

MAX_JOURNEYS: Final = 200_000
"""That are remembered; a day's trips of a large city are 50,000."""


RENAME_KEY: Final = 0x72656E616D65  # "rename"
"""The advisory lock by which naming operators and renaming one take turns."""

RENAMES_ASKED_S: Final = 10.0
"""Seconds after which it is asked whether an operator was renamed."""


Journey = tuple[str | None, str | None]
"""The route and the trip that the vehicle is on, as the last two fields of a fix say."""

NO_JOURNEY: Final[Journey] = (None, None)


class Keys:
    """Remember keys; for the use of one thread."""

    def __init__(self, time_zone: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the IANA time zone that an operator not yet known is given, and a clock."""
        self._time_zone = time_zone
        self._clock = clock
        self._asked_at = clock()
        self._renamed_at: datetime | None = None
        self._timetables: object = None
        self._ways: Ways | None = None
        self._vehicles: dict[VehicleId, int] = {}
        self._journeys: dict[Journey, int] = {NO_JOURNEY: 0}

    def vehicle(self, vehicle: VehicleId) -> int | None:
        """Return the key of a vehicle, or None where it was not learnt."""
        return self._vehicles.get(vehicle)

    @property
    def vehicles(self) -> dict[VehicleId, int]:
        """All keys of vehicles that were learnt."""
        return self._vehicles

    @property
    def journeys(self) -> dict[Journey, int]:
        """All keys of journeys that were learnt."""
        return self._journeys

    def ways(self, connection: Connection) -> Ways | None:
        """Return where the routes run, by all timetables that are known; None: there is none."""
        found = connection.execute(_TIMETABLES).fetchone()
        if found != self._timetables:
            ways = Ways(connection)
            self._ways, self._timetables = ways if ways.known_from else None, found
        return self._ways

    def forget(self) -> None:
        """Read all keys again."""
        self._vehicles.clear()
        self._journeys = {NO_JOURNEY: 0}

    def assign(
        self,
        connection: Connection,
        vehicles: Iterable[VehicleId],
        journeys: Iterable[Journey],
        quotas: Quotas | None = None,
    ) -> frozenset[VehicleId]:
        """Learn keys, giving one to those that have none, and commit; return those left without.

        ``quotas`` says how many may be given one in an hour; None: as many as are named.

        A transaction of its own: a key that outlives a batch that failed does no harm, while
        one that is remembered here and was rolled back would.
        """
        if self._clock() >= self._asked_at + RENAMES_ASKED_S:
            self._forget_renamed(connection)
        missing = [vehicle for vehicle in vehicles if vehicle not in self._vehicles]
        if missing:
            self.look_up(connection, missing)
            missing = [vehicle for vehicle in missing if vehicle not in self._vehicles]
        if missing:
            missing = self._add(connection, missing, quotas)
        unknown = [journey for journey in journeys if journey not in self._journeys]
        if unknown:
            self._learn(connection, unknown)
        return frozenset(missing)

    def _add(
        self, connection: Connection, newcomers: list[VehicleId], quotas: Quotas | None
    ) -> list[VehicleId]:
        limits = {
            "new_operators": quotas and quotas.new_operators,
            "new_vehicles": quotas and quotas.new_vehicles,
            "time_zone": self._time_zone,
        }
        names = _columns(newcomers) | limits
        with connection.transaction():
            connection.execute(_SQL["await_rename"], {"key": RENAME_KEY})
            connection.execute(_SQL["add_operators"], names)
            connection.execute(_SQL["add_vehicles"], names)
        self.look_up(connection, newcomers)
        return [vehicle for vehicle in newcomers if vehicle not in self._vehicles]

    def look_up(self, connection: Connection, vehicles: Collection[VehicleId]) -> None:
        """Learn the keys of those vehicles that have one."""
        missing = [vehicle for vehicle in vehicles if vehicle not in self._vehicles]
        if missing:
            rows = connection.execute(_SQL["vehicle_keys"], _columns(missing))
            for operator_id, vehicle_id, key in rows:
                self._vehicles[VehicleId(operator_id, vehicle_id)] = key

    def _forget_renamed(self, connection: Connection) -> None:
        # An id may be another operator's by now.
        self._asked_at = self._clock()
        row = connection.execute(_SQL["newest_rename"]).fetchone()
        renamed_at = row[0] if row else None
        if renamed_at != self._renamed_at:
            self._renamed_at = renamed_at
            self.forget()

    def _learn(self, connection: Connection, journeys: list[Journey]) -> None:
        if len(self._journeys) + len(journeys) > MAX_JOURNEYS:
            self._journeys = {NO_JOURNEY: 0}
        names = {
            "routes": [route_id for route_id, _ in journeys],
            "trips": [trip_id for _, trip_id in journeys],
        }
        with connection.transaction():
            connection.execute(_SQL["add_journeys"], names)
        for route_id, trip_id, key in connection.execute(_SQL["journey_keys"], names):
            self._journeys[route_id, trip_id] = key


def known_kinds(connection: Connection, known_on: date | None = None) -> Kinds:
    """Return the kinds of equipment that the database knows.

    Args:
        known_on: those that it knew when this local day ended; None: that it knows now.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        rows = connection.execute(_SQL["kinds"], {"known_on": known_on})
        return Kinds(tuple(name for (name,) in rows))


def learn_kinds(connection: Connection, names: Collection[str]) -> Kinds:
    """Add the kinds of equipment that are new, and return all that the database knows.

    Raises:
        StorageError: the database cannot be asked, or has no number left.
    """
    with translated(), connection.transaction():
        connection.execute("lock table equipment_kind in share row exclusive mode")
        connection.execute(_SQL["add_kinds"], {"names": list(names)})
    return known_kinds(connection)


def _columns(vehicles: Collection[VehicleId]) -> dict[str, object]:
    return {
        "operators": [vehicle.operator_id for vehicle in vehicles],
        "vehicles": [vehicle.vehicle_id for vehicle in vehicles],
    }
