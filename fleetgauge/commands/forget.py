"""``fleetgauge forget``: a vehicle's positions, rejected messages and plate are removed."""

from typing import Annotated

import typer

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.registry_editing import Vehicle
from fleetgauge.settings import load_settings
from models.legible import plain
from storage.forgetting import forget as forget_vehicle


def forget(
    vehicle: Vehicle,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Remove a vehicle's positions, rejected messages and number plate, for good.

    Its days and whatever was counted stay, so no KPI of the past changes; it stays in the fleet
    list, without its plate in all of the list's history. `fleetgauge archive forget` takes it out
    of the archive's files; copies in backups, exports and reports that were made before are not
    reached. A vehicle that keeps reporting is stored again.
    """
    name = plain(str(vehicle))
    if not yes:
        typer.confirm(
            f"Remove all positions, rejected messages and the plate of {name}?", abort=True
        )
    with database(load_settings(), "forget") as connection:
        done = forget_vehicle(connection, vehicle, changed_by=author or system_user())
    if as_json:
        print_json(done._asdict())
        return
    typer.echo(
        f"{name}: {done.positions:,} positions, {done.rejected_messages:,} rejected messages and "
        f"{done.plates:,} plates were removed"
    )
    if done.archived_files:
        typer.echo(
            f"{done.archived_files:,} files of the archive may still hold positions of it: "
            "`fleetgauge archive forget` removes them",
            err=True,
        )
