"""A batch on its way into the tables, by binary COPY: what the packed columns hold."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.report import Report
from models.rules import REPEATED_AFTER
from storage.connection import Connection
from storage.sql import queries
from storage.writing.batch import Batch
from storage.writing.keys import Keys
from storage.writing.lateness import LATE, oldest_by_hour

_SQL: Final = queries("writing")

FLAGS: Final = (1 << 60) - 1
"""The bits of the kinds of equipment (``models.equipment``)."""

HEARD: Final = 1 << 60
"""The vehicle was heard by the report: at its reception, or else"""
BY_ITS_CLOCK: Final = 1 << 61
"""at the report's own moment, as a gateway says that knows it."""
POSITION_ELSEWHERE: Final = 1 << 62
"""A position was heard with it that is of another moment."""

_TYPES: Final = (
    "timestamptz", "timestamptz", "int8", "int4", "int4", "int4", "int4", "int4",
    "int2", "int2", "int2", "int2",
)  # fmt: skip

_NOT_MEASURED: Final = (-1, -1, -1, -1)

Row = tuple[Any, ...]


class Staged(NamedTuple):
    """What of a batch is in the staging table."""

    first: datetime
    """The first moment of all rows."""
    last: datetime
    places: int
    """How many elements of ``vehicle_state.equipment`` have a reading."""
    vehicles: set[int]
    """The keys of all vehicles in it."""
    late: Mapping[datetime, datetime]
    """Of each hour in which reports came more than a day late: the oldest moment."""
    off_route: Sequence[int] = ()
    """Numbers of the reports whose position lies off the route that it names."""


def stage(connection: Connection, batch: Batch, keys: Keys) -> Staged | None:
    """Copy a batch's reports into the staging table of the running transaction.

    Returns None where there is no row.
    """
    rows = list(rows_of(batch, keys))
    if not rows:
        return None
    with connection.cursor() as cursor, cursor.copy(_SQL["copy_staged"]) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            copy.write_row(row)
    bits = 0
    for row in rows:
        bits |= row[2]
    moments = [row[0] for row in rows]
    places = ((bits & FLAGS).bit_length() + 1) // 2
    ways = keys.ways(connection)
    off_route = ways.off_route(connection, batch) if ways else ()
    first, vehicles = min(moments), {row[3] for row in rows}
    is_any_late = max(row[1] for row in rows) - first > LATE
    late = oldest_by_hour((row[0], row[1]) for row in rows) if is_any_late else {}
    return Staged(first, max(moments), places, vehicles, late, off_route)


def rows_of(batch: Batch, keys: Keys) -> Iterator[Row]:
    """Yield the row of each report; where it was sent later than its position, that one first."""
    vehicles, journeys = keys.vehicles, keys.journeys
    for number, (report, message) in enumerate(batch.reports):
        vehicle, observed_at, fix, equipment, heard, sent_at, _ = report
        key, received_at = vehicles[vehicle], message.received_at
        if fix is None:
            if heard or equipment:
                at = observed_at if sent_at is None else sent_at
                bits = equipment | _heard(report)
                yield (at, received_at, bits, key, None, None, 0, number, *_NOT_MEASURED)
            continue
        if sent_at is not None and sent_at != observed_at:
            bits = equipment | _heard(report)
            if sent_at - observed_at <= REPEATED_AFTER:
                bits |= POSITION_ELSEWHERE
            yield (sent_at, received_at, bits, key, None, None, 0, number, *_NOT_MEASURED)
            bits = 0
        else:
            # Of nearly all reports, so that it is worth no call.
            bits = equipment | (HEARD if sent_at is None and heard else _heard(report))
        latitude, longitude, speed, bearing, hdop, satellites, route_id, trip_id = fix
        yield (
            observed_at, received_at, bits, key,
            round(latitude * 1e7), round(longitude * 1e7), journeys[route_id, trip_id], number,
            -1 if speed is None else round(speed * 100),
            -1 if bearing is None else round(bearing * 10) % 3600,
            -1 if hdop is None else round(hdop * 100),
            -1 if satellites is None else satellites,
        )  # fmt: skip


def _heard(report: Report) -> int:
    if not report.heard:
        return 0
    return HEARD if report.sent_at is None else HEARD | BY_ITS_CLOCK
