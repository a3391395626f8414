"""``fleetgauge ingest``."""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Annotated

import structlog
import typer
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest

from fleetgauge import logs
from fleetgauge.checking.service import is_alive
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.excess_rights import warn_of_excess_rights
from fleetgauge.ingest_service import ingest_service, retiring_service
from fleetgauge.service_manager import announced
from fleetgauge.setting_values import Address
from fleetgauge.settings import Settings, load_settings
from fleetgauge.upgrade_watch import UpgradeWatch
from fleetgauge.workers.numbered import check_split
from fleetgauge.workers.supervisor import Supervisor
from ingest.instruments import Instruments
from ingest.service import IngestService
from metrics import catalogue
from metrics.http import CannotListen, Check, HttpServer, service_routes
from metrics.merged import MergedMetrics
from storage.reader import problem_of
from storage.schema import check_schema

_CHECK_TIMEOUT = timedelta(seconds=3)


def ingest(
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that share the messages.")
    ] = 1,
    retire: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORKER",
            help="Store what the broker still holds for this worker (ingest-3, or a client id), "
            "end its session, and exit. For one that will not come back. Repeatable.",
        ),
    ] = None,
) -> None:
    """Record what the buses publish: from the broker into the database, nothing lost.

    SIGTERM or Ctrl-C ends it cleanly: what was received is committed and acknowledged first.

    Several workers share the messages, each with a client id of its own; one that dies is started
    again. Their metrics are added up in one place. Before you run fewer of them, or a single one
    again, retire the sessions of the others: the broker keeps queueing for them.
    """
    if retire and workers > 1:
        raise typer.BadParameter("--workers and --retire exclude each other.")
    settings = load_settings()
    logs.configure(settings)
    url = settings.database_url.get_secret_value()
    check_schema(url)
    warn_of_excess_rights(url, needed="fleetgauge_ingest")
    # A `_created` beside each counter would double the series; Prometheus does not use it.
    disable_created_metrics()
    try:
        if retire:
            for worker in retire:
                with retiring_service(settings, worker) as service:
                    _stop_on_signal(service)
                    service.run()
        elif workers == 1:
            _run_one(settings)
        else:
            _run_several(settings, workers)
    except CannotListen as error:
        raise CommandError(f"FLEETGAUGE_INGEST_ADDRESS: {error}") from error
    structlog.get_logger().info("stopped")


def _run_one(settings: Settings) -> None:
    registry = CollectorRegistry()
    service = ingest_service(settings, registry)
    _stop_on_signal(service)
    with (
        _server(settings, registry, lambda: service.broker_fault) as server,
        _upgrade_watch(settings, service.stop) as upgrade,
        _announced(server, lambda: service.started, upgrade),
    ):
        service.run()
    upgrade.begin_again_if_due()


def _stop_on_signal(service: IngestService) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())


def _run_several(settings: Settings, workers: int) -> None:
    check_split(settings, workers)
    registry, idle = CollectorRegistry(), CollectorRegistry()
    Instruments(idle)
    supervisor = Supervisor(workers)
    merged = MergedMetrics(generate_latest(idle).decode(), supervisor.numbers, supervisor.metrics)
    supervisor.on_end = merged.retire
    registry.register(merged)

    def broker_fault() -> str | None:
        connected = registry.get_sample_value(catalogue.INGEST_BROKER_CONNECTED.name)
        return None if connected else "not every worker is connected to the broker"

    with (
        stop_on_signal() as stop,
        _server(settings, registry, broker_fault) as server,
        _upgrade_watch(settings, stop.set) as upgrade,
        _announced(server, lambda: broker_fault() is None, upgrade),
    ):
        supervisor.run(stop)
    upgrade.begin_again_if_due()


def _upgrade_watch(settings: Settings, stop: Callable[[], None]) -> UpgradeWatch:
    return UpgradeWatch(settings.database_url.get_secret_value(), stop)


def _announced(
    server: HttpServer, is_ready: Callable[[], bool], upgrade: UpgradeWatch
) -> AbstractContextManager[None]:
    address = Address(server.host, server.port)
    return announced(is_ready, is_alive=lambda: is_alive(address), goes_on=lambda: upgrade.is_due)


def _server(settings: Settings, registry: CollectorRegistry, broker_fault: Check) -> HttpServer:
    url = settings.database_url.get_secret_value()
    checks = {"broker": broker_fault, "database": lambda: problem_of(url, _CHECK_TIMEOUT)}
    return HttpServer(*settings.ingest_address, service_routes(registry, checks))
