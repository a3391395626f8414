"""The timetables that are known now, as the map draws them and the feeds go by them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from models.gtfs.feed import Route, Shape, Stop
from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("routes")

Feeds = Mapping[str | None, int]
"""The timetables that there are, by whose they are; None: of every operator without its own."""


class StopWithRoutes(NamedTuple):
    """A stop, and which routes stop there."""

    stop: Stop
    routes: Sequence[str]


class Timetable(NamedTuple):
    """A timetable; it does not change."""

    routes: dict[str, Route]
    shapes: dict[str, list[Shape]]
    """By route."""
    stops: dict[str, StopWithRoutes]
    trips: dict[str, str]
    """The route of each trip."""


class Timetables:
    """All timetables; they do not change."""

    def __init__(self, feeds: Feeds, found: Mapping[int, Timetable]) -> None:
        self.feeds: Final = feeds
        self._found = found

    def of(self, operator_id: str) -> Timetable | None:
        """Return the timetable that an operator's vehicles drive by; None: there is none."""
        feed_id = self.feeds.get(operator_id, self.feeds.get(None))
        return None if feed_id is None else self._found[feed_id]

    @cached_property
    def all(self) -> Sequence[Timetable]:
        """Each timetable once."""
        return list(self._found.values())


def current_feeds(connection: Connection) -> Feeds:
    """Return which timetables there are.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return {operator: feed for feed, operator in connection.execute(_SQL["current"])}


def timetables(connection: Connection, feeds: Feeds) -> Timetables:
    """Read timetables.

    Raises:
        StorageError: the database cannot be asked.
    """
    found = {feed_id: Timetable({}, {}, {}, {}) for feed_id in feeds.values()}
    asked = {"feeds": list(found)}
    with translated():
        for feed_id, *route in connection.execute(_SQL["routes"], asked):
            found[feed_id].routes[route[0]] = Route(*route)
        for feed_id, route_id, *shape in connection.execute(_SQL["shapes"], asked):
            found[feed_id].shapes.setdefault(route_id, []).append(Shape(*shape))
        for feed_id, *stop, routes in connection.execute(_SQL["stops"], asked):
            found[feed_id].stops[stop[0]] = StopWithRoutes(Stop(*stop), routes)
        for feed_id, trip_id, route_id in connection.execute(_SQL["trips"], asked):
            found[feed_id].trips[trip_id] = route_id
    return Timetables(feeds, found)
