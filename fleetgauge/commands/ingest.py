"""``fleetgauge ingest``."""

import signal
from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, disable_created_metrics

from fleetgauge import logs
from fleetgauge.broker_access import broker_access
from fleetgauge.commands.errors import CommandError
from fleetgauge.settings import Settings, load_settings
from ingest.errors import IngestError
from ingest.instruments import Instruments
from ingest.service import BatchLimits, IngestService
from metrics.http import CannotListen, HttpServer, service_routes
from storage.migrate import check_schema
from storage.reader import problem_of
from storage.writer import Writer

_CHECK_TIMEOUT = timedelta(seconds=3)


def ingest() -> None:
    """Record what the buses publish: from the broker into the database, nothing lost.

    SIGTERM or Ctrl-C ends it cleanly: what was received is committed and acknowledged first.
    """
    settings = load_settings()
    logs.configure(settings)
    check_schema(settings.database_url.get_secret_value())
    # A `_created` beside each counter would double the series; Prometheus makes no use of it.
    disable_created_metrics()
    registry = CollectorRegistry()
    service = _service(settings, registry)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    try:
        with _server(settings, registry, service):
            service.run()
    except CannotListen as error:
        raise CommandError(f"FLEETGAUGE_INGEST_ADDRESS: {error}") from error
    except IngestError as error:
        raise CommandError(str(error)) from error
    structlog.get_logger().info("stopped")


def _service(settings: Settings, registry: CollectorRegistry) -> IngestService:
    writer = Writer(
        settings.database_url.get_secret_value(),
        settings.worker,
        settings.time_zone,
        settings.rejected_kept_per_hour,
    )
    limits = BatchLimits(settings.batch_size, settings.batch_age)
    access = broker_access(settings)
    return IngestService(access, writer, settings.rules, limits, Instruments(registry))


def _server(settings: Settings, registry: CollectorRegistry, service: IngestService) -> HttpServer:
    url = settings.database_url.get_secret_value()
    checks = {
        "broker": lambda: service.broker_fault,
        "database": lambda: problem_of(url, _CHECK_TIMEOUT),
    }
    return HttpServer(*settings.ingest_address, service_routes(registry, checks))
