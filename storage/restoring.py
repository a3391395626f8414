"""A database that is made again from a dump: what has to be done before and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from psycopg.errors import InsufficientPrivilege

from storage.connection import connect
from storage.errors import DatabaseUnusable, translated
from storage.migrate import migrate
from storage.retention.due import POSITIONS
from storage.retention.throw_away import move_horizon
from storage.schema import check_database
from storage.sql import queries


class Restored(NamedTuple):
    """What is there after it."""

    vehicles: int
    days: int
    """Of all vehicles."""
    with_positions: bool
    schema: str
    missing_roles: tuple[str, ...]
    """Those of docs/security.md that are not there, and that we may not make."""


@contextmanager
def prepared(url: str, with_timescaledb: bool) -> Iterator[None]:
    """Make an empty database ready to be restored into while the context lasts.

    Args:
        url: the database's.
        with_timescaledb: whether the dump is of a database with TimescaleDB.

    Raises:
        DatabaseUnusable: it is not empty, or lacks what the dump needs.
        StorageError: it cannot be reached, or our role may not.
    """
    sql = queries("upkeep")
    with translated(), connect(url, "fleetgauge restore", autocommit=True) as connection:
        check_database(connection)
        (tables,) = connection.execute(sql["tables"]).fetchone() or (0,)
        if tables:
            raise DatabaseUnusable(
                f"the database {connection.info.dbname} is not empty ({tables} tables): create a "
                "new one and name it in FLEETGAUGE_DATABASE_URL"
            )
        if not with_timescaledb:
            yield
            return
        if connection.execute(sql["offers_timescaledb"]).fetchone() is None:
            raise DatabaseUnusable(
                "the backup is of a database with TimescaleDB, which this server does not have"
            )
        connection.execute(sql["create_timescaledb"])
        connection.execute(sql["find_timescaledb"])
        try:
            connection.execute(sql["before_restore"])
        except InsufficientPrivilege as error:
            raise DatabaseUnusable(
                f"the role {connection.info.user} may not restore what TimescaleDB keeps: name a "
                "superuser in FLEETGAUGE_DATABASE_URL; what is restored will belong to the owner "
                "of the database"
            ) from error
    try:
        yield
    finally:
        with translated(), connect(url, "fleetgauge restore", autocommit=True) as connection:
            connection.execute(sql["find_timescaledb"])
            connection.execute(sql["after_restore"])


def finish(url: str, with_positions: bool) -> Restored:
    """Bring what was restored up to date, and say what it is.

    Args:
        url: the database's.
        with_positions: False: figures of moments before now cannot be answered.

    Raises:
        StorageError: it cannot be reached, or its schema is not one of ours.
    """
    migrated = migrate(url)
    sql = queries("upkeep")
    with translated(), connect(url, "fleetgauge restore", autocommit=True) as connection:
        if not with_positions:
            move_horizon(connection, POSITIONS, datetime.now(UTC))
        connection.execute("analyze")
        connection.execute(sql["hand_over"])
        vehicles, days = connection.execute(sql["restored"]).fetchone() or (0, 0)
    return Restored(vehicles, days, with_positions, migrated.after, migrated.missing_roles)
