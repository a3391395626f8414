"""Targets, which keep their history: a new one ends what it overlaps, and nothing is deleted."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from models.indicator import Indicator
from models.target import Scope, Target
from storage.connection import Connection
from storage.errors import StorageError, translated

LOCK_KEY: Final = 0x746172676574  # "target"
"""The advisory lock that makes two changes at once take turns."""

_TURN: Final = """
select pg_advisory_xact_lock(%(key)s)
"""

_MOMENT: Final = """
select coalesce(%(recorded_at)s::timestamptz, greatest(clock_timestamp(), max(known_from))),
       max(greatest(known_from, nullif(known_to, 'infinity')))
from target
"""

_END: Final = """
update target set known_to = %(known_from)s
where known_to = 'infinity' and indicator = %(indicator)s
  and operator_id is not distinct from %(operator_id)s
  and municipality is not distinct from %(municipality)s
  and period_from <= %(period_to)s and period_to >= %(period_from)s
returning period_from, period_to, ratio, set_by, source
"""

_ADD: Final = """
insert into target (indicator, period_from, period_to, operator_id, municipality, ratio,
                    set_by, source, known_from)
values (%(indicator)s, %(period_from)s, %(period_to)s, %(operator_id)s, %(municipality)s,
        %(ratio)s, %(set_by)s, %(source)s, %(known_from)s)
"""

_SAME: Final = """
select from target
where known_to = 'infinity' and indicator = %(indicator)s
  and operator_id is not distinct from %(operator_id)s
  and municipality is not distinct from %(municipality)s
  and period_from = %(period_from)s and period_to = %(period_to)s and ratio = %(ratio)s
"""

_LIST: Final = """
select indicator, period_from, period_to, ratio, operator_id, municipality,
       set_by, source, known_from, nullif(known_to, 'infinity')
from target
where (%(on)s::date is null or %(on)s::date between period_from and period_to)
  and (%(history)s or known_to = 'infinity')
order by array_position(array['trackable', 'cctv', 'cashless'], indicator),
         operator_id collate "C" nulls first, municipality collate "C" nulls first,
         period_from, known_from, target_id
"""

_ON: Final = """
select indicator, period_from, period_to, ratio, operator_id, municipality
from target
where %(on)s::date between period_from and period_to
  and ((%(known_end)s::timestamptz is null and known_to = 'infinity')
       or (known_from < %(known_end)s::timestamptz and known_to >= %(known_end)s::timestamptz))
"""

_KNOWN_OPERATOR: Final = "select from operator where operator_id = %(operator_id)s"
_KNOWN_MUNICIPALITY: Final = "select from registry_entry where municipality = %(municipality)s"


class UnknownScope(StorageError):
    """A target for an operator or a municipality that nothing is known of: a misspelt one."""


class TargetTooEarly(StorageError):
    """The targets were changed after the moment at which this change should have been known."""


class KeptTarget(NamedTuple):
    """A target with who set it, and when it was known."""

    target: Target
    set_by: str
    source: str
    known_from: datetime
    known_to: datetime | None
    """None: it still is."""


def set_targets(
    connection: Connection,
    targets: Iterable[Target],
    *,
    set_by: str,
    source: str,
    recorded_at: datetime | None = None,
) -> int:
    """Set targets, all or none, and return how many were not so already.

    What of an older target lies in a new one's period is so no more; what lies before or after
    it stays.

    Args:
        set_by: who, for the record.
        source: from what, such as the file's name.
        recorded_at: when they are known from (UTC-aware), for loading the past; None: now.

    Raises:
        UnknownScope: nothing is known of an operator or municipality.
        TargetTooEarly: targets were changed after `recorded_at`.
        StorageError: the database failed; nothing was set.
    """
    with translated(), connection.transaction():
        record = {"set_by": set_by, "source": source, "known_from": _turn(connection, recorded_at)}
        changed = 0
        for target in targets:
            _check_scope(connection, target.scope)
            if connection.execute(_SAME, _binds(target)).fetchone() is None:
                _cut(connection, target, record["known_from"])
                connection.execute(_ADD, _binds(target) | record)
                changed += 1
    return changed


def remove_target(
    connection: Connection, target: Target, recorded_at: datetime | None = None
) -> bool:
    """Leave a period without a target; return whether there was one.

    Args:
        target: whose ratio does not matter.
        recorded_at: as with ``set_targets``.
    """
    with translated(), connection.transaction():
        return _cut(connection, target, _turn(connection, recorded_at))


def targets_on(
    connection: Connection, on: date, known_end: datetime | None = None
) -> dict[Scope, dict[Indicator, float]]:
    """Return the targets of a date.

    Args:
        known_end: as they were known just before this moment; None: as they are known now.
    """
    found: dict[Scope, dict[Indicator, float]] = {}
    with translated():
        for row in connection.execute(_ON, {"on": on, "known_end": known_end}):
            target = _target(row)
            found.setdefault(target.scope, {})[target.indicator] = target.ratio
    return found


def current_targets(connection: Connection, on: date) -> dict[Indicator, float]:
    """Return the whole fleet's targets of a date, as they are known now."""
    return targets_on(connection, on).get(Scope(), {})


def list_targets(
    connection: Connection, on: date | None = None, *, history: bool = False
) -> list[KeptTarget]:
    """List targets.

    Args:
        on: only those of this date.
        history: those that are no longer so, too.
    """
    with translated():
        rows = connection.execute(_LIST, {"on": on, "history": history}).fetchall()
    return [KeptTarget(_target(row[:6]), *row[6:]) for row in rows]


def _turn(connection: Connection, recorded_at: datetime | None) -> datetime:
    connection.execute(_TURN, {"key": LOCK_KEY})
    row = connection.execute(_MOMENT, {"recorded_at": recorded_at}).fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a row")
    moment: datetime = row[0]
    if row[1] is not None and moment < row[1]:
        raise TargetTooEarly(
            f"the targets were changed at {row[1].isoformat()}: nothing can be recorded at "
            f"{moment.isoformat()}, before that"
        )
    return moment


def _cut(connection: Connection, target: Target, moment: Any) -> bool:
    # What of a cut target remains keeps its words, and is known anew from the same moment on.
    binds = _binds(target) | {"known_from": moment}
    cut = connection.execute(_END, binds).fetchall()
    for begins, ends, ratio, set_by, source in cut:
        old = target._replace(ratio=ratio)
        words = {"set_by": set_by, "source": source, "known_from": moment}
        for rest in _rests(old._replace(period_from=begins, period_to=ends), target):
            connection.execute(_ADD, _binds(rest) | words)
    return bool(cut)


def _rests(old: Target, new: Target) -> Iterable[Target]:
    a_day = timedelta(days=1)
    if old.period_from < new.period_from:
        yield old._replace(period_to=new.period_from - a_day)
    if old.period_to > new.period_to:
        yield old._replace(period_from=new.period_to + a_day)


def _check_scope(connection: Connection, scope: Scope) -> None:
    binds = scope._asdict()
    for name, query in (("operator_id", _KNOWN_OPERATOR), ("municipality", _KNOWN_MUNICIPALITY)):
        if binds[name] is not None and connection.execute(query, binds).fetchone() is None:
            raise UnknownScope(f"nothing was set: nothing is known of {scope}")


def _binds(target: Target) -> dict[str, object]:
    values = target._asdict() | target.scope._asdict()
    del values["scope"]
    return values | {"indicator": target.indicator.value}


def _target(row: Sequence[Any]) -> Target:
    indicator, begins, ends, ratio, operator_id, municipality = row
    return Target(Indicator(indicator), begins, ends, ratio, Scope(operator_id, municipality))
