"""Vehicles' integer keys: what the large tables carry instead of two texts."""

from collections.abc import Collection

from models.vehicle import VehicleId
from storage.connection import Connection

_ADD_OPERATORS = """
insert into operator (operator_id, time_zone)
select distinct operator_id, %(time_zone)s
from unnest(%(operators)s::text[]) as operator_id
order by operator_id
on conflict do nothing
"""

_ADD_VEHICLES = """
insert into vehicle (operator_id, vehicle_id)
select distinct operator_id, vehicle_id
from unnest(%(operators)s::text[], %(vehicles)s::text[]) as named (operator_id, vehicle_id)
order by operator_id, vehicle_id
on conflict do nothing
"""

_FIND_VEHICLES = """
select operator_id, vehicle_id, vehicle_key
from vehicle
join unnest(%(operators)s::text[], %(vehicles)s::text[]) as named (operator_id, vehicle_id)
    using (operator_id, vehicle_id)
"""


class VehicleKeys:
    """Remember the keys of vehicles; for the use of one thread."""

    def __init__(self, time_zone: str) -> None:
        """Take the IANA time zone that an operator not yet known is given."""
        self._time_zone = time_zone
        self._known: dict[VehicleId, int] = {}

    def __getitem__(self, vehicle: VehicleId) -> int:
        return self._known[vehicle]

    def get(self, vehicle: VehicleId) -> int | None:
        """Return the key of a vehicle, or None where it was not learnt."""
        return self._known.get(vehicle)

    def forget(self) -> None:
        """Learn all keys anew."""
        self._known.clear()

    def assign(self, connection: Connection, vehicles: Collection[VehicleId]) -> None:
        """Learn the keys of vehicles, giving one to those that have none, and commit.

        A transaction of its own: a key that outlives a batch that failed does no harm, while
        one that is remembered here and was rolled back would.
        """
        missing = [vehicle for vehicle in vehicles if vehicle not in self._known]
        if missing:
            names = _columns(missing) | {"time_zone": self._time_zone}
            with connection.transaction():
                connection.execute(_ADD_OPERATORS, names)
                connection.execute(_ADD_VEHICLES, names)
            self.look_up(connection, missing)

    def look_up(self, connection: Connection, vehicles: Collection[VehicleId]) -> None:
        """Learn the keys of those vehicles that have one."""
        missing = [vehicle for vehicle in vehicles if vehicle not in self._known]
        if missing:
            for operator_id, vehicle_id, key in connection.execute(
                _FIND_VEHICLES, _columns(missing)
            ):
                self._known[VehicleId(operator_id, vehicle_id)] = key


def _columns(vehicles: Collection[VehicleId]) -> dict[str, object]:
    return {
        "operators": [vehicle.operator_id for vehicle in vehicles],
        "vehicles": [vehicle.vehicle_id for vehicle in vehicles],
    }
