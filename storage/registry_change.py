"""Changes of the registry take turns, and each is on record: who, when, from what."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from storage.connection import Connection
from storage.errors import StorageError

LOCK_KEY = 0x7265676973747279  # "registry"
"""The advisory lock that makes two changes at once take turns."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""No registry of vehicles was kept in a database before; an earlier year is a slip."""

_LOCK = "select pg_advisory_xact_lock(%(key)s)"

# The clock is read when the turn has come: a transaction's now() is that of its beginning, when
# the change before was perhaps not yet made.
_MOMENT = """
select coalesce(%(recorded_at)s::timestamptz, greatest(clock_timestamp(), max(changed_at))),
       max(changed_at), clock_timestamp()
from registry_change
"""

_RECORD = """
insert into registry_change (changed_at, changed_by, source)
values (%(changed_at)s, %(changed_by)s, %(source)s)
returning change_id
"""


class RecordedTooEarly(StorageError):
    """The registry was changed after the moment at which it should have learnt something.

    To let it learn something in its own past would alter what it answers about what was known.
    """


class RecordedInFuture(StorageError):
    """The moment at which the registry should have learnt something has not come.

    Nothing could be changed until it has: every later change would come before it.
    """


class Change(NamedTuple):
    """One change of the registry, by its row."""

    change_id: int
    recorded_at: datetime


def begin_change(
    connection: Connection, *, changed_by: str, source: str, recorded_at: datetime | None
) -> Change:
    """Wait for this change's turn, and put it on record, in the running transaction.

    Args:
        connection: whose transaction holds the turn until its end.
        changed_by: who.
        source: from what.
        recorded_at: when the registry learns it; None: now.

    Raises:
        RecordedTooEarly: the registry was changed after `recorded_at`, or that is before 1970.
        RecordedInFuture: `recorded_at` is yet to come.
    """
    if recorded_at is not None and recorded_at < EARLIEST:
        raise RecordedTooEarly(
            f"nothing can be recorded at {recorded_at.isoformat()}, before {EARLIEST:%Y}"
        )
    connection.execute(_LOCK, {"key": LOCK_KEY})
    moment, newest, now = _first(connection, _MOMENT, {"recorded_at": recorded_at})
    if recorded_at is not None and recorded_at > now:
        raise RecordedInFuture(
            f"nothing can be recorded at {recorded_at.isoformat()}: that is in the future"
        )
    if newest is not None and moment < newest:
        raise RecordedTooEarly(
            f"the registry was changed at {newest.isoformat()}: nothing can be recorded at "
            f"{moment.isoformat()}, before that"
        )
    new = {"changed_at": moment, "changed_by": changed_by, "source": source}
    (change_id,) = _first(connection, _RECORD, new)
    return Change(change_id, moment)


def _first(connection: Connection, query: str, binds: dict[str, object]) -> tuple[Any, ...]:
    row = connection.execute(query, binds).fetchone()
    if row is None:
        raise RuntimeError("a query that always has a row had none")
    return row
