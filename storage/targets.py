"""Targets, which keep their history: a new one ends what it overlaps, and nothing is deleted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from models.errors import Invalid
from models.target import Scope, Target
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.sql import queries

_SQL: Final = queries("targets")

LOCK_KEY: Final = 0x746172676574  # "target"
"""The advisory lock that makes two changes at once take turns."""


class UnknownScope(StorageError, Invalid):
    """A target for an operator or a municipality that nothing is known of: a misspelt one."""


class KeptTarget(NamedTuple):
    """A target with who set it, and when it was known by the server's clock."""

    target: Target
    set_by: str
    source: str
    claimed_at: datetime | None
    known_from: datetime
    known_to: datetime | None
    """None: it still is."""
    ended_by: str | None


def set_targets(
    connection: Connection,
    targets: Iterable[Target],
    *,
    set_by: str,
    source: str,
    claimed_at: datetime | None = None,
) -> int:
    """Set targets, all or none, and return how many were not set already.

    Older targets are replaced on the days they share with a new one; their other days stay.

    Args:
        set_by: who, for the record.
        source: from what, such as the file's name.
        claimed_at: when it was planned, as who sets them says (UTC-aware): kept beside the
            server's clock, which alone decides what was known when.

    Raises:
        UnknownScope: nothing is known of an operator or municipality.
        StorageError: the database failed; nothing was set.
    """
    entered = {"set_by": set_by, "source": source, "claimed_at": claimed_at}
    with translated(), connection.transaction():
        moment = _turn(connection)
        changed = 0
        for target in targets:
            check_scope(connection, target.scope)
            if connection.execute(_SQL["same"], _binds(target)).fetchone() is None:
                _cut(connection, target, moment, set_by)
                _add(connection, target, moment, entered)
                changed += 1
    return changed


def remove_target(connection: Connection, target: Target, *, removed_by: str) -> bool:
    """Leave a period without a target; return whether there was one.

    Args:
        target: whose ratio does not matter.
        removed_by: who, for the record.
    """
    with translated(), connection.transaction():
        return _cut(connection, target, _turn(connection), removed_by)


def targets_on(
    connection: Connection, on: date, known_end: datetime | None = None
) -> dict[Scope, dict[str, float]]:
    """Return the targets of a date by scope and indicator.

    Args:
        known_end: as they were known just before this moment; None: as they are known now.
    """
    found: dict[Scope, dict[str, float]] = {}
    with translated():
        for row in connection.execute(_SQL["targets_on"], {"on": on, "known_end": known_end}):
            target = _target(row)
            found.setdefault(target.scope, {})[target.indicator] = target.ratio
    return found


def current_targets(connection: Connection, on: date) -> dict[str, float]:
    """Return the whole fleet's targets of a date by indicator, as they are known now."""
    return targets_on(connection, on).get(Scope(), {})


def list_targets(
    connection: Connection, on: date | None = None, *, history: bool = False
) -> list[KeptTarget]:
    """List targets.

    Args:
        on: only those of this date.
        history: superseded and removed ones, too.
    """
    with translated():
        rows = connection.execute(_SQL["list"], {"on": on, "history": history}).fetchall()
    return [KeptTarget(_target(row[:8]), *row[8:]) for row in rows]


def _turn(connection: Connection) -> datetime:
    connection.execute(_SQL["take_turn"], {"key": LOCK_KEY})
    row = connection.execute(_SQL["moment"]).fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a row")
    moment: datetime = row[0]
    return moment


def _cut(connection: Connection, target: Target, moment: datetime, author: str) -> bool:
    # What of a cut target remains keeps who set it, and is known from the same moment on.
    binds = _binds(target) | {"moment": moment, "author": author}
    cut = connection.execute(_SQL["end_overlapping"], binds).fetchall()
    for begins, ends, ratio, *row in cut:
        entered = dict(zip(("set_by", "source", "claimed_at"), row, strict=True))
        old = target._replace(period_from=begins, period_to=ends, ratio=ratio)
        for rest in _rests(old, target):
            _add(connection, rest, moment, entered)
    return bool(cut)


def _rests(old: Target, new: Target) -> Iterable[Target]:
    a_day = timedelta(days=1)
    if old.period_from < new.period_from:
        yield old._replace(period_to=new.period_from - a_day)
    if old.period_to > new.period_to:
        yield old._replace(period_from=new.period_to + a_day)


def _add(
    connection: Connection, target: Target, moment: datetime, entered: Mapping[str, object]
) -> None:
    connection.execute(_SQL["add"], _binds(target) | {"moment": moment, **entered})


def check_scope(connection: Connection, scope: Scope) -> None:
    """Pass if something is known of whom it names.

    Raises:
        UnknownScope: nothing is.
    """
    for attribute, name in scope._asdict().items():
        if name is not None:
            query = "knows_operator" if attribute == "operator_id" else "knows_attribute"
            binds = {"attribute": attribute, "name": name}
            if connection.execute(_SQL[query], binds).fetchone() is None:
                raise UnknownScope(f"nothing was set: nothing is known of {scope}")


def _binds(target: Target) -> dict[str, object]:
    values = target._asdict() | target.scope._asdict()
    del values["scope"]
    return values


def _target(row: Sequence[Any]) -> Target:
    indicator, begins, ends, ratio, *scope = row
    return Target(indicator, begins, ends, ratio, Scope(*scope))
