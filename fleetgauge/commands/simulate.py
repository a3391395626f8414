"""``fleetgauge simulate``."""

import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from fleetgauge import logs
from fleetgauge.broker_access import publishing_access
from fleetgauge.commands.numbers import positive
from fleetgauge.commands.printing import opened, print_json
from fleetgauge.commands.progress import progress
from fleetgauge.commands.publishing import as_document, summary, under_way
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.settings import load_settings
from simulator.fleet import Fleet
from simulator.publisher import Progress, publish
from simulator.registry_csv import write_registry
from simulator.scaling import scaled
from simulator.scenario import Scenario, load_scenario, scenario_names

DEFAULT_SCENARIO = "ivanovo-2024"


def simulate(
    scenario: Annotated[
        str, typer.Option(help="A name from --list, or a .toml file.")
    ] = DEFAULT_SCENARIO,
    vehicles: Annotated[
        int | None, typer.Option(help="Scale the fleet to this number, shares kept.", min=1)
    ] = None,
    interval: Annotated[
        float,
        typer.Option(help="Seconds between two reports of a bus.", max=86_400, callback=positive),
    ] = 10.0,
    seconds: Annotated[
        float | None,
        typer.Option(help="End after this many seconds (default: at Ctrl-C).", callback=positive),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Decides which buses fail (default: the scenario's).")
    ] = None,
    list_scenarios: Annotated[
        bool, typer.Option("--list", help="List the scenarios and publish nothing.")
    ] = False,
    registry: Annotated[
        Path | None,
        typer.Option(
            "--write-registry",
            "--registry",
            metavar="FILE",
            help="Write the fleet list as CSV for `fleetgauge registry import` (-: stdout) "
            "and publish nothing.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a line.")
    ] = False,
) -> None:
    """Publish what a simulated fleet sends, to the broker of FLEETGAUGE_MQTT_URL."""
    if as_json and registry == Path("-"):
        raise typer.BadParameter("--json and `--write-registry -` would both print to stdout.")
    if list_scenarios:
        _list(as_json)
    elif registry is not None:
        _write(_fleet(scenario, vehicles, seed), registry, as_json)
    else:
        _run(scenario, _fleet(scenario, vehicles, seed), interval, seconds, as_json)


def _fleet(name: str, vehicles: int | None, seed: int | None) -> Fleet:
    scenario = load_scenario(name)
    return Fleet.build(scenario if vehicles is None else scaled(scenario, vehicles), seed)


def _list(as_json: bool) -> None:
    scenarios = {name: _figures(load_scenario(name)) for name in scenario_names()}
    if as_json:
        print_json([{"name": name, **figures} for name, figures in scenarios.items()])
        return
    width = max(map(len, scenarios))
    for name, figures in scenarios.items():
        parts = ", ".join(f"{count:,} {what}" for what, count in figures.items())
        typer.echo(f"{name:{width}}  {parts}")


def _figures(scenario: Scenario) -> dict[str, int]:
    return {
        "vehicles": scenario.vehicles,
        "trackable": scenario.trackable,
        "cctv": scenario.equipment.cctv.fitted,
        "cashless": scenario.equipment.cashless.fitted,
        "unregistered": scenario.unregistered,
    }


def _write(fleet: Fleet, path: Path, as_json: bool) -> None:
    entries = fleet.registry()
    with opened(path) as file:
        write_registry(entries, file)
    if as_json:
        print_json({"registry": str(path), "vehicles": len(entries)})
    elif file is not sys.stdout:
        typer.echo(f"{len(entries):,} vehicles written to {path}")


def _run(
    scenario: str, fleet: Fleet, interval: float, seconds: float | None, as_json: bool
) -> None:
    settings = load_settings()
    logs.configure(settings, sys.stderr)
    began = time.monotonic()
    with stop_on_signal() as stop, progress(seconds) as show:
        counts = publish(
            publishing_access(settings, "simulator"),
            fleet,
            timedelta(seconds=interval),
            seconds,
            stop,
            lambda now: show(now.elapsed_seconds, _progress_text(now)),
        )
    elapsed = time.monotonic() - began
    vehicles = fleet.expected().vehicles
    if as_json:
        document: dict[str, Any] = {"scenario": scenario, "vehicles": vehicles}
        document |= {"seconds": round(elapsed, 1)} | as_document(counts)
        print_json(document)
    else:
        typer.echo(f"{scenario}: {vehicles:,} vehicles, {elapsed:.1f} s, {summary(counts)}")


def _progress_text(now: Progress) -> str:
    behind = f", {now.behind_seconds:.1f} s behind" if now.behind_seconds > 1 else ""
    return f"{now.elapsed_seconds:.0f} s: {under_way(now.counts)}{behind}"
