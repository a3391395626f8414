"""``fleetgauge metrics``."""

from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry

from fleetgauge import logs
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.feeds import feed_routes
from fleetgauge.settings import Settings, load_settings
from metrics.exporter import ShareCollector
from metrics.http import CannotListen, HttpServer, service_routes
from metrics.share_source import ShareSource


def metrics() -> None:
    """Export the shares to Prometheus: /metrics, /healthz, /readyz.

    Beside it, for apps and maps: /gtfs-rt/vehicle-positions.pb and /vehicles.geojson.

    The shares are computed when they are asked for, from the newest state of each vehicle.
    """
    settings = load_settings()
    logs.configure(settings)
    try:
        server = _server(settings)
    except CannotListen as error:
        raise CommandError(f"FLEETGAUGE_METRICS_ADDRESS: {error}") from error
    with stop_on_signal() as stop, server:
        structlog.get_logger().info("listening_started", host=server.host, port=server.port)
        stop.wait()
    structlog.get_logger().info("stopped")


def _server(settings: Settings) -> HttpServer:
    url = settings.database_url.get_secret_value()
    source = ShareSource(url, settings.windows, zone=ZoneInfo(settings.time_zone))
    registry = CollectorRegistry()
    registry.register(ShareCollector(source, settings.min_group_size))
    routes = service_routes(registry, {"database": source.problem}) | feed_routes(url)
    return HttpServer(*settings.metrics_address, routes)
