"""The operators: their names, time zones and contacts, and the ids that they give up.

Whatever is known of an operator keeps its history by the server's clock. A *rename* gives an
operator another id: its vehicles, what they sent, its targets, service hours and holidays follow,
so every figure stays; what still arrives under the former id is its own; and a report as known
before the rename calls it as it was called then.

Where the new id is in use by nothing but vehicles that were never registered, or no longer are (a
gateway was faster than this, or a list was and has been undone), that operator is set aside under
an id of its own first.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple

import stamina

from models.errors import Invalid
from storage.connection import Connection
from storage.errors import DatabaseUnavailable, StorageError, translated
from storage.registry.change import Turn, take_turn
from storage.sql import queries
from storage.writing.keys import RENAME_KEY

_SQL: Final = queries("operators")
_REGISTRY: Final = queries("registry")


class UnknownOperator(StorageError, Invalid):
    """Nothing was changed: there is no such operator."""


class NotRenamed(StorageError, Invalid):
    """Nothing was changed: the new id is another operator's."""


class Operator(NamedTuple):
    """What is known of an operator now."""

    operator_id: str
    name: str | None
    time_zone: str
    contact: str | None
    vehicles: int
    """In its fleet now."""
    formerly: Sequence[str]
    """The ids that it had, the last one first."""


class KnownOperator(NamedTuple):
    """What was known of an operator from a moment on."""

    called: str
    """Its id from then on."""
    operator_id: str
    """Its id now."""
    known_from: datetime
    entered_by: str
    name: str | None
    time_zone: str | None
    contact: str | None


class Details(NamedTuple):
    """What is to be set of an operator; None: that stays. An empty text: nothing is known."""

    name: str | None = None
    time_zone: str | None = None
    contact: str | None = None


class Renamed(NamedTuple):
    """What a rename did."""

    vehicles: int
    set_aside: str | None
    """Under which id the vehicles are now that had the new one; None: there were none."""


def list_operators(connection: Connection, now: datetime) -> list[Operator]:
    """Return the operators, by id.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [Operator(*row) for row in connection.execute(_SQL["list"], {"now": now})]


def operator_history(connection: Connection) -> list[KnownOperator]:
    """Return what was known of the operators when, newest first.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [KnownOperator(*row) for row in connection.execute(_SQL["history"])]


def list_time_zones(connection: Connection) -> dict[str, str]:
    """Return the operators' time zones now, IANA names, by operator.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return dict(connection.execute(_SQL["time_zones"]).fetchall())


def operator_names(connection: Connection, known_end: datetime | None = None) -> dict[str, str]:
    """Return what the operators are called, by id; those without a name are not there.

    Args:
        known_end: as known, and by the ids that they had, just before this moment; None: now.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return dict(connection.execute(_SQL["names"], {"known_end": known_end}).fetchall())


def set_operator(
    connection: Connection, operator_id: str, details: Details, *, entered_by: str
) -> None:
    """Set what is known of an operator from now on.

    Raises:
        UnknownOperator: there is none of this id.
        StorageError: the database failed; nothing was set.
    """
    binds = {
        "operator_id": operator_id,
        "sets_name": details.name is not None,
        "name": details.name or None,
        "time_zone": details.time_zone,
        "sets_contact": details.contact is not None,
        "contact": details.contact or None,
    }
    with translated(), connection.transaction():
        connection.execute(_REGISTRY["name_author"], {"changed_by": entered_by})
        if connection.execute(_SQL["set"], binds).fetchone() is None:
            raise UnknownOperator(f"there is no operator {operator_id}")


@stamina.retry(on=DatabaseUnavailable, attempts=5)
def rename_operator(
    connection: Connection, operator_id: str, becomes: str, *, renamed_by: str
) -> Renamed:
    """Give an operator another id, and leave every figure as it is.

    Raises:
        UnknownOperator: there is none of this id.
        NotRenamed: the new id is, or was, that of another.
        StorageError: the database failed; nothing was changed.
    """
    with translated(), connection.transaction():
        turn = take_turn(connection, renamed_by)
        connection.execute(_SQL["await_batches"], {"key": RENAME_KEY})
        connection.execute(_SQL["lock_vehicles"])
        in_use = _check(connection, operator_id, becomes)
        set_aside = _free_id(connection, becomes) if in_use else None
        if set_aside is not None:
            _rename(connection, becomes, set_aside, turn)
            reason = f"{operator_id} was renamed {becomes}"
            connection.execute(
                _SQL["dismiss_all"], _binds(set_aside, None, turn) | {"reason": reason}
            )
        _rename(connection, operator_id, becomes, turn)
        row = connection.execute(_SQL["counts"], {"operator_id": becomes}).fetchone()
    return Renamed(row[0] if row else 0, set_aside)


def _check(connection: Connection, operator_id: str, becomes: str) -> bool:
    """Return whether the new id is in use by an operator that can be set aside."""
    ids = {name: rest for name, *rest in _ids(connection, [operator_id, becomes])}
    if not ids[operator_id][1]:
        now = ids[operator_id][0]
        hint = f"; it is {now} since it was renamed" if now != operator_id else ""
        raise UnknownOperator(f"nothing was changed: there is no operator {operator_id}{hint}")
    owner, in_use = ids[becomes]
    if owner not in (becomes, operator_id):
        raise NotRenamed(
            f"nothing was changed: {becomes} was the id of {owner}, and still means it"
        )
    if in_use:
        _check_unregistered(connection, becomes)
    return bool(in_use)


def _check_unregistered(connection: Connection, operator_id: str) -> None:
    row = connection.execute(_SQL["registered"], {"operator_id": operator_id}).fetchone()
    vehicles, changes = row or (0, None)
    if vehicles:
        numbers = ", ".join(map(str, sorted(changes)))
        raise NotRenamed(
            f"nothing was changed: the registry has {vehicles:,} vehicles of {operator_id}, by "
            f"change {numbers}; `fleetgauge registry undo` takes a change back"
        )


def _free_id(connection: Connection, operator_id: str) -> str:
    for number in count(1):
        name = f"{operator_id[:58]}~{number}"
        ((_, owner, in_use),) = _ids(connection, [name])
        if owner == name and not in_use:
            return name
    raise RuntimeError("numbers have no end")


def _ids(connection: Connection, names: Sequence[str]) -> list[tuple[str, str, bool]]:
    return connection.execute(_SQL["ids"], {"names": list(names)}).fetchall()


def _rename(connection: Connection, operator_id: str, becomes: str, turn: Turn) -> None:
    binds = _binds(operator_id, becomes, turn)
    for name in ("rename", "rename_targets", "rename_rejected", "record_rename"):
        connection.execute(_SQL[name], binds)


def _binds(operator_id: str, becomes: str | None, turn: Turn) -> dict[str, object]:
    return {
        "operator_id": operator_id,
        "becomes": becomes,
        "moment": turn.entered_at,
        "renamed_by": turn.changed_by,
    }
