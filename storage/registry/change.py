"""Changes of the registry take turns, and each is on record: who, when, from what."""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from models.errors import Invalid
from storage.connection import Connection
from storage.errors import StorageError
from storage.sql import queries

_SQL: Final = queries("registry")

LOCK_KEY: Final = 0x7265676973747279  # "registry"
"""The advisory lock that makes two changes at once take turns."""

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""No registry of vehicles was kept in a database before; an earlier year is a slip."""


class ClaimOutOfRange(StorageError, Invalid):
    """The registry cannot have learnt anything then: before 1970, or in the future."""


class Turn(NamedTuple):
    """The one change that is being made."""

    entered_at: datetime
    """By the server's clock; later than every change before."""
    claimed_at: datetime | None
    """When it was known, as whoever enters it says; None: when it is entered."""
    changed_by: str

    @property
    def learnt_at(self) -> datetime:
        """The moment whose local day the change holds from, where no day is given."""
        return self.claimed_at or self.entered_at


class Change(NamedTuple):
    """A change that is on record."""

    change_id: int
    entered_at: datetime


def wait_for_turn(connection: Connection) -> None:
    """Wait until no other change is made; until the running transaction's end none will be."""
    connection.execute(_SQL["lock_registry"], {"key": LOCK_KEY})


def take_turn(connection: Connection, changed_by: str, claimed_at: datetime | None = None) -> Turn:
    """Wait for this change's turn, and take its moment.

    Raises:
        ClaimOutOfRange: `claimed_at` is before 1970, or yet to come.
    """
    if claimed_at is not None and claimed_at < EARLIEST:
        raise ClaimOutOfRange(f"nothing was recorded at {claimed_at.isoformat()}: before 1970")
    wait_for_turn(connection)
    connection.execute(_SQL["name_author"], {"changed_by": changed_by})
    now, entered_at = _first(connection, "moment_of_change", {})
    if claimed_at is not None and claimed_at > now:
        raise ClaimOutOfRange(
            f"nothing was recorded at {claimed_at.isoformat()}: that is in the future"
        )
    return Turn(entered_at, claimed_at, changed_by)


def record(connection: Connection, turn: Turn, source: str) -> Change:
    """Put the change on record, with what it comes from."""
    (change_id,) = _first(connection, "record_change", {**turn._asdict(), "source": source})
    return Change(change_id, turn.entered_at)


def _first(connection: Connection, query: str, binds: dict[str, object]) -> tuple[Any, ...]:
    row = connection.execute(_SQL[query], binds).fetchone()
    if row is None:
        raise RuntimeError("a query that always has a row had none")
    return row
