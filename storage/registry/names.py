"""The names that the registry knows, against which a list's are held."""

from datetime import date
from typing import Final, NamedTuple

from models.lists.characters import normal
from models.lists.operators import Operators, by_name
from storage.connection import Connection
from storage.errors import translated
from storage.operators import operator_names
from storage.sql import queries

_SQL: Final = queries("registry")


class KnownNames(NamedTuple):
    """What is known of names before a list is read."""

    operators: Operators
    """That the registry has, or had."""
    literal: frozenset[str]
    """Ids of operators and vehicles that are known though they are not in their normal form."""


def known_names(connection: Connection) -> KnownNames:
    """Return the names that are known.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        ids = {name for row in connection.execute(_SQL["unusual_ids"]) for name in row}
    literal = frozenset(name for name in ids if normal(name) != name)
    return KnownNames(known_operators(connection), literal)


def known_operators(connection: Connection) -> Operators:
    """Return the operators that a list may mean.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        ids = {name for (name,) in connection.execute(_SQL["registered_operators"])}
        former: dict[str, str] = dict(connection.execute(_SQL["former_operators"]).fetchall())
    return Operators(frozenset(ids), former, by_name(operator_names(connection)))


def operators_with_fleet(connection: Connection, day: date) -> list[str]:
    """Return the operators that have vehicles in service on a day, or later.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [name for (name,) in connection.execute(_SQL["fleets"], {"day": day})]
