"""Write the files again that hold a vehicle which was forgotten since, without it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from storage.archive import files
from storage.archive.manifest import SQL, ArchivedFile, Part, archived, forgotten
from storage.archive.store import ArchiveUnusable, Store
from storage.connection import Connection
from storage.errors import translated

_AGAIN: Final = ".again"
"""Behind the day in the name of a file that was written again, every other time."""


def files_in_question(connection: Connection) -> list[ArchivedFile]:
    """Return the files that are older than the last time a vehicle was forgotten.

    Raises:
        StorageError: the database cannot be asked.
    """
    newest = max(forgotten(connection).values(), default=None)
    every = (file for of_day in archived(connection).values() for file in of_day.values())
    return [
        file
        for file in every
        if newest and file.archived_at < newest and file.part is not Part.REJECTIONS
    ]


def forget_archived(
    connection: Connection, store: Store, in_question: list[ArchivedFile]
) -> Iterator[int]:
    """Write files again without forgotten vehicles, yielding how many reports each has lost.

    The new file has another name, is read back, compared and put on record before the old one is
    deleted: stopped at any point, the archive is whole, and the next run goes on.

    Args:
        connection: in autocommit.
        store: the archive.
        in_question: of ``files_in_question``.

    Raises:
        ArchiveUnusable: a file is missing or damaged, or cannot be written; the message names it.
        StorageError: the database cannot be asked. What was yielded is done.
    """
    left_out = forgotten(connection)
    for file in in_question:
        table = files.read(store.read(file))
        left = table.filter(pc.invert(_to_forget(table, left_out)))
        lost = table.num_rows - left.num_rows
        new = _written(store, file, left) if lost else file
        # As of the last that was looked for, and not of now: another may be forgotten meanwhile.
        new = new._replace(archived_at=max(left_out.values()))
        with translated():
            connection.execute(SQL["rewritten"], {**new._asdict(), "was": file.sha256})
        yield lost
    _delete_replaced(connection, store)


def _to_forget(table: Any, left_out: Mapping[int, datetime]) -> Any:
    keys = pa.array(left_out, pa.int32())
    moments = pa.array(left_out.values(), pa.timestamp("us", tz="UTC"))
    until = moments.take(pc.index_in(table["vehicle_key"], keys))
    return pc.fill_null(pc.less(table["observed_at"], until), False)


def _written(store: Store, file: ArchivedFile, reports: Any) -> ArchivedFile:
    path = _other_name(file.path)
    verified = store.write(path, partial(files.rewrite_reports, reports=reports))
    new = file._replace(
        path=path, rows=reports.num_rows, size=verified.size, sha256=verified.sha256
    )
    if files.report_lines(files.read(store.read(new))) != files.report_lines(reports):
        raise ArchiveUnusable(f"the archive {store.place}: {path} has other rows than were written")
    return new


def _other_name(path: str) -> str:
    old = PurePosixPath(path)
    day = old.stem.removesuffix(_AGAIN)
    return str(old.with_name(day + ("" if old.stem != day else _AGAIN) + old.suffix))


def _delete_replaced(connection: Connection, store: Store) -> None:
    # Of earlier runs, too: one may have been stopped between the record and this.
    replaced: dict[str, list[str]] = {}
    for of_day in archived(connection).values():
        for file in of_day.values():
            folder = str(PurePosixPath(file.path).parent)
            replaced.setdefault(folder, []).append(_other_name(file.path))
    for folder, paths in replaced.items():
        store.delete(folder, paths)
