"""Put archived rows where they were, for one look or for a while.

For a look they are put into the running transaction, which is then rolled back: every figure keeps
its one definition, and knows nothing of the archive.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from storage.archive import files
from storage.archive.manifest import DAY, SQL, Part, archived, begins
from storage.archive.store import Store
from storage.connection import Connection
from storage.errors import translated
from storage.kpi.fix_ages import PositionsNotKept
from storage.snapshot import first_record
from storage.writing.late_columns import oldest_by_hour
from storage.writing.lateness import keep_lateness

_READINGS: Final = timedelta(hours=26)
"""How long before a moment a reading of its local day may be."""
_SPARE: Final = timedelta(minutes=2)


def return_for(connection: Connection, store: Store, at: datetime, within: timedelta) -> bool:
    """Put what figures of a moment rest on into the running transaction.

    It must not be committed. Returns whether all of it is there now; False: nothing of it was
    thrown away.

    Raises:
        PositionsNotKept: some of it is neither kept nor archived.
        ArchiveUnusable: a file is missing or damaged; the message names it.
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(SQL["horizon"]).fetchone()
        if row is None:
            return False
        horizon: datetime = row[0]
        asked = {"at": at, "within": within}
        found = connection.execute(SQL["rests_on_since"], asked).fetchone()
        since: datetime = found[0] if found else at
        at = at.astimezone(UTC)
        first = (at - max(within, _READINGS) - _SPARE).date()
        returned_before(connection, store, first)
        days = [day for day in _days(first, (at + _SPARE).date()) if begins(day) < horizon]
        known = archived(connection)
        first_moment = first_record(connection)
        recorded = first_moment.astimezone(UTC).date() if first_moment else date.max
        for day in days:
            if day not in known:
                if begins(day + DAY) <= since or day < recorded:
                    continue
                raise PositionsNotKept(
                    f"positions of {at.isoformat()} are no longer kept, and {day} is not archived"
                )
            for part in Part:
                table = files.read(store.read(known[day][part]))
                if part is Part.POSITIONS:
                    table = _needed(table, at, within)
                _put(connection, part, table)
        return since < horizon


def returned_before(connection: Connection, store: Store, day: date) -> None:
    """Put into the running transaction what is archived of the time before a day, or before the
    newest day until then that is archived.
    """
    known = archived(connection)
    earlier = max((each for each in known if each <= day), default=None)
    if earlier is not None:
        for part in (Part.BEFORE, Part.REJECTIONS):
            _put(connection, part, files.read(store.read(known[earlier][part])))


def restore_day(connection: Connection, store: Store, day: date) -> int:
    """Put a day's positions into the database again, and return how many there are in the archive.

    Args:
        connection: in autocommit.
        store: the archive.
        day: of UTC.

    Raises:
        PositionsNotKept: the day is not archived.
        ArchiveUnusable: a file is missing or damaged; the message names it.
    """
    known = archived(connection)
    if day not in known:
        raise PositionsNotKept(f"{day} is not archived")
    positions = files.read(store.read(known[day][Part.POSITIONS]))
    rejections = files.read(store.read(known[day][Part.REJECTIONS]))
    with translated(), connection.transaction():
        # Who is forgotten meanwhile would be back.
        connection.execute(SQL["keep_from_forgetting"])
        _put(connection, Part.POSITIONS, positions)
        _put(connection, Part.REJECTIONS, rejections)
        connection.execute(SQL["restored"], {"day": day})
    return int(positions.num_rows)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + turn * DAY for turn in range((last - first).days + 1))


def _put(connection: Connection, part: Part, table: Any) -> None:
    of_rejections = part is Part.REJECTIONS
    what = "rejections" if of_rejections else "reports"
    connection.execute(SQL[f"create_returning_{what}"])
    connection.execute(SQL[f"empty_returning_{what}"])
    with connection.cursor() as cursor, cursor.copy(SQL[f"copy_returning_{what}"]) as copied:
        copied.write(files.rejection_lines(table) if of_rejections else files.report_lines(table))
    connection.execute(SQL[f"return_{what}"])
    if not of_rejections:
        connection.execute(SQL["return_recorded_later"])
        keep_lateness(connection, oldest_by_hour(table))


def _needed(table: Any, at: datetime, within: timedelta) -> Any:
    """Return of a day's reports those that the figures of a moment may rest on.

    All around the window, what was received in it, and of each vehicle, of all reports that say the
    same of its equipment, the newest: among them are its newest fix, its newest contact and its
    newest readings.
    """
    observed, received = table["observed_at"], table["received_at"]
    near = _between(observed, at - within - _SPARE, at + _SPARE)
    came = _between(received, at - within - _SPARE, at + _SPARE)
    keys = pa.table(
        {
            "row": pc.cumulative_sum(pa.repeat(1, table.num_rows)),
            "vehicle": table["vehicle_key"],
            "flags": table["flags"],
            "is_fix": pc.is_valid(table["geometry"]),
            "was_heard": pc.less_equal(received, _moment(at)),
        }
    ).filter(pc.less_equal(observed, _moment(at)))
    by = ["vehicle", "flags", "is_fix", "was_heard"]
    # By vehicle and time: of those that say the same, the last row is the newest.
    newest = keys.group_by(by).aggregate([("row", "max")])["row_max"]
    around = pc.indices_nonzero(pc.or_(near, came)).cast(pa.int64())
    newest = pc.subtract(newest, 1)
    wanted = pc.unique(pa.chunked_array([*newest.chunks, *_chunks(around)], pa.int64()))
    return table.take(wanted)


def _between(column: Any, since: datetime, until: datetime) -> Any:
    return pc.and_(pc.greater_equal(column, _moment(since)), pc.less_equal(column, _moment(until)))


def _moment(at: datetime) -> Any:
    return pa.scalar(at, pa.timestamp("us", tz="UTC"))


def _chunks(array: Any) -> list[Any]:
    return list(array.chunks) if isinstance(array, pa.ChunkedArray) else [array]
