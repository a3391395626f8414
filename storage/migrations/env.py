"""Alembic's entry: runs the migrations on the connection that ``storage.migrate`` hands over."""

from alembic import context

from storage.schema import VERSION_TABLE


def _run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, version_table=VERSION_TABLE)
    with context.begin_transaction():
        context.run_migrations()


_run()
