"""The operators' service hours and holidays, which keep their history: nothing is deleted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from models.errors import Invalid
from models.service_hours import Holiday, ServiceHours
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.sql import queries

_SQL: Final = queries("service_hours")


class UnknownOperators(StorageError, Invalid):
    """Hours or a holiday of operators that nothing is known of: misspelt ones."""


def import_hours(connection: Connection, hours: Sequence[ServiceHours], *, entered_by: str) -> int:
    """Give the operators that occur these hours and no others; return how many they are.

    Args:
        entered_by: who, for the record.

    Raises:
        UnknownOperators: nothing is known of some of them; nothing was imported.
        StorageError: the database failed; nothing was imported.
    """
    operators = {each.operator_id for each in hours}
    named, day_kinds, begins, ends = _columns(hours, len(ServiceHours._fields))
    with translated(), connection.transaction():
        binds = _turn(connection, entered_by) | {
            "operators": list(operators),
            "named": named,
            "day_kinds": day_kinds,
            "begins": begins,
            "ends": ends,
        }
        _check(connection, operators)
        connection.execute(_SQL["end_hours"], binds)
        connection.execute(_SQL["add_hours"], binds)
    return len(operators)


def import_holidays(
    connection: Connection, holidays: Sequence[Holiday], *, entered_by: str
) -> None:
    """Make these the holidays, and no others.

    Args:
        holidays: of one that occurs twice, the last counts.
        entered_by: who, for the record.

    Raises:
        UnknownOperators: nothing is known of some operator; nothing was imported.
        StorageError: the database failed; nothing was imported.
    """
    once = list({each[:2]: each for each in holidays}.values())
    days, operators, names = _columns(once, len(Holiday._fields))
    with translated(), connection.transaction():
        binds = _turn(connection, entered_by)
        binds |= {"days": days, "operators": operators, "names": names}
        _check(connection, {each.operator_id for each in holidays if each.operator_id})
        connection.execute(_SQL["end_holidays"], binds)
        connection.execute(_SQL["add_holidays"], binds)


def service_hours(connection: Connection) -> list[ServiceHours]:
    """Return the hours that hold now, by operator and day.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [ServiceHours(*row) for row in connection.execute(_SQL["hours"])]


def holidays(connection: Connection) -> list[Holiday]:
    """Return the holidays that are known now, by date.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [Holiday(*row) for row in connection.execute(_SQL["holidays"])]


def operators_in_service(connection: Connection, moment: datetime) -> dict[str, bool | None]:
    """Tell of every operator whether its buses are expected out; None: no hours are given.

    Args:
        moment: of any time; the hours are those that held then, and before the first ones were
            entered these.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return dict(connection.execute(_SQL["in_service"], {"moment": moment}).fetchall())


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    return [[row[place] for row in rows] for place in range(width)]


def _turn(connection: Connection, author: str) -> dict[str, object]:
    connection.execute(_SQL["take_turn"])
    row = connection.execute(_SQL["moment"]).fetchone()
    return {"moment": row and row[0], "author": author}


def _check(connection: Connection, operators: Collection[str]) -> None:
    binds = {"operators": list(operators)}
    unknown = connection.execute(_SQL["unknown_operators"], binds).fetchall()
    if unknown:
        names = ", ".join(name for (name,) in unknown[:10])
        raise UnknownOperators(f"nothing was imported: nothing is known of operator {names}")
