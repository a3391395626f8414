"""``fleetgauge migrate``."""

import typer

from fleetgauge.settings import load_settings
from storage.migrate import migrate as migrate_schema


def migrate() -> None:
    """Bring the database schema up to date; safe to run twice and from two places at once."""
    settings = load_settings()
    before, after = migrate_schema(settings.database_url.get_secret_value())
    if before == after:
        typer.echo(f"the schema is up to date (revision {after})")
    else:
        typer.echo(f"the schema went from revision {before or 'none'} to {after}")
