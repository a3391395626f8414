"""What people state beside the figures, with its history: a new statement ends the old one."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from models.stated import Entry, Milestone, Note, OfficialFigure, Stated
from models.target import Scope
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries
from storage.targets import LOCK_KEY, check_scope

_SQL: Final = queries("stated")
_TURN: Final = queries("targets")["take_turn"]


def set_note(connection: Connection, note: Note, author: str) -> bool:
    """State why an indicator deviates; an empty text takes it back. Return whether there was one.

    Raises:
        UnknownScope: nothing is known of the operator or municipality.
        StorageError: the database failed; nothing was stated.
    """
    binds = {
        "indicator": note.indicator,
        "begins": note.period_from,
        "ends": note.period_to,
        "text": note.text,
        **note.scope._asdict(),
    }
    with translated(), connection.transaction():
        check_scope(connection, note.scope)
        return _state(connection, "note", binds, author, is_kept=bool(note.text))


def set_official(
    connection: Connection, figure: OfficialFigure, author: str, *, remove: bool = False
) -> bool:
    """Enter an official figure, or take it back. Return whether there was one.

    Raises:
        UnknownScope: nothing is known of the operator or municipality.
        StorageError: the database failed; nothing was entered.
    """
    values = figure._asdict()
    scope = values.pop("scope")
    with translated(), connection.transaction():
        check_scope(connection, scope)
        binds = values | scope._asdict()
        return _state(connection, "official", binds, author, is_kept=not remove)


def set_milestone(
    connection: Connection, milestone: Milestone, author: str, *, remove: bool = False
) -> bool:
    """Set a milestone by its name, or take it back. Return whether there was one.

    Raises:
        StorageError: the database failed; nothing was set.
    """
    with translated(), connection.transaction():
        return _state(connection, "milestone", milestone._asdict(), author, is_kept=not remove)


def stated_on(
    connection: Connection,
    on: date | None,
    known_end: datetime | None = None,
    *,
    history: bool = False,
) -> Stated:
    """Return what is stated about a date; None: about any.

    Args:
        known_end: as it was known just before this moment; None: as it is known now.
        history: also what was replaced or taken back.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {"on": on, "known_end": known_end, "history": history}
    with translated():
        notes = connection.execute(_SQL["notes"], binds).fetchall()
        official = connection.execute(_SQL["official_figures"], binds).fetchall()
        milestones = connection.execute(_SQL["milestones"], binds).fetchall()
    return Stated(
        [(Note._make([*row[:4], Scope(*row[4:8])]), Entry(*row[8:])) for row in notes],
        [
            (OfficialFigure._make([*row[:6], Scope(*row[6:10])]), Entry(*row[10:]))
            for row in official
        ],
        [(Milestone(*row[:3]), Entry(*row[3:])) for row in milestones],
    )


def _state(
    connection: Connection, what: str, values: Mapping[str, Any], author: str, *, is_kept: bool
) -> bool:
    connection.execute(_TURN, {"key": LOCK_KEY})
    (moment,) = connection.execute(_SQL["moment"]).fetchone() or (None,)
    binds = {**values, "author": author, "moment": moment}
    ended = connection.execute(_SQL[f"end_{what}"], binds).fetchall()
    if is_kept:
        connection.execute(_SQL[f"add_{what}"], binds)
    return bool(ended)
