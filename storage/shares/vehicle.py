"""All that is known of one vehicle, and the vehicles that there are to ask about."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from models.equipment import Flag, Kinds
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.writing.keys import known_kinds

_SQL: Final = queries("vehicle")

MOST_REPORTS: Final = 20_000
"""Of a period: a bus that reports every second sends as many in five hours and a half."""
MOST_ROWS: Final = 50


class Named(NamedTuple):
    """A vehicle that was ever named."""

    vehicle: VehicleId
    operator: str
    plate: str | None


class SentReport(NamedTuple):
    """One report of the vehicle."""

    observed_at: datetime
    received_at: datetime
    latitude: float | None
    longitude: float | None
    speed_mps: float | None
    flags: Mapping[str, Flag]
    route_id: str | None

    @property
    def is_fix(self) -> bool:
        """Whether it has a position."""
        return self.latitude is not None


class Reading(NamedTuple):
    """The newest of what was reported of a kind of equipment; None: never reported."""

    kind: str
    fitted: bool | None
    fitted_at: datetime | None
    working: bool | None
    working_at: datetime | None


class RejectedOfVehicle(NamedTuple):
    """A rejected message that is kept."""

    rejected_id: int
    received_at: datetime
    last_received_at: datetime
    times: int
    topic: bytes
    payload: bytes
    reason: str
    detail: str


class RegistryFact(NamedTuple):
    """What the registry said of it from one moment to another."""

    known_from: datetime
    known_to: datetime | None
    """None: it still does."""
    changed_by: str
    source: str
    claimed_at: datetime | None
    in_service_from: date | None
    in_service_to: date | None
    plate: str | None
    attributes: Mapping[str, str]
    declared: Mapping[str, bool]


class VehicleFacts(NamedTuple):
    """All that is known of a vehicle."""

    vehicle: VehicleId
    operator: str
    time_zone: str
    contact_at: datetime | None
    fix_at: datetime | None
    rejected_at: datetime | None
    rejected_reason: str | None
    latitude: float | None
    longitude: float | None
    speed_mps: float | None
    reports: Sequence[SentReport]
    """Of the period asked about, oldest first."""
    readings: Sequence[Reading]
    rejected: Sequence[RejectedOfVehicle]
    history: Sequence[RegistryFact]


def directory(connection: Connection) -> list[Named]:
    """List every vehicle that was ever named, by operator and vehicle.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [
            Named(VehicleId(operator_id, vehicle_id), name or operator_id, plate)
            for operator_id, vehicle_id, name, plate in connection.execute(_SQL["directory"])
        ]


def vehicle_facts(
    connection: Connection, vehicle: VehicleId, since: datetime, until: datetime
) -> VehicleFacts | None:
    """Return what is known of a vehicle, and what it sent in a period; None: nothing at all.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        found = connection.execute(_SQL["vehicle"], vehicle._asdict()).fetchone()
        if found is None:
            return None
        key, name, *state = found
        kinds = known_kinds(connection)
        binds = {**vehicle._asdict(), "vehicle_key": key, "limit": MOST_ROWS}
        period = {"vehicle_key": key, "since": since, "until": until, "limit": MOST_REPORTS}
        lists = (
            [_report(kinds, row) for row in connection.execute(_SQL["reports"], period)],
            [Reading(*row) for row in connection.execute(_SQL["readings"], binds)],
            [RejectedOfVehicle(*row) for row in connection.execute(_SQL["rejected"], binds)],
            [_fact(kinds, row) for row in connection.execute(_SQL["history"], binds)],
        )
        return VehicleFacts(*(vehicle, name or vehicle.operator_id, *state, *lists))


def _report(kinds: Kinds, row: Sequence[Any]) -> SentReport:
    report = SentReport(*row)
    return report._replace(flags=kinds.flags(row[5]))


def _fact(kinds: Kinds, row: Sequence[Any]) -> RegistryFact:
    fact = RegistryFact(*row)
    declared = {name: flag.fitted for name, flag in kinds.flags(row[-1]).items()}
    return fact._replace(declared=declared)
