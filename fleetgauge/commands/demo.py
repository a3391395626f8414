"""``fleetgauge demo``."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge import logs
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import print_json
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.demo.run import Outcome, Plan, run
from fleetgauge.demo.servers import servers
from fleetgauge.embedded.failure import EmbeddedPartFailed
from fleetgauge.settings import load_settings
from models.indicator import DISPATCHER_WINDOW
from reports.share_document import share_document
from simulator.fleet import Fleet
from simulator.publisher import BrokerUnreachable
from simulator.scenario import ScenarioError, load_scenario


def demo(
    scenario: Annotated[
        str, typer.Option(help="Which fleet; `fleetgauge simulate --list` names them.")
    ] = "ivanovo-2024",
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End by itself after so many seconds.")
    ] = None,
    vehicles: Annotated[
        int | None, typer.Option(min=1, help="Another size of the fleet, in proportion.")
    ] = None,
    interval: Annotated[
        float, typer.Option(min=0.5, max=3600, help="Seconds between two reports of a bus.")
    ] = 10.0,
    seed: Annotated[int | None, typer.Option(help="Another draw of which bus fails.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Keep the embedded servers' data in this folder; else they are dropped."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document at the end, nothing else.")
    ] = False,
) -> None:
    """Run everything in one go and show the shares live.

    On an embedded broker and database, or on those that FLEETGAUGE_MQTT_URL and
    FLEETGAUGE_DATABASE_URL name. Ctrl-C ends all that was started.
    """
    try:
        plan = _plan(scenario, vehicles, seed, interval, seconds)
        with stop_on_signal() as stop, servers(data) as where:
            settings = load_settings(**where.settings)
            logs.configure(settings, sys.stderr)
            outcome = run(plan, settings, where, stop, quiet=as_json)
    except (ScenarioError, EmbeddedPartFailed, BrokerUnreachable, OSError) as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json(_document(outcome, settings.min_group_size))
    elif where.embedded:
        kept = f"are kept in {data}" if data else "were dropped; --data FOLDER keeps them"
        typer.echo(f"ended; the embedded servers' data {kept}")
    if not outcome.observation.reports_add_up:
        raise CommandError("the reports do not add up")


def _plan(
    scenario: str, vehicles: int | None, seed: int | None, interval: float, seconds: float | None
) -> Plan:
    if seconds is not None and seconds < interval:
        raise typer.BadParameter(
            f"in {seconds:g} s not every bus reports: the interval is {interval:g} s",
            param_hint="--seconds",
        )
    loaded = load_scenario(scenario)
    if vehicles is not None:
        loaded = loaded.scaled(vehicles)
    return Plan(scenario, Fleet.build(loaded, seed), timedelta(seconds=interval), seconds)


def _document(outcome: Outcome, min_group_size: int) -> dict[str, object]:
    observation = outcome.observation
    return {
        **share_document(observation.shares, DISPATCHER_WINDOW, None, min_group_size),
        "reports": dict(observation.reports),
        "database": outcome.engine._asdict(),
    }
