"""The names that the registry knows, against which a list's are held."""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from models.lists.characters import normal
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("registry")


class KnownNames(NamedTuple):
    """What is known of names before a list is read."""

    operators: frozenset[str]
    """That the registry has, or had."""
    literal: frozenset[str]
    """Ids of operators and vehicles that are known though they are not in their normal form."""
    renamed: Mapping[str, str]
    """By each id that an operator has given up, the one that it has now."""


def known_names(connection: Connection) -> KnownNames:
    """Return the names that are known.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        operators = {name for (name,) in connection.execute(_SQL["registered_operators"])}
        ids = {name for row in connection.execute(_SQL["unusual_ids"]) for name in row}
        renamed: dict[str, str] = dict(connection.execute(_SQL["former_operators"]).fetchall())
    literal = frozenset(name for name in ids if normal(name) != name)
    return KnownNames(frozenset(operators), literal, renamed)


def operators_with_fleet(connection: Connection, day: date) -> list[str]:
    """Return the operators that have vehicles in service on a day, or later.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [name for (name,) in connection.execute(_SQL["fleets"], {"day": day})]
