"""``fleetgauge demo``."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge import logs
from fleetgauge.checking.run import findings_of
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.language import chosen_language
from fleetgauge.commands.printing import print_json
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.demo.run import Plan, run
from fleetgauge.demo.servers import servers
from fleetgauge.demo.view import farewell
from fleetgauge.settings import Settings, load_settings
from models.errors import FleetgaugeError
from models.finding import Level
from models.indicator import DISPATCHER_WINDOW
from reports.check_terminal import check_terminal
from reports.language import Language
from reports.share_document import share_document
from reports.tables import show
from simulator.fleet import Fleet
from simulator.scaling import scaled
from simulator.scenario import load_scenario


def demo(
    scenario: Annotated[
        str, typer.Option(help="The simulated fleet; `fleetgauge simulate --list` names them.")
    ] = "ivanovo-2024",
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End after this many seconds (default: at Ctrl-C).")
    ] = None,
    vehicles: Annotated[
        int | None, typer.Option(min=1, help="Scale the fleet to this number, shares kept.")
    ] = None,
    interval: Annotated[
        float, typer.Option(min=0.5, max=3600, help="Seconds between two reports of a bus.")
    ] = 10.0,
    seed: Annotated[
        int | None, typer.Option(help="Decides which buses fail (default: the scenario's).")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Keep the embedded servers' data in this folder (default: deleted at the end)."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document at the end and nothing else.")
    ] = False,
) -> None:
    """Run everything in one go and show the shares live.

    On an embedded broker and database (the extra `demo`), or on those that FLEETGAUGE_MQTT_URL and
    FLEETGAUGE_DATABASE_URL name. Ctrl-C stops everything.
    """
    plan = _plan(scenario, vehicles, seed, interval, seconds)
    with stop_on_signal() as stop, servers(data) as where:
        settings = load_settings(**where.settings)
        language = chosen_language(settings.language)
        logs.configure(settings, sys.stderr)
        try:
            outcome = run(plan, settings, where, stop, language, quiet=as_json)
        except FleetgaugeError:
            _show_what_is_wrong(settings, language)
            raise
    if as_json:
        observation = outcome.observation
        print_json(
            {
                **share_document(
                    observation.shares, DISPATCHER_WINDOW, None, settings.min_group_size
                ),
                "reports": dict(observation.reports),
                "database": outcome.engine._asdict(),
            }
        )
    elif where.embedded:
        typer.echo(farewell(language, data))
    if not outcome.observation.reports_add_up:
        raise CommandError("the reports do not add up")


def _show_what_is_wrong(settings: Settings, language: Language) -> None:
    # As `fleetgauge check` tells it, while the servers are still there.
    wrong = [each for each in findings_of(settings) if each.level is not Level.OK]
    show(check_terminal(wrong, language), sys.stderr)


def _plan(
    scenario: str, vehicles: int | None, seed: int | None, interval: float, seconds: float | None
) -> Plan:
    if seconds is not None and seconds < interval:
        raise typer.BadParameter(
            f"in {seconds:g} s not every bus reports: they do so every {interval:g} s",
            param_hint="--seconds",
        )
    loaded = load_scenario(scenario)
    if vehicles is not None:
        loaded = scaled(loaded, vehicles)
    return Plan(scenario, Fleet.build(loaded, seed), timedelta(seconds=interval), seconds)
