"""The demo from start to end: start the parts, watch them, stop them in the right order."""

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.live import Live

from fleetgauge.broker_access import publishing_access
from fleetgauge.commands.database import database
from fleetgauge.commands.errors import CommandError
from fleetgauge.demo.fleet_list import load_registry
from fleetgauge.demo.observation import Observation, Observer
from fleetgauge.demo.parts import Part, Parts, all_parts
from fleetgauge.demo.servers import Servers
from fleetgauge.demo.view import View
from fleetgauge.settings import Settings
from metrics import catalogue
from reports.language import Language
from simulator.connection import Counts
from simulator.fleet import Fleet
from simulator.publisher import publish
from storage.engine import Engine, engine_of
from storage.migrate import migrate

_LOOK_SECONDS = 1.0
_LINE_SECONDS = 5.0
_CATCH_UP_SECONDS = 30.0
_RECORDED = catalogue.INGEST_MESSAGES_ACKNOWLEDGED.name


@dataclass(frozen=True)
class Plan:
    """What the user asked for."""

    scenario: str
    fleet: Fleet
    interval: timedelta
    seconds: float | None


class Display(Protocol):
    """Shows one observation after another."""

    def show(self, observation: Observation, per_second: float) -> None:
        """Show it."""


@dataclass(frozen=True)
class Outcome:
    """What the demo came to."""

    observation: Observation
    engine: Engine


def run(
    plan: Plan,
    settings: Settings,
    servers: Servers,
    stop: threading.Event,
    language: Language,
    *,
    quiet: bool,
) -> Outcome:
    """Run the demo until its seconds are over or `stop` is set.

    Raises:
        CommandError: a part does not start, or ends by itself.
        EmbeddedPartFailed: an embedded server ends by itself.
        StorageError: the database fails.
        CannotPublish: the broker does not permit the simulator to publish.
    """
    if not quiet:
        starting = language.text("starting with %(scenario)s …", scenario=plan.scenario)
        print(starting, file=sys.stderr, flush=True)
    view = View(f"fleetgauge demo: {plan.scenario}", settings, language)
    migrate(settings.database_url.get_secret_value())
    observer = Observer(settings)
    registered = observer.look().shares.groups.keys()
    with database(settings, "demo") as connection:
        engine = engine_of(connection)
        load_registry(connection, plan.scenario, plan.fleet, settings, registered)
    with (
        all_parts(settings, servers.folder, servers.environment) as parts,
        _display(view, parts, engine, quiet=quiet) as display,
    ):
        with ThreadPoolExecutor(1, "simulator") as pool:
            simulation = pool.submit(
                publish,
                publishing_access(settings, "simulator"),
                plan.fleet,
                plan.interval,
                plan.seconds,
                stop,
            )
            try:
                _watch(simulation, servers, parts, observer, display)
            finally:
                stop.set()
            published = simulation.result()
        _catch_up(parts.ingest, published)
        observation = observer.look()
        display.show(observation, 0)
    return Outcome(observation, engine)


def _watch(
    simulation: "Future[Counts]",
    servers: Servers,
    parts: Parts,
    observer: Observer,
    display: Display,
) -> None:
    seen, seen_at = 0, time.monotonic()
    while not simulation.done():
        servers.raise_if_failed()
        for part in parts:
            part.raise_if_failed()
        observation, now = observer.look(), time.monotonic()
        received = observation.reports["received"]
        display.show(observation, (received - seen) / max(now - seen_at, 0.001))
        seen, seen_at = received, now
        wait([simulation], _LOOK_SECONDS)


def _catch_up(ingest: Part, published: Counts) -> None:
    """Wait until the worker has recorded all that was published."""
    deadline = time.monotonic() + _CATCH_UP_SECONDS
    while (missing := published.acknowledged - ingest.value(_RECORDED)) > 0:
        ingest.raise_if_failed()
        if time.monotonic() > deadline:
            raise CommandError(f"{missing:,.0f} published messages have not been recorded")
        time.sleep(0.1)


@contextmanager
def _display(view: View, parts: Parts, engine: Engine, *, quiet: bool) -> Iterator[Display]:
    text = view.language.text
    addresses = [
        (text("page"), f"http://{parts.web.address}/"),
        (text("shares"), parts.metrics.url),
        (text("ingest"), parts.ingest.url),
        (text("broker"), str(view.settings.mqtt_url)),
        (text("database"), f"{engine.engine} {engine.version}"),
    ]
    if quiet or not sys.stdout.isatty():
        if not quiet:
            for name, address in addresses:
                print(f"{name}: {address}", flush=True)
        yield _Lines(view, quiet=quiet)
        return
    with Live(console=Console(), screen=False, auto_refresh=False) as live:
        yield _Screen(live, view, addresses)


class _Lines:
    def __init__(self, view: View, *, quiet: bool) -> None:
        self._view = view
        self._quiet = quiet
        self._next = 0.0

    def show(self, observation: Observation, per_second: float) -> None:
        if not self._quiet and time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_SECONDS
            print(self._view.line(observation, per_second), flush=True)


class _Screen:
    def __init__(self, live: Live, view: View, addresses: list[tuple[str, str]]) -> None:
        self._live = live
        self._view = view
        self._addresses = addresses

    def show(self, observation: Observation, per_second: float) -> None:
        columns = self._live.console.width
        drawn = self._view.screen(observation, per_second, self._addresses, columns)
        self._live.update(drawn, refresh=True)
