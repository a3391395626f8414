"""Import a timetable: all of it, or nothing; what it replaces stays on record."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.errors import Invalid
from models.gtfs.feed import Feed
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.sql import queries

_SQL: Final = queries("routes")


class UnknownFeedOperator(StorageError, Invalid):
    """A timetable of an operator that nothing is known of: a misspelt one."""


class KeptFeed(NamedTuple):
    """A timetable that is known now."""

    operator_id: str | None
    """None: of every operator that has none of its own."""
    known_from: datetime
    imported_by: str
    source: str
    routes: int
    shapes: int
    stops: int
    trips: int


class FleetRoute(NamedTuple):
    """A route that vehicles of the fleet name, of an operator that has a timetable."""

    operator_id: str
    route_id: str
    is_known: bool
    """Whether the timetable has it."""


def import_feed(
    connection: Connection,
    feed: Feed,
    *,
    operator_id: str | None,
    imported_by: str,
    source: str,
    digest: bytes,
) -> bool:
    """Make this the timetable of an operator, or of all; return False where it was already.

    Args:
        connection: in which no transaction runs, or one that this becomes part of.
        operator_id: whose alone it is; None: of every operator that has none of its own.
        imported_by: who, for the record.
        source: from what, such as the file's name.
        digest: the file's SHA-256.

    Raises:
        UnknownFeedOperator: nothing is known of the operator.
        StorageError: the database failed; nothing was imported.
    """
    binds = {
        "operator_id": operator_id,
        "author": imported_by,
        "source": source,
        "digest": digest,
    }
    with translated(), connection.transaction():
        binds["moment"] = _turn(connection, operator_id)
        if connection.execute(_SQL["same"], binds).fetchone() is not None:
            return False
        _end(connection, binds)
        ((feed_id,),) = connection.execute(_SQL["begin"], binds)
        _fill(connection, feed_id, feed)
    return True


def end_feed(connection: Connection, operator_id: str | None, *, ended_by: str) -> bool:
    """End the timetable of an operator, or the one of all; return whether there was one.

    Raises:
        UnknownFeedOperator: nothing is known of the operator.
        StorageError: the database failed; nothing was ended.
    """
    with translated(), connection.transaction():
        moment = _turn(connection, operator_id)
        binds = {"operator_id": operator_id, "author": ended_by, "moment": moment}
        return _end(connection, binds)


def kept_feeds(connection: Connection) -> Sequence[KeptFeed]:
    """Return the timetables that are known now, the one of all first.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [KeptFeed(*row) for row in connection.execute(_SQL["list"])]


def fleet_routes(connection: Connection) -> Sequence[FleetRoute]:
    """Return the routes that the fleet names, each with whether its timetable has it.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [FleetRoute(*row) for row in connection.execute(_SQL["unmatched"])]


def _turn(connection: Connection, operator_id: str | None) -> Any:
    connection.execute(_SQL["take_turn"])
    if operator_id is not None:
        found = connection.execute(_SQL["knows_operator"], {"operator_id": operator_id})
        if found.fetchone() is None:
            raise UnknownFeedOperator(f"nothing is known of operator {operator_id}")
    row = connection.execute(_SQL["moment"]).fetchone()
    return row and row[0]


def _end(connection: Connection, binds: dict[str, Any]) -> bool:
    feeds = [feed_id for (feed_id,) in connection.execute(_SQL["end"], binds)]
    for name in ("forget_route_stops", "forget_stops", "forget_trips"):
        connection.execute(_SQL[name], {"feeds": feeds})
    return bool(feeds)


def _fill(connection: Connection, feed_id: int, feed: Feed) -> None:
    # In the order in which one refers to the other.
    for name, rows in (
        ("copy_routes", feed.routes.values()),
        ("copy_shapes", ((i, list(a), list(b)) for i, a, b in feed.shapes.values())),
        ("copy_stops", feed.stops.values()),
        ("copy_trips", feed.trips.values()),
        ("copy_route_shapes", feed.route_shapes),
        ("copy_route_stops", feed.route_stops),
    ):
        _copy(connection, name, feed_id, rows)


def _copy(
    connection: Connection, name: str, feed_id: int, rows: Iterable[Sequence[object]]
) -> None:
    with connection.cursor() as cursor, cursor.copy(_SQL[name]) as copy:
        for row in rows:
            copy.write_row((feed_id, *row))
