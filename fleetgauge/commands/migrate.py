"""``fleetgauge migrate``."""

import typer

from fleetgauge.settings import load_settings
from storage.migrate import migrate as migrate_schema


def migrate() -> None:
    """Bring the database schema up to date; safe to run twice and from two places at once."""
    settings = load_settings()
    migrated = migrate_schema(settings.database_url.get_secret_value())
    if migrated.before != migrated.after:
        was = migrated.before or "none"
        typer.echo(f"the schema went from version {was} to {migrated.after}")
    elif migrated.applied:
        typer.echo(f"the schema is version {migrated.after}; its functions were updated")
    else:
        typer.echo(f"the schema is up to date (version {migrated.after})")
    if migrated.missing_roles:
        typer.echo(
            f"no right to create the roles {', '.join(migrated.missing_roles)}: "
            "docs/security.md, without the right to make roles",
            err=True,
        )
