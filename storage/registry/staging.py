"""A fleet list beside what the registry knows, on temporary tables of the running transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from psycopg.types.json import Jsonb

from models.equipment import BITS, Flag, Kinds
from models.registry import COLUMNS, RegistryEntry
from storage.connection import Connection
from storage.errors import DataRejected
from storage.sql import queries
from storage.writing.keys import known_kinds, learn_kinds

_SQL: Final = queries("registry")

_TYPES: Final = ("text", "text", "text", "date", "date", "jsonb", "int8")
"""Of import_line's columns."""

_ALL_KINDS: Final = -1
"""The bits of all kinds that there can be."""


class Plan(NamedTuple):
    """How a list is to be read."""

    operators: Collection[str]
    time_zone: str
    """IANA name, for operators that are not known yet."""
    learnt_at: datetime
    effective: date | None
    correct: bool
    partial: bool
    """The list is not the whole list of its operators: other vehicles stay as they are."""
    columns: Collection[str] | None
    """Which the list has; None: all."""

    def binds(self, kinds: Kinds) -> dict[str, object]:
        """Return the values that the statements take."""
        return {
            "operators": list(self.operators),
            "time_zone": self.time_zone,
            "learnt_at": self.learnt_at,
            "effective": self.effective,
            "correct": self.correct,
            "partial": self.partial,
            "states_plate": self._states("plate"),
            "states_in_service_to": self._states("in_service_to"),
            "stated_names": self.columns and sorted(set(self.columns).difference(COLUMNS)),
            "stated_bits": self._stated_bits(kinds),
        }

    def _states(self, column: str) -> bool:
        return self.columns is None or column in self.columns

    def _stated_bits(self, kinds: Kinds) -> int:
        if self.columns is None:
            return _ALL_KINDS
        stated = [number for number, name in enumerate(kinds.names) if name in self.columns]
        return sum((1 << BITS) - 1 << BITS * number for number in stated)


def stage(connection: Connection, entries: Sequence[RegistryEntry], plan: Plan) -> None:
    """Find what each vehicle's days become, from the list's lines and the known entries.

    Operators, vehicles and kinds of equipment that are not known yet are given their rows; no
    entry is changed.

    Raises:
        DataRejected: two periods of one vehicle overlap: it would count twice.
    """
    kinds = _kinds(connection, entries)
    binds = plan.binds(kinds)
    connection.execute(_SQL["create_import"])
    _copy(connection, entries, kinds)
    connection.execute(_SQL["stage_operators"], binds)
    connection.execute(_SQL["add_listed_vehicles"])
    connection.execute(_SQL["stage_known"], binds)
    connection.execute(_SQL["stage_listed"], binds)
    _check_overlaps(connection)
    connection.execute(_SQL["stage_vehicles"])
    connection.execute(_SQL["analyze_staged"])
    connection.execute(_SQL["plan_segments"], binds)
    connection.execute(_SQL["plan_outcomes"])
    connection.execute(_SQL["analyze_outcomes"])
    connection.execute(_SQL["plan_entries"])
    connection.execute(_SQL["analyze_entries"])


def unstage(connection: Connection) -> None:
    """Drop the temporary tables, for another import in the same transaction."""
    connection.execute(_SQL["drop_import"])


def _kinds(connection: Connection, entries: Iterable[RegistryEntry]) -> Kinds:
    known = known_kinds(connection)
    declared = {kind for entry in entries for kind in entry.equipment}
    missing = sorted(declared.difference(known.names))
    return learn_kinds(connection, missing) if missing else known


def _copy(connection: Connection, entries: Iterable[RegistryEntry], kinds: Kinds) -> None:
    with connection.cursor() as cursor, cursor.copy(_SQL["copy_lines"]) as copy:
        copy.set_types(_TYPES)
        for vehicle, plate, begins, ends, attributes, equipment in entries:
            declared = {kind: Flag(fitted) for kind, fitted in equipment.items()}
            row = (plate, begins, ends, Jsonb(dict(attributes)), kinds.bits(declared))
            copy.write_row((*vehicle, *row))


def _check_overlaps(connection: Connection) -> None:
    overlap = connection.execute(_SQL["overlap"]).fetchone()
    if overlap is not None:
        raise DataRejected(f"two entries of vehicle {overlap[0]}/{overlap[1]} overlap in time")
