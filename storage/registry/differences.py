"""What a change of the registry would change, field by field."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple

from models.equipment import Kinds
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.writing.keys import known_kinds

_SQL: Final = queries("registry")

IN_SERVICE: Final = "in service"
"""In place of a column: whether the vehicle is in the fleet on these days."""

Value = str | bool | None


class Difference(NamedTuple):
    """One thing that becomes another on a stretch of days."""

    vehicle: VehicleId
    what: str
    """What becomes of the vehicle: ``added``, ``changed`` or ``ended``."""
    begins: date | None
    """First day; None: since always."""
    ends: date | None
    """Last day; None: until further notice."""
    column: str
    before: Value
    after: Value


class _Stretch(NamedTuple):
    vehicle: VehicleId
    what: str
    begins: date | None
    ends: date | None
    before: Mapping[str, Value] | None
    """Its columns; None: it was not in service."""
    after: Mapping[str, Value] | None


def differences(connection: Connection) -> Sequence[Difference]:
    """Return what the staged list changes, by vehicle and day."""
    return _differences(connection, "differences")


def rehearsed_differences(
    connection: Connection, make: Callable[[], object]
) -> Sequence[Difference]:
    """Return the same of a change, which is made for that, and taken back.

    Args:
        make: makes the change over the connection.

    Raises:
        StorageError: the change cannot be made, or the database failed.
    """
    with translated(), connection.transaction(force_rollback=True):
        connection.execute(_SQL["rehearse"])
        make()
        return _differences(connection, "rehearsed_differences")


def _differences(connection: Connection, query: str) -> Sequence[Difference]:
    kinds = known_kinds(connection)
    stretches = (_stretch(row, kinds) for row in connection.execute(_SQL[query]))
    return [each for stretch in _joined(stretches) for each in _fields(stretch)]


def _stretch(row: Sequence[Any], kinds: Kinds) -> _Stretch:
    operator_id, vehicle_id, what, begins, ends, was_there, is_there, *said = row
    before = _columns(said[:3], kinds) if was_there else None
    after = _columns(said[3:], kinds) if is_there else None
    return _Stretch(VehicleId(operator_id, vehicle_id), what, begins, ends, before, after)


def _columns(said: Sequence[Any], kinds: Kinds) -> Mapping[str, Value]:
    plate, attributes, bits = said
    declared = {kind: flag.fitted for kind, flag in kinds.flags(bits).items()}
    return {"plate": plate, **attributes, **declared}


def _joined(stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """Join what follows on and changes in the same way: the import's day parts it for nothing."""
    for _, group in groupby(stretches, key=lambda each: (each.vehicle, each.before, each.after)):
        first, *others = group
        yield first._replace(ends=others[-1].ends if others else first.ends)


def _fields(stretch: _Stretch) -> Iterator[Difference]:
    place = stretch[:4]
    before, after = stretch.before, stretch.after
    if before is None or after is None:
        yield Difference(*place, IN_SERVICE, before is not None, after is not None)
        return
    for column in dict.fromkeys((*before, *after)):
        if before.get(column) != after.get(column):
            yield Difference(*place, column, before.get(column), after.get(column))
