"""Functions and views: replaced where they are, dropped and created where they cannot be.

``create or replace`` changes no result column and no parameter's name, and beside a function whose
parameters have changed it puts another of the same name. So what a repeatable script creates is on
record: what is in the way is dropped first, and what no script creates any more is left to the
services of the version before, and dropped once they are gone.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from psycopg import errors as sqlstate

from storage.connection import Connection
from storage.errors import DatabaseUnusable, translated
from storage.schema import Applied, checksum, needed
from storage.sql import queries, scripts

_SQL: Final = queries("migration")
_CREATES: Final = re.compile(r"^create or replace (?:function|view) ([\w.]+)", re.M)

_OURS: Final = "object"
_OBSOLETE: Final = "obsolete"

IN_THE_WAY: Final = (
    sqlstate.InvalidFunctionDefinition,  # a result column, a parameter's name, a default
    sqlstate.InvalidTableDefinition,  # a column of a view
    sqlstate.AmbiguousFunction,  # one of the same name is there, with other parameters
    sqlstate.DatatypeMismatch,  # a function that has not been replaced yet gives what it gave
    sqlstate.UndefinedColumn,
    sqlstate.UndefinedFunction,
    sqlstate.WrongObjectType,  # a view that was a function
)
"""What PostgreSQL says where an older function or view is in the way of a newer one."""


class Existing(NamedTuple):
    """A function or a view that is there."""

    kind: str
    identity: str
    """As `drop` takes it."""
    is_ours: bool
    may_be_ours: bool
    """It is where ours are, and looks like one."""


def run_repeatable(connection: Connection, before: Applied) -> list[str]:
    """Create all of them if any has changed: one may rest on what another defines.

    Raises:
        DatabaseUnusable: something of somebody else's rests on what has to be dropped.
        psycopg.Error: a script fails.
    """
    if before.repeatable == needed().repeatable:
        return []
    recorded = _on_record(connection, _OURS)
    there = list(_existing(connection))
    try:
        with connection.transaction():
            _create(connection)
            is_whole = _is_whole(connection)
    except IN_THE_WAY:
        is_whole = False
    if not is_whole:
        _drop_ours(connection)
        _create(connection)
        _check_nothing_else_is_gone(connection, there, recorded)
    _put_on_record(connection, recorded)
    return list(scripts("repeatable"))


def obsolete(connection: Connection) -> dict[str, str]:
    """Return what no script creates any more and is still there: kinds by identity.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return _on_record(connection, _OBSOLETE)


def drop_obsolete(connection: Connection) -> list[str]:
    """Drop what services of the version before may have used; return it.

    Raises:
        StorageError: it cannot be dropped.
    """
    found = obsolete(connection)
    with translated():
        for identity, kind in found.items():
            _drop(connection, kind, identity)
            connection.execute(_SQL["take_off_record"], {"kind": _OBSOLETE, "name": identity})
    return list(found)


def _names() -> list[str]:
    return [name for script in scripts("repeatable").values() for name in _CREATES.findall(script)]


def _existing(connection: Connection) -> Iterator[Existing]:
    for row in connection.execute(_SQL["existing"], {"names": _names()}):
        yield Existing(*row)


def _is_whole(connection: Connection) -> bool:
    # More of our names than the scripts create: one stands there with the parameters it had.
    return sum(each.is_ours for each in _existing(connection)) == len(_names())


def _create(connection: Connection) -> None:
    for name, script in scripts("repeatable").items():
        connection.execute(script.encode())
        binds = {"kind": "repeatable", "name": name, "what": checksum(script)}
        connection.execute(_SQL["put_on_record"], binds)


def _drop_ours(connection: Connection) -> None:
    for each in list(_existing(connection)):
        if each.is_ours:
            _drop(connection, each.kind, each.identity)


def _drop(connection: Connection, kind: str, identity: str) -> None:
    binds = {"kind": kind, "identity": identity}
    (statement,) = connection.execute(_SQL["drop"], binds).fetchone() or ("",)
    connection.execute(statement.encode())


def _check_nothing_else_is_gone(
    connection: Connection, before: list[Existing], recorded: dict[str, str]
) -> None:
    kept = {each.identity for each in _existing(connection)}
    # A database of before there was a record has functions of ours that no script names any more.
    lost = [
        each.identity
        for each in before
        if each.identity not in kept
        and not (each.is_ours or each.identity in recorded)
        and not (each.may_be_ours and not recorded)
    ]
    if lost:
        raise DatabaseUnusable(
            f"{', '.join(lost)} rests on a function or a view that has to be recreated: keep its "
            "definition, drop it, run `fleetgauge migrate`, and create it again"
        )


def _put_on_record(connection: Connection, recorded: dict[str, str]) -> None:
    there = list(_existing(connection))
    ours = {each.identity: each.kind for each in there if each.is_ours}
    others = {each.identity for each in there if not each.is_ours}
    for identity, kind in recorded.items():
        connection.execute(_SQL["take_off_record"], {"kind": _OURS, "name": identity})
        if identity in others:
            binds = {"kind": _OBSOLETE, "name": identity, "what": kind}
            connection.execute(_SQL["put_on_record"], binds)
    for identity, kind in ours.items():
        connection.execute(_SQL["put_on_record"], {"kind": _OURS, "name": identity, "what": kind})


def _on_record(connection: Connection, kind: str) -> dict[str, str]:
    return dict(connection.execute(_SQL["on_record"], {"kind": kind}).fetchall())
