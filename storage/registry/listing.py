"""List what the registry says: of a day, or of all time; as known now, or as known then."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Final, NamedTuple

from psycopg.types.json import Jsonb

from models.equipment import Kinds
from models.registry import NOTHING, RegistryEntry
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.writing.keys import known_kinds

_SQL: Final = queries("registry")


class Selection(NamedTuple):
    """Which entries; what is None selects nothing out."""

    operator_id: str | None = None
    vehicle_id: str | None = None
    attributes: Mapping[str, str] = NOTHING
    """With these values; an empty one: of which it is not known."""
    on: date | None = None
    """In service on this day."""
    at: datetime | None = None
    """In service on this moment's day in the operator's time zone."""
    known_at: datetime | None = None
    """As the registry knew them at this moment; None: as it knows them now."""

    def binds(self) -> dict[str, object]:
        """Return the values that the query takes."""
        where = {name: value for name, value in self.attributes.items() if value}
        absent = [name for name, value in self.attributes.items() if not value]
        return self._asdict() | {"where": Jsonb(where), "absent": absent}


class RegistryChange(NamedTuple):
    """One change of the registry: who, when, from what, and how much it wrote."""

    change_id: int
    entered_at: datetime
    """By the server's clock."""
    claimed_at: datetime | None
    """When it was known, as who entered it says; None: no such claim."""
    changed_by: str
    source: str
    opened: int
    """Entries that it made."""
    closed: int
    """Entries that it superseded or ended."""


def registry_entries(
    connection: Connection, selection: Selection | None = None
) -> Sequence[RegistryEntry]:
    """Return entries by operator, vehicle and first day; all that are known now by default.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        declared = partial(_declared, known_kinds(connection))
        rows = connection.execute(_SQL["entries"], (selection or Selection()).binds())
        return [
            RegistryEntry(
                VehicleId(operator_id, vehicle_id), plate, begins, ends, attributes, declared(bits)
            )
            for operator_id, vehicle_id, plate, begins, ends, attributes, bits in rows
        ]


def registry_changes(connection: Connection, limit: int) -> Sequence[RegistryChange]:
    """Return the newest changes, newest first.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        rows = connection.execute(_SQL["changes"], {"limit": limit}).fetchall()
    return [RegistryChange(*row) for row in rows]


def _declared(kinds: Kinds, bits: int) -> dict[str, bool]:
    return {kind: flag.fitted for kind, flag in kinds.flags(bits).items()}
