"""``fleetgauge migrate``."""

import time
from typing import Annotated, Final

import typer

from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.settings import load_settings
from storage.migrate import Migrated, Status, finish
from storage.migrate import migrate as migrate_schema
from storage.migrate import status as status_of

_PATIENCE_S: Final = 30.0
"""Services that can begin again by themselves have done so by then."""
_LOOK_S: Final = 0.5


def migrate(
    show_status: Annotated[
        bool, typer.Option("--status", help="Say what would be done, and do nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the database schema up to date; safe to run twice and from two places at once.

    Services may go on running: at first only what they tolerate is done. They begin again by
    themselves where the new version is installed in the place of the old one; then what only the
    old one used is removed. If that takes longer, the next run removes it.
    """
    url = load_settings().database_url.get_secret_value()
    if show_status:
        _show(status_of(url), as_json=as_json)
        return
    if as_json:
        raise typer.BadParameter("--json goes with --status.")
    _tell(migrate_schema(url))
    _finish(url)


def _tell(migrated: Migrated) -> None:
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


def _finish(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while (found := status_of(url)).obsolete and found.older_services:
        if time.monotonic() > deadline:
            typer.echo(
                f"services of another version still run ({found.older_services}): restart them, "
                f"then run this again to remove what only they use ({', '.join(found.obsolete)})",
                err=True,
            )
            return
        time.sleep(_LOOK_S)
    if removed := finish(url):
        typer.echo(f"removed what only the version before used: {', '.join(removed)}")


def _show(status: Status, *, as_json: bool) -> None:
    if as_json:
        print_json(status._asdict() | {"is_up_to_date": status.is_up_to_date})
        return
    typer.echo(f"schema: version {status.version or 'none'}; this program needs {status.needed}")
    for what, names in (
        ("versions to apply", status.missing),
        ("versions of a newer program", status.unknown),
        ("functions and views to replace", status.changed),
        ("to remove once no service of another version runs", status.obsolete),
    ):
        if names:
            typer.echo(f"{what}: {', '.join(names)}")
    if status.older_services:
        typer.echo(f"services of another version: {status.older_services}")
    if status.is_up_to_date:
        typer.echo("nothing to do")
