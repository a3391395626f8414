"""Write the batches of many histories side by side: first all first ones, then all second ones."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Final, NamedTuple, Self

from hypothesis import strategies as st
from psycopg import sql

from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.sql import queries
from storage.writing.batch import Batch
from storage.writing.keep import Repeats, keep, learn_keys
from storage.writing.keys import Keys
from storage.writing.quotas import Quotas
from storage.writing.writer import Writer

ROOM: Final = Quotas(10**9, 10**12, 10**9, 10**9)
"""A crowd's histories share what one of them would have to itself."""
FOR_EVER: Final = 10**9
TABLES: Final = (
    "registry_entry", "registry_change", "report", "rejection", "vehicle_state", "vehicle_day",
    "rejected_message", "recorded_later", "vehicle", "operator_history", "operator", "horizon",
)  # fmt: skip

Step = Callable[[int], None]


class Reprocessed(NamedTuple):
    """A batch that was rejected at first, and recorded later."""

    batch: Batch
    recorded_at: datetime


Told = Batch | Reprocessed

moments_analyzed: Final = st.frozensets(st.integers(0, 8), max_size=2)
"""The steps after which the planner learns what the tables are like."""


def empty(connection: Connection) -> None:
    """Take all vehicles away, and all that is known of them."""
    # Rows and not tables: the chunks stay, and the next history finds them.
    for table in TABLES:
        connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))


def analyzing(connection: Connection, moments: Collection[int]) -> Step:
    """Return what has the planner learn after some steps what the tables are like at that moment.

    What it knows of a server in use is of any moment: plans of all kinds must end alike.
    """

    def after(step: int) -> None:
        if step in moments:
            for table in TABLES:
                connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table)))

    return after


def write_crowd(
    url: str,
    zone: str,
    crowd: Iterable[Sequence[Told]],
    after: Step = lambda step: None,
    *,
    as_usual: bool = True,
) -> None:
    """Write each history's batches in their order.

    Args:
        url: the database's.
        zone: of operators that are not known yet.
        crowd: of each history its batches.
        after: told of each step that is done.
        as_usual: whether what looks like new is tried as the writer usually does. What repeats
            something is always written apart: it would lead all others the general way.
    """
    known: set[tuple[VehicleId, datetime]] = set()
    with Writer(url, "test", zone, ROOM) as writer, Reprocessing(url, zone) as reprocessing:
        for step, several in enumerate(zip_longest(*crowd)):
            together: dict[tuple[datetime | None, bool], Batch] = defaultdict(Batch)
            for each in filter(None, several):
                batch, recorded_at = each if isinstance(each, Reprocessed) else (each, None)
                _join(together[recorded_at, as_usual and _is_new(batch, known)], batch)
            for (recorded_at, is_new), batch in together.items():
                repeats = Repeats(0 if is_new else FOR_EVER)
                if recorded_at is not None:
                    reprocessing.write(batch, recorded_at, repeats)
                    continue
                writer.repeats = repeats
                writer.write(batch)
            after(step)


class Reprocessing:
    """Keep batches as of a moment after their reception, over one connection."""

    def __init__(self, url: str, zone: str) -> None:
        self._connection = connect(url, "test", autocommit=True)
        self._connection.execute(queries("writing")["create_staged"])
        self._keys = Keys(zone)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def write(self, batch: Batch, recorded_at: datetime, repeats: Repeats) -> None:
        learn_keys(self._connection, self._keys, batch)
        with self._connection.transaction():
            keep(self._connection, self._keys, batch, lambda written: None, recorded_at, repeats)


def _is_new(batch: Batch, known: set[tuple[VehicleId, datetime]]) -> bool:
    said = [(each.report.vehicle, each.report.observed_at) for each in batch.reports]
    said += [
        (each.report.vehicle, each.report.sent_at) for each in batch.reports if each.report.sent_at
    ]
    is_new = known.isdisjoint(said) and len(set(said)) == len(said)
    known.update(said)
    return is_new


def _join(whole: Batch, batch: Batch) -> None:
    whole.reports += batch.reports
    whole.rejected += batch.rejected
    whole.rejections.update(batch.rejections)
