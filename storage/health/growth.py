"""How large the database is, how fast it grows by what was stored, and how long its disk lasts."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from models.finding import Finding, fault, ok, warning
from storage.connection import Connection
from storage.health.asking import row, rows

_DAY_S: Final = 86_400
_LEAST: Final = timedelta(hours=1)
"""A shorter record tells nothing about a day."""
_WARN_DAYS: Final = 30
_FAULT_DAYS: Final = 7


def growth_findings(connection: Connection, free_bytes: int | None = None) -> Iterator[Finding]:
    """Yield size, growth and forecast.

    Args:
        free_bytes: on the database's disk; None: looked up where it is on this machine.

    Raises:
        StorageError: the database cannot be asked.
    """
    size, rate = row(connection, "size"), row(connection, "rate")
    free = free_disk(connection) if free_bytes is None else free_bytes
    if rate.seconds < _LEAST.total_seconds() or not (rate.stored and size.reports):
        yield ok("database.growth_unknown", size_bytes=size.database_bytes)
        if free is not None:
            yield ok("database.disk_free", free_bytes=free)
        return
    reports_a_day = rate.stored / rate.seconds * _DAY_S
    report_bytes = float(size.report_bytes) / size.reports
    day_bytes = reports_a_day * report_bytes
    yield ok(
        "database.growth",
        size_bytes=size.database_bytes,
        reports_a_day=round(reports_a_day),
        report_bytes=round(report_bytes, 1),
        day_bytes=round(day_bytes),
        year_bytes=round(day_bytes * 365),
        measured_seconds=round(rate.seconds),
    )
    yield _forecast(free, day_bytes)


def _forecast(free: int | None, day_bytes: float) -> Finding:
    if free is None:
        return ok("database.disk_unseen")
    days = int(free / day_bytes)
    say = fault if days < _FAULT_DAYS else warning if days < _WARN_DAYS else ok
    return say("database.disk", free_bytes=free, days=days)


def free_disk(connection: Connection) -> int | None:
    """Return the bytes free where the database's data is; None: it cannot be seen from here."""
    found = rows(connection, "data_directory")
    is_here = connection.info.host.startswith("/") or connection.info.hostaddr in {
        "127.0.0.1",
        "::1",
    }
    if not (found and is_here):
        return None
    try:
        return shutil.disk_usage(Path(found[0].setting)).free
    except OSError:
        return None
