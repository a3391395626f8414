"""``fleetgauge vehicle``."""

from datetime import timedelta
from typing import Annotated

import typer

from fleetgauge.commands.database import database_snapshot
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.moment import DEFAULT_WINDOW, Window
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.registry_editing import Vehicle
from fleetgauge.settings import load_settings
from models.legible import plain
from models.vehicle import VehicleId
from reports.documents import VehicleDocument
from reports.tables import show
from reports.vehicle_document import vehicle_document
from reports.vehicle_terminal import vehicle_terminal
from storage.connection import Connection
from storage.replica import known_now
from storage.shares.fleet import fleet_now
from storage.shares.vehicle import vehicle_facts
from storage.writing.keys import known_kinds

_MOST_HOURS = 31 * 24


def vehicle(
    vehicle: Vehicle,
    hours: Annotated[
        float, typer.Option(min=0.1, max=_MOST_HOURS, help="How far back to look.")
    ] = 6,
    window: Window = DEFAULT_WINDOW,  # type: ignore[assignment]  # typer parses it
    as_json: AsJson = False,
    language: LanguageOption = None,
) -> None:
    """Show one vehicle: its state and why, what it sent of late, its equipment, its history.

    Beside the state stand the gaps without a position, the rejected messages with their reasons,
    and everything the fleet list ever said of it.
    """
    settings = load_settings()
    with database_snapshot(settings, "figures") as connection:
        document = _found(connection, vehicle, timedelta(hours=hours), window)
    if as_json:
        print_json(document)
    else:
        show(vehicle_terminal(document, chosen_language(language)))


def _found(
    connection: Connection, vehicle: VehicleId, period: timedelta, window: timedelta
) -> VehicleDocument:
    until = known_now(connection)
    facts = vehicle_facts(connection, vehicle, until - period, until)
    if facts is None:
        raise CommandError(f"{plain(str(vehicle))} is not known: neither registered nor heard")
    fleet = fleet_now(connection, until, [window], known_kinds(connection), window)
    now = fleet.by_id.get((vehicle.operator_id, vehicle.vehicle_id))
    return vehicle_document(facts, now, until - period, until, window)
