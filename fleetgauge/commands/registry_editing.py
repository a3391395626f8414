"""``fleetgauge registry set``, ``end``, ``undo`` and ``match``: single vehicles and changes."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.dates import parse_change_day
from fleetgauge.commands.dry_run import AsCsv, DryRun, Look
from fleetgauge.commands.past_reports import Yes, altered_document, confirm_past
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.registry_differences import difference_document, write_differences
from fleetgauge.commands.registry_tables import show_import, tabulate_differences
from fleetgauge.settings import Settings, load_settings
from models.legible import plain
from models.registry import COLUMNS, BadEntry, entry_of, is_column
from models.vehicle import VehicleId, is_identifier
from storage.connection import Connection
from storage.registry import editing
from storage.registry.alterations import Alteration
from storage.registry.editing import Fields, end_service, set_fields
from storage.registry.file import Reading
from storage.registry.importing import ImportReport
from storage.writing.keys import learn_kinds


def _vehicle(text: str) -> VehicleId:
    operator_id, _, vehicle_id = text.partition("/")
    if not (is_identifier(operator_id) and is_identifier(vehicle_id)):
        raise typer.BadParameter(f"expected OPERATOR/VEHICLE, got {text!r}.")
    return VehicleId(operator_id, vehicle_id)


Vehicle = Annotated[VehicleId, typer.Argument(parser=_vehicle, metavar="OPERATOR/VEHICLE")]


def set_(
    vehicle: Vehicle,
    fields: Annotated[
        list[str],
        typer.Argument(metavar="COLUMN=VALUE", help="Nothing after =: nothing is known of it."),
    ],
    since: Annotated[
        date | None,
        typer.Option(
            "--from",
            parser=parse_change_day,
            metavar="DATE",
            help="The first day on which they hold (default: today).",
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    author: Author = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Set the plate, attributes or declared equipment of a vehicle, from a day on."""
    settings = load_settings()
    Look(dry_run, as_json, as_csv).check()
    with database(settings, "registry set") as connection:
        kinds = learn_kinds(connection, settings.equipment).names
        change = partial(
            set_fields,
            connection,
            vehicle,
            _fields(vehicle, fields, Reading(kinds)),
            since=since or _today(settings),
            changed_by=author or system_user(),
        )
        altered, report = _changed(connection, change, dry_run=dry_run, yes=yes)
    _show(vehicle, report, altered, as_json=as_json, as_csv=as_csv)


def end(
    vehicle: Vehicle,
    last_day: Annotated[
        date | None,
        typer.Option(
            "--on",
            parser=parse_change_day,
            metavar="DATE",
            help="The last day in service (default: yesterday).",
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    author: Author = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """End a vehicle's service."""
    settings = load_settings()
    Look(dry_run, as_json, as_csv).check()
    with database(settings, "registry end") as connection:
        change = partial(
            end_service,
            connection,
            vehicle,
            last_day=last_day or _today(settings) - timedelta(days=1),
            changed_by=author or system_user(),
        )
        altered, report = _changed(connection, change, dry_run=dry_run, yes=yes)
    _show(vehicle, report, altered, as_json=as_json, as_csv=as_csv)


def undo(
    change: Annotated[int, typer.Argument(metavar="CHANGE", help="Its number; see changes.")],
    dry_run: DryRun = False,
    yes: Yes = False,
    author: Author = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Take a change back, by a change that restores what was there before it."""
    look = Look(dry_run, as_json, as_csv)
    look.check()
    with database(load_settings(), "registry undo") as connection:
        make = partial(editing.undo, connection, change, changed_by=author or system_user())
        seen = look.confirmed(connection, make, yes=yes)
        made = None if dry_run else make()
    number = made and made.change_id
    words = f"change {change} is undone by change {number}"
    content = {"undone": change, "change_id": number}
    look.show(content, seen, [words if made else f"change {change} can be undone"])


def match(
    unregistered: Annotated[
        VehicleId,
        typer.Argument(parser=_vehicle, metavar="UNREGISTERED", help="OPERATOR/VEHICLE, inbox."),
    ],
    registered: Annotated[
        VehicleId,
        typer.Argument(parser=_vehicle, metavar="REGISTERED", help="OPERATOR/VEHICLE, fleet."),
    ],
    dry_run: DryRun = False,
    yes: Yes = False,
    author: Author = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Register a vehicle of the inbox in place of one that the registry spells otherwise.

    All its days in service go with it. Correct the list, too: the next import goes by that.
    """
    look = Look(dry_run, as_json, as_csv)
    look.check()
    with database(load_settings(), "registry match") as connection:
        make = partial(
            editing.match,
            connection,
            unregistered,
            registered,
            changed_by=author or system_user(),
        )
        seen = look.confirmed(connection, make, yes=yes)
        if not dry_run:
            make()
    names = (plain(str(unregistered)), plain(str(registered)))
    words = (
        "{} would be registered in place of {}" if dry_run else "{} is registered in place of {}"
    )
    content = {**unregistered._asdict(), "in_place_of": registered._asdict()}
    look.show(content, seen, [words.format(*names)])


def _changed(
    connection: Connection, change: Callable[..., ImportReport], *, dry_run: bool, yes: bool
) -> tuple[Sequence[Alteration], ImportReport]:
    altered = confirm_past(connection, change, yes=yes or dry_run)
    return altered, change(dry_run=dry_run)


def _show(
    vehicle: VehicleId,
    report: ImportReport,
    altered: Sequence[Alteration],
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    if as_json:
        print_json(
            {
                **vehicle._asdict(),
                "entered_at": report.entered_at,
                "dry_run": report.dry_run,
                "differences": [difference_document(each) for each in report.differences],
                "alterations": altered_document(altered),
            }
        )
    elif as_csv:
        write_differences(report.differences)
    else:
        show_import(plain(str(vehicle)), report)
        tabulate_differences(report.differences)


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.time_zone)).date()


def _fields(vehicle: VehicleId, texts: Iterable[str], reading: Reading) -> Fields:
    line: dict[str, str] = {}
    for text in texts:
        title, equals, value = text.partition("=")
        name = reading.vocabulary().column(title) or title.strip()
        if not equals or not is_column(name) or name in set(COLUMNS) - {"plate"}:
            raise typer.BadParameter(
                f"expected plate, an attribute or a kind of equipment, = and a value, got {text!r}."
            )
        line[name] = value
    try:
        entry = entry_of({**line, **vehicle._asdict()}, reading.kinds, set(vehicle))
    except BadEntry as error:
        raise typer.BadParameter(f"{error}.") from error
    return Fields(frozenset(line), entry)
