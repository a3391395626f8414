"""``fleetgauge registry inbox``, ``accept``, ``dismiss``: who publishes and is not registered."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, NamedTuple

import typer

from fleetgauge.commands.author import Author, parse_name, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.dates import parse_change_day
from fleetgauge.commands.dry_run import AsCsv, DryRun, Look
from fleetgauge.commands.local_times import LocalTimes
from fleetgauge.commands.past_reports import Yes
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.registry_tables import tabulate_dismissed, tabulate_inbox, vehicles
from fleetgauge.settings import load_settings
from models.legible import plain
from models.vehicle import VehicleId, is_identifier
from storage.registry import inbox as registry_inbox
from storage.registry.inbox import Dismissed, UnregisteredVehicle
from storage.registry.lookalikes import look_alikes

COMMAND = "registry"


class Whom(NamedTuple):
    """One vehicle, or all of an operator."""

    operator_id: str
    vehicle_id: str | None


def _whom(text: str) -> Whom:
    operator_id, slash, vehicle_id = text.partition("/")
    if not is_identifier(operator_id) or (slash and not is_identifier(vehicle_id)):
        raise typer.BadParameter(f"expected OPERATOR/VEHICLE or OPERATOR, got {text!r}.")
    return Whom(operator_id, vehicle_id or None)


Vehicles = Annotated[
    Whom,
    typer.Argument(
        parser=_whom,
        metavar="OPERATOR/VEHICLE|OPERATOR",
        help="One vehicle, or all of an operator.",
    ),
]


def inbox(
    operator: Annotated[str | None, typer.Option(help="Only this operator's.")] = None,
    only_dismissed: Annotated[
        bool, typer.Option("--dismissed", help="Those that were dismissed, instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the vehicles that publish and are not registered: they count in no share.

    One whose name looks like that of a vehicle of the fleet is most likely that vehicle: a letter
    is Cyrillic in one and Latin in the other, or a leading zero is missing.
    """
    if only_dismissed:
        _list_dismissed(operator, as_json=as_json)
        return
    now = datetime.now(UTC)
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        found = registry_inbox.inbox(connection, now, operator)
        alike = dict(look_alikes(connection, now))
        times = LocalTimes.of(connection, settings.time_zone)
    if as_json:
        print_json([_unregistered_document(each, alike.get(each.vehicle)) for each in found])
    else:
        tabulate_inbox(found, alike, times)


def accept(
    whom: Vehicles,
    since: Annotated[
        date | None,
        typer.Option(
            "--from",
            parser=parse_change_day,
            metavar="DATE",
            help="The first day in service (default: the day of its first contact).",
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    author: Author = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Take vehicles of the inbox into the registry."""
    look = Look(dry_run, as_json, as_csv)
    look.check()
    with database(load_settings(), COMMAND) as connection:
        make = partial(
            registry_inbox.accept,
            connection,
            *whom,
            changed_by=author or system_user(),
            since=since,
        )
        seen = look.confirmed(connection, make, yes=yes)
        accepted = [] if dry_run else make()
    days = [{**vehicle._asdict(), "in_service_from": day} for vehicle, day in accepted]
    words = [f"{plain(str(vehicle))} is in service from {day}" for vehicle, day in accepted]
    if dry_run:
        words = [f"{vehicles(len(seen.vehicles))} would be accepted"]
    look.show({"accepted": days}, seen, words)


def dismiss(
    whom: Vehicles,
    reason: Annotated[
        str | None,
        typer.Option(parser=parse_name, metavar="TEXT", help="Why: a test device, another region."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Put them back into the inbox.")] = False,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Take vehicles out of the inbox without registering them; they count as unregistered no more.

    Who dismissed them when stays on record: `registry inbox --dismissed`.
    """
    who = author or system_user()
    with database(load_settings(), COMMAND) as connection:
        if undo:
            changed = registry_inbox.take_back(connection, *whom, taken_by=who)
        else:
            changed = registry_inbox.dismiss(connection, *whom, dismissed_by=who, reason=reason)
    if as_json:
        print_json([vehicle._asdict() for vehicle in changed])
        return
    for vehicle in changed:
        typer.echo(f"{plain(str(vehicle))} is {'dismissed no more' if undo else 'dismissed'}")


def _list_dismissed(operator: str | None, *, as_json: bool) -> None:
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        found = registry_inbox.dismissed(connection, operator)
        times = LocalTimes.of(connection, settings.time_zone)
    if as_json:
        print_json([_dismissed_document(each) for each in found])
    else:
        tabulate_dismissed(found, times)


def _unregistered_document(
    unregistered: UnregisteredVehicle, alike: VehicleId | None
) -> dict[str, object]:
    values = unregistered._asdict()
    looks_like = alike and alike._asdict()
    return {**values.pop("vehicle")._asdict(), **values, "looks_like": looks_like}


def _dismissed_document(dismissed: Dismissed) -> dict[str, object]:
    values = dismissed._asdict()
    return {**values.pop("vehicle")._asdict(), **values}
