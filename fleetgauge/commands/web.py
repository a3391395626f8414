"""``fleetgauge web``."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from fleetgauge import logs
from fleetgauge.checking.service import is_alive
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.service_manager import announced
from fleetgauge.setting_values import Address
from fleetgauge.settings import Settings, load_settings
from fleetgauge.upgrade_watch import UpgradeWatch
from fleetgauge.web_reports import WebReports
from storage.errors import SchemaOutdated, StorageError
from storage.schema import check_schema
from web.base_map import BadBaseMap, BaseMap, read_base_map
from web.districts import BadBorders, Geometry, read_borders
from web.options import Options
from web.server import CannotListen, WebServer, have_the_process


def web() -> None:
    """Serve the pages and the feeds: the fleet now, a vehicle, a map; GTFS-Realtime and GeoJSON.

    The staff pages are for users of this machine, unless FLEETGAUGE_WEB_PASSWORD is set, or a
    proxy names whom it lets in (FLEETGAUGE_WEB_USER_HEADER). Anybody may open the passengers' map
    (/map) and fetch the feeds. The database is only read, once a second however many look; once a
    minute it is recorded which vehicles are in the feeds, for the KPI "openly published".
    """
    settings = load_settings()
    logs.configure(settings)
    url = settings.reading_url
    try:
        check_schema(url)
    except SchemaOutdated:
        raise
    except StorageError:
        # While the database is away each page says so, and tries again.
        pass
    try:
        server = WebServer(*settings.web_address, url, _options(settings), WebReports())
    except CannotListen as error:
        raise CommandError(f"FLEETGAUGE_WEB_ADDRESS: {error}") from error
    have_the_process()
    with stop_on_signal() as stop, server:
        structlog.get_logger().info("listening_started", host=server.host, port=server.port)
        address = Address(server.host, server.port)
        with (
            UpgradeWatch(settings.database_url.get_secret_value(), stop.set) as upgrade,
            announced(is_alive=lambda: is_alive(address), goes_on=lambda: upgrade.is_due),
        ):
            stop.wait()
    upgrade.begin_again_if_due()
    structlog.get_logger().info("stopped")


def _options(settings: Settings) -> Options:
    password, viewers = settings.web_password, settings.web_viewer_password
    analysts = settings.web_analysts
    return Options(
        windows=settings.windows,
        feed_window=settings.web_feed_window,
        zone=ZoneInfo(settings.time_zone),
        min_group_size=settings.min_group_size,
        base_map=None if settings.web_base_map is None else _base_map(settings),
        borders={} if settings.web_borders is None else _borders(settings.web_borders),
        language=settings.language,
        plates_are_public=settings.web_plates,
        map_is_public=settings.web_map,
        password=None if password is None else password.get_secret_value(),
        viewer_password=None if viewers is None else viewers.get_secret_value(),
        user_header=settings.web_user_header,
        analysts=None if analysts is None else frozenset(analysts),
        proxies=settings.web_proxies,
        publication_url=settings.database_url.get_secret_value(),
    )


def _base_map(settings: Settings) -> BaseMap:
    named = settings.web_base_map or ""
    try:
        return read_base_map(named, settings.web_base_map_attribution)
    except BadBaseMap as error:
        raise CommandError(f"FLEETGAUGE_WEB_BASE_MAP: {named} {error}") from error


def _borders(file: Path) -> dict[str, Geometry]:
    try:
        return read_borders(json.loads(file.read_bytes()))
    except OSError as error:
        why: object = f"cannot be read: {error.strerror or error}"
    except ValueError as error:
        why = f"is not JSON: {error}"
    except BadBorders as error:
        why = error
    raise CommandError(f"FLEETGAUGE_WEB_BORDERS: {file} {why}")
