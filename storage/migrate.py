"""Bring the schema up to date."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from storage.connection import conninfo
from storage.errors import SchemaOutdated, translate

LOCK_KEY = 0x666C656574  # "fleet"
"""The advisory lock that makes two migrations at once take turns."""


def migrate(url: str) -> tuple[str | None, str]:
    """Apply what is missing and return the revisions before and after.

    Safe to run twice and from two places at once.

    Raises:
        StorageError: the database cannot be reached, or lets us create nothing.
    """
    try:
        with _connected(url) as connection:
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK_KEY})
            connection.commit()
            before = MigrationContext.configure(
                connection, opts={"version_table": "schema_version"}
            ).get_current_revision()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except DBAPIError as error:
        raise translate(error.orig if isinstance(error.orig, Exception) else error) from error
    return before, head()


def head() -> str:
    """Return the revision that this program needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("the package has lost its migrations")
    return revision


def check_schema(url: str) -> None:
    """Pass if the schema is the one this program needs.

    Raises:
        SchemaOutdated: it is not; the message says what to do.
        StorageError: the database cannot be reached.
    """
    try:
        with _connected(url) as connection:
            current = MigrationContext.configure(
                connection, opts={"version_table": "schema_version"}
            ).get_current_revision()
    except DBAPIError as error:
        raise translate(error.orig if isinstance(error.orig, Exception) else error) from error
    if current != head():
        found = f"at revision {current}" if current else "not there"
        raise SchemaOutdated(
            f"the database's schema is {found}, {head()} is needed: run `fleetgauge migrate`"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("storage") / "migrations"))
    return config


def _connected(url: str) -> Connection:
    parameters = conninfo_to_dict(conninfo(url, "fleetgauge migrate"))
    engine = create_engine("postgresql+psycopg://", connect_args=parameters, poolclass=NullPool)
    return engine.connect()
