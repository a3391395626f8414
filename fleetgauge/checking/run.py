"""All that `fleetgauge check` looks at, in the order in which it is read."""

from collections.abc import Iterator
from typing import Final

from fleetgauge.broker_access import broker_access
from fleetgauge.checking.monitoring import monitoring_findings
from fleetgauge.checking.plausible import settings_findings
from fleetgauge.settings import Settings, settings_and_complaints
from ingest.trial import reach, try_out
from models.finding import Finding, Level, fault, ok
from storage.connection import Connection, connect
from storage.errors import DatabaseUnusable, SchemaOutdated, StorageError, translated
from storage.health.clock import clock_finding
from storage.health.growth import growth_findings
from storage.health.ingest import ingest_findings
from storage.health.replica import replica_finding
from storage.health.server import (
    extension_findings,
    role_findings,
    server_findings,
    unreadable_finding,
)
from storage.health.tasks import task_findings
from storage.health.upkeep import upkeep_findings
from storage.schema import check_applied, check_database

_DATABASE_AREAS: Final = ("database", "clocks", "ingest", "tasks")


def findings(disk_free: int | None = None) -> Iterator[Finding]:
    """Yield everything found out about the installation that the environment describes.

    Args:
        disk_free: bytes on the database's disk, where it cannot be seen from here.
    """
    settings, complaints = settings_and_complaints()
    yield from (fault("settings.wrong", complaint=complaint) for complaint in complaints)
    # With a wrong value nobody knows what is meant; a name that is unknown leaves the others.
    if settings is not None:
        yield from findings_of(settings, disk_free)


def findings_of(settings: Settings, disk_free: int | None = None) -> Iterator[Finding]:
    """Yield everything found out about the installation that the settings describe."""
    yield from settings_findings(settings)
    database = list(_database(settings, disk_free))
    yield from _broker(
        settings, is_in_use=any(each.code == "ingest.connected" for each in database)
    )
    yield from sorted(database, key=lambda each: _DATABASE_AREAS.index(each.area))
    yield from _replica(settings)
    yield from monitoring_findings(settings)


def _database(settings: Settings, disk_free: int | None) -> Iterator[Finding]:
    url = settings.database_url.get_secret_value()
    try:
        with connect(url, "fleetgauge check", autocommit=True) as connection:
            yield ok("database.reachable", host=connection.info.host, name=connection.info.dbname)
            yield from server_findings(connection)
            yield clock_finding(connection, settings.max_skew)
            yield from _tables(connection, settings, disk_free)
    except DatabaseUnusable as error:
        yield fault("database.unusable", error=str(error))
    except SchemaOutdated as error:
        yield fault("database.schema_outdated", error=str(error))
    except StorageError as error:
        yield fault("database.failed", error=str(error))


def _tables(connection: Connection, settings: Settings, disk_free: int | None) -> Iterator[Finding]:
    if (unreadable := unreadable_finding(connection)) is not None:
        yield unreadable
        return
    with translated():
        check_database(connection)
        version = check_applied(connection).version
    yield ok("database.schema", version=version)
    compresses = bool(settings.retention.compressed)
    yield from extension_findings(connection, compresses=compresses)
    yield from role_findings(connection)
    yield from growth_findings(connection, disk_free)
    yield from upkeep_findings(connection)
    yield from ingest_findings(connection)
    yield from task_findings(connection)


def _replica(settings: Settings) -> Iterator[Finding]:
    if settings.read_database_url is None:
        return
    try:
        url = settings.reading_url
        with connect(url, "fleetgauge check", autocommit=True) as connection:
            host, name = connection.info.host, connection.info.dbname
            yield ok("replica.reachable", host=host, name=name)
            yield replica_finding(connection)
            with translated():
                check_applied(connection)
    except StorageError as error:
        yield fault("replica.failed", error=str(error))


def _broker(settings: Settings, *, is_in_use: bool) -> Iterator[Finding]:
    access = broker_access(settings)
    reached = list(reach(access))
    yield from reached
    if any(each.level is Level.FAULT for each in reached):
        return
    if is_in_use and access.url.username is not None:
        yield ok("broker.not_tried", account=access.url.username)
    else:
        yield from try_out(access)
