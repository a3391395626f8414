"""Whether what an administrator has to do, or a timer for him, has been done lately."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from models.finding import Finding, ok, warning
from storage.connection import Connection
from storage.health.asking import row, rows
from storage.upkeep import ARCHIVE, BACKUP, MAINTENANCE

_AT_LEAST_EVERY: Final = {
    BACKUP: timedelta(days=8),
    MAINTENANCE: timedelta(days=2),
    ARCHIVE: timedelta(days=3),
}
_OPTIONAL: Final = frozenset({ARCHIVE})
"""Who has never done it may not want it."""


def task_findings(connection: Connection) -> Iterator[Finding]:
    """Yield when each task was done last; nothing is missed before it was due for the first time.

    Raises:
        StorageError: the database cannot be asked.
    """
    done = {each.task: each for each in rows(connection, "tasks")}
    recorded = row(connection, "recorded_seconds").seconds or 0
    for task, every in _AT_LEAST_EVERY.items():
        last = done.get(task)
        if last is not None:
            say = ok if last.ago_seconds < every.total_seconds() else warning
            yield say(f"tasks.{task}", done_at=last.done_at)
        elif task not in _OPTIONAL and recorded > every.total_seconds():
            yield warning(f"tasks.no_{task}")
