"""The KPI of a date, vehicle by vehicle."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Final

from models.equipment import BITS, Kinds, flag_of
from models.kpi import KpiOfDate, KpiReason, KpiRule, VehicleKpi
from models.share import EquipmentState
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.writing.keys import known_kinds

_SQL: Final = queries("kpi")


def kpi_of_date(
    connection: Connection, on: date, rule: KpiRule, known_on: date | None = None
) -> KpiOfDate:
    """Return a date's fleet with what decides each vehicle's part in the figures.

    Args:
        on: the local day of each operator's time zone.
        rule: when a vehicle was trackable.
        known_on: only what was known at this local day's end; None: all that is known now.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {"on": on, "known_on": known_on, **rule._asdict()}
    kinds = known_kinds(connection, known_on)
    build = _Builder(kinds)
    with translated():
        vehicles = [build(*row) for row in connection.execute(_SQL["kpi_vehicles"], binds)]
    return KpiOfDate(on, known_on, rule, kinds, vehicles)


def operator_time_zones(
    connection: Connection, on: date, known_on: date | None = None
) -> dict[str, str]:
    """Return every operator's time zone on a date, its IANA name.

    Args:
        known_on: the operators by the ids that they had at this local day's end; None: have now.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {"on": on, "known_on": known_on}
    with translated():
        return dict(connection.execute(_SQL["operator_time_zones"], binds).fetchall())


class _Builder:
    """Make rows objects; what many vehicles have in common is one object for all of them."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._attributes: dict[str, Mapping[str, str]] = {}
        self._equipment: dict[tuple[int, int, int], Mapping[str, EquipmentState]] = {}

    def __call__(
        self, operator_id: str, vehicle_id: str, plate: str | None, attributes: str,
        declared: int, observed: int, equipped: int, trackable: bool, trackable_on_route: bool,
        only_late: bool, motionless: bool, minutes: int, best_day: date | None,
        live_minutes: int, route_minutes: int, moved_m: int | None,
        reason: str | None, last_day: date | None,
        openly_published: bool | None, published_minutes: int | None,
    ) -> VehicleKpi:  # fmt: skip
        if (known := self._attributes.get(attributes)) is None:
            known = self._attributes[attributes] = json.loads(attributes)
        bits = declared, observed, equipped
        if (equipment := self._equipment.get(bits)) is None:
            equipment = self._equipment[bits] = self._states(*bits)
        return VehicleKpi(
            VehicleId(operator_id, vehicle_id), plate, known, trackable, trackable_on_route,
            only_late, motionless, minutes, best_day, live_minutes, route_minutes, moved_m,
            equipment, KpiReason(reason) if reason else None, last_day,
            openly_published, published_minutes,
        )  # fmt: skip

    def _states(self, declared: int, observed: int, equipped: int) -> dict[str, EquipmentState]:
        return {
            name: _state(*(bits >> BITS * number for bits in (declared, observed, equipped)))
            for number, name in enumerate(self._kinds.names)
        }


def _state(declared: int, observed: int, equipped: int) -> EquipmentState:
    declares, says = flag_of(declared), flag_of(observed)
    return EquipmentState(
        equipped=bool(equipped & 1),
        fitted=says and says.fitted,
        declared=declares and declares.fitted,
        working=says and says.working,
    )
