"""Bring the schema up to date."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from storage.connection import conninfo
from storage.errors import translate
from storage.schema import VERSION_TABLE, head

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
                connection, opts={"version_table": VERSION_TABLE}
            ).get_current_revision()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except DBAPIError as error:
        raise translate(error.orig if isinstance(error.orig, Exception) else error) from error
    return before, head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("storage") / "migrations"))
    return config


def _connected(url: str) -> Connection:
    parameters = conninfo_to_dict(conninfo(url, "fleetgauge migrate"))
    engine = create_engine("postgresql+psycopg://", connect_args=parameters, poolclass=NullPool)
    return engine.connect()
