"""``fleetgauge metrics``."""

from collections.abc import Container
from contextlib import AbstractContextManager, nullcontext
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry

from fleetgauge import logs
from fleetgauge.broker_access import publishing_access
from fleetgauge.checking.service import is_alive
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.excess_rights import warn_of_excess_rights
from fleetgauge.feeds import moved_feeds
from fleetgauge.service_manager import announced
from fleetgauge.setting_values import Address
from fleetgauge.settings import Settings, load_settings
from fleetgauge.upgrade_watch import UpgradeWatch
from metrics.broker_errors import BrokerErrors
from metrics.broker_log import BrokerLog
from metrics.broker_memory import BrokerMemory
from metrics.broker_topics import BrokerTopics
from metrics.exporter import ShareCollector
from metrics.http import CannotListen, HttpServer, service_routes
from metrics.maintenance import Maintenance
from metrics.probe import Probe
from metrics.reader_limit import ReaderLimit
from metrics.share_source import ShareSource
from storage.errors import DatabaseUnusable, SchemaOutdated, StorageError
from storage.schema import check_schema


def metrics() -> None:
    """Export the shares to Prometheus: /metrics, /healthz, /readyz.

    The feeds are those of `fleetgauge web`, to which their former paths here lead.

    The shares are computed at each scrape, from the newest state of each vehicle. A self-probe goes
    through broker and database every FLEETGAUGE_PROBE_INTERVAL, to measure how long that takes.
    Every FLEETGAUGE_MAINTAIN_INTERVAL it does what `fleetgauge maintain` does, where its role owns
    the tables.
    """
    settings = load_settings()
    logs.configure(settings)
    url = settings.database_url.get_secret_value()
    try:
        check_schema(settings.reading_url)
        warn_of_excess_rights(url, needed="fleetgauge_metrics")
    except (SchemaOutdated, DatabaseUnusable):
        raise
    except StorageError:
        # While the database is away fleet_shares_up says so, and each scrape tries again.
        pass
    registry = CollectorRegistry()
    source = ShareSource(settings.reading_url, settings.windows, zone=ZoneInfo(settings.time_zone))
    try:
        server, probe = _server(settings, source, registry), _probe(settings, registry)
    except CannotListen as error:
        raise CommandError(f"FLEETGAUGE_METRICS_ADDRESS: {error}") from error
    maintenance = _maintenance(settings, registry)
    with (
        stop_on_signal() as stop,
        server,
        probe,
        _broker_topics(settings, source, registry),
        ReaderLimit(settings.reading_url, registry),
        maintenance,
    ):
        structlog.get_logger().info("listening_started", host=server.host, port=server.port)
        address = Address(server.host, server.port)
        with (
            UpgradeWatch(url, stop.set) as upgrade,
            announced(is_alive=lambda: is_alive(address), goes_on=lambda: upgrade.is_due),
        ):
            stop.wait()
    upgrade.begin_again_if_due()
    structlog.get_logger().info("stopped")


def _server(settings: Settings, source: ShareSource, registry: CollectorRegistry) -> HttpServer:
    registry.register(ShareCollector(source, settings.min_group_size))
    routes = service_routes(registry, {"database": source.problem})
    routes |= moved_feeds(settings.web_address.port)
    return HttpServer(*settings.metrics_address, routes)


def _maintenance(settings: Settings, registry: CollectorRegistry) -> AbstractContextManager[object]:
    if not settings.maintain_interval:
        return nullcontext()
    url = settings.database_url.get_secret_value()
    return Maintenance(url, settings.retention, settings.maintain_interval, registry)


def _probe(settings: Settings, registry: CollectorRegistry) -> AbstractContextManager[object]:
    if not settings.probe_interval:
        return nullcontext()
    broker = publishing_access(settings, "probe")
    database = settings.database_url.get_secret_value()
    return Probe(broker, database, settings.probe_interval, registry)


def _broker_topics(
    settings: Settings, source: ShareSource, registry: CollectorRegistry
) -> AbstractContextManager[object]:
    if not settings.probe_interval:
        return nullcontext()

    def operators() -> Container[str | None]:
        return source.last.shares.groups if source.last else ()

    listeners = (
        BrokerLog(operators, registry),
        BrokerErrors(registry),
        BrokerMemory(settings.broker_memory, registry),
    )
    return BrokerTopics(publishing_access(settings, "topics"), listeners)
