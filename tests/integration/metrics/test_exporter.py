"""The exporter on a real database, read as Prometheus reads it."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from metrics import catalogue
from metrics.exporter import ShareCollector
from metrics.http import HttpServer, service_routes
from metrics.share_source import PATIENCE, ShareSource
from models.equipment import Flag
from models.indicator import DEFAULT_WINDOWS, UntrackableReason
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import connect
from storage.migrate import migrate
from tests.integration.storage.fleet_history import T0, History, RejectedReport, flags, live
from tests.servers.fixtures import Tool
from tests.servers.proxy import TcpProxy

SECOND = timedelta(seconds=1)
FIX = Fix(57.0, 41.0, route_id="7")
EAST = [VehicleId("east", str(number)) for number in range(6)]
WEST = [VehicleId("west", str(number)) for number in range(2)]
UNKNOWN = VehicleId("west", "99")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Exporter:
    """The exporter's two ends: its answers, and the moment that its clock shows."""

    def __init__(self, url: str) -> None:
        self.now = T0
        source = ShareSource(url, DEFAULT_WINDOWS, lambda: self.now, fresh=timedelta())
        self.close = source.close
        registry = CollectorRegistry()
        registry.register(ShareCollector(source, min_group_size=5))
        self.server = HttpServer(
            "127.0.0.1", 0, service_routes(registry, {"database": source.problem})
        )

    def text(self, path: str = "/metrics") -> str:
        url = f"http://{self.server.host}:{self.server.port}{path}"
        with urllib.request.urlopen(url, timeout=15) as answer:
            body: bytes = answer.read()
            return body.decode()

    def samples(self) -> Samples:
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.text())
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        return self.samples().get((name, frozenset(labels.items())))

    def names(self) -> set[str]:
        return {name for name, _ in self.samples()}


@contextmanager
def exporting(url: str) -> Iterator[Exporter]:
    exporter = Exporter(url)
    try:
        with exporter.server:
            yield exporter
    finally:
        exporter.close()


@pytest.fixture
def url(database_url: str) -> str:
    migrate(database_url)
    return database_url


def write_fleet(url: str) -> None:
    """Write six buses in the east, two in the west, and one unregistered.

    Of the six, four are trackable, the fifth has a wrong clock, the sixth was never seen.
    """
    entries = [RegistryEntry(bus, equipment={"cctv": True}) for bus in EAST + WEST]
    reports = [
        live(Report(bus, T0 - 10 * SECOND, FIX, flags(cctv=Flag(True, True)))) for bus in EAST[:4]
    ]
    others = [
        live(Report(WEST[0], T0 - 200 * SECOND, FIX)),
        live(Report(UNKNOWN, T0 - SECOND, FIX)),
    ]
    clock = RejectedReport(EAST[4], T0 - SECOND, RejectReason.IN_FUTURE)
    History(entries, [*reports, *others, clock]).write(url)


def test_shares_of_a_fleet(url: str) -> None:
    """Counts by operator, ratios of the whole and of operators that are large enough."""
    write_fleet(url)
    with exporting(url) as exporter:
        samples = exporter.samples()

    def of(name: str, **labels: str) -> float | None:
        return samples.get((name, frozenset(labels.items())))

    assert of("fleet_shares_up") == 1
    assert of("fleet_shares_computed_timestamp_seconds") == T0.timestamp()
    assert (of("fleet_vehicles", operator="east"), of("fleet_vehicles", operator="west")) == (6, 2)
    assert of("fleet_vehicles_trackable", operator="east", window="90s") == 4
    assert of("fleet_vehicles_trackable", operator="west", window="90s") == 0
    assert of("fleet_vehicles_trackable_on_route", operator="west", window="5m") == 1
    assert of("fleet_vehicles_equipped", operator="east", equipment="cctv") == 6
    assert of("fleet_vehicles_equipment_working", operator="east", equipment="cctv") == 4
    assert of("fleet_vehicles_untrackable", operator="east", reason="bad_clock") == 1
    assert of("fleet_vehicles_untrackable", operator="east", reason="never_seen") == 1
    assert of("fleet_vehicles_unregistered", operator="west") == 1
    assert of("fleet_vehicles_unregistered", operator="east") == 0
    assert of("fleet_trackable_ratio", window="5m") == 5 / 8
    assert of("fleet_trackable_on_route_ratio", window="90s") == 4 / 8
    assert of("fleet_equipped_ratio", equipment="cctv") == 1
    assert of("fleet_operator_trackable_ratio", operator="east", window="5m") == 4 / 6
    assert of("fleet_operator_trackable_ratio", operator="west", window="5m") is None
    assert of("fleet_operator_equipped_ratio", operator="west", equipment="cctv") is None
    assert of("fleet_operator_in_service", operator="west") == 1


def test_reasons_and_trackable_add_up(url: str) -> None:
    """Every reason is there for every operator, as 0 where nothing is."""
    write_fleet(url)
    with exporting(url) as exporter:
        samples = exporter.samples()
    for operator in ("east", "west"):
        reasons = {
            dict(labels)["reason"]: value
            for (name, labels), value in samples.items()
            if name == "fleet_vehicles_untrackable" and ("operator", operator) in labels
        }
        trackable = {("operator", operator), ("window", "5m")}
        vehicles = samples["fleet_vehicles", frozenset({("operator", operator)})]
        assert set(reasons) == set(UntrackableReason)
        assert sum(reasons.values()) == (
            vehicles - samples["fleet_vehicles_trackable", frozenset(trackable)]
        )


def test_output_is_what_the_catalogue_lists(url: str, promtool: Tool) -> None:
    """Each metric is in the catalogue, with its labels; promtool finds nothing to say."""
    write_fleet(url)
    with exporting(url) as exporter:
        text = exporter.text()
    listed = {metric.name: set(metric.label_names) for metric in catalogue.SHARES}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert set(sample.labels) == listed[sample.name]
    checked = promtool(["check", "metrics"], text)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_empty_fleet_has_no_ratio(url: str) -> None:
    """Absent, not 0 and not NaN; an unregistered vehicle is counted all the same."""
    History([], [live(Report(UNKNOWN, T0, FIX))]).write(url)
    with exporting(url) as exporter:
        assert exporter.value("fleet_vehicles_unregistered", operator="other") == 1
        assert not any(name.endswith("_ratio") for name in exporter.names())


def test_series_of_a_group_that_has_gone_disappear(url: str) -> None:
    """An operator whose last bus has left the fleet leaves no series behind."""
    last_day = date(2024, 6, 13)
    entries = [RegistryEntry(EAST[0]), RegistryEntry(WEST[0], in_service_to=last_day)]
    History(entries).write(url)
    with exporting(url) as exporter:
        assert exporter.value("fleet_vehicles", operator="west") == 1
        exporter.now = T0 + timedelta(days=2)
        assert not any(("operator", "west") in labels for _, labels in exporter.samples())
        assert exporter.value("fleet_vehicles", operator="east") == 1


def test_schema_that_is_missing_is_said(database_url: str) -> None:
    """Without a migration there is no share, and readiness says what to run."""
    with exporting(database_url) as exporter:
        assert exporter.value("fleet_shares_up") == 0
        with pytest.raises(urllib.error.HTTPError) as refused:
            exporter.text("/readyz")
        with refused.value as answer:
            assert answer.status == 503
            assert "fleetgauge migrate" in answer.read().decode()


@pytest.fixture
def cable(timescaledb_url: str, proxy_to: Callable[[str, int], TcpProxy]) -> tuple[TcpProxy, str]:
    """A database whose connection can be cut, with a fleet in it."""
    migrate(timescaledb_url)
    write_fleet(timescaledb_url)
    parts = urlsplit(timescaledb_url)
    assert parts.hostname
    assert parts.port
    proxy = proxy_to(parts.hostname, parts.port)
    return proxy, proxy.through(timescaledb_url)


def test_without_database_there_is_no_stale_ratio(cable: tuple[TcpProxy, str]) -> None:
    """Down: an answer at once, up 0, no share, when it was known last; and up again after."""
    proxy, url = cable
    with exporting(url) as exporter:
        assert exporter.value("fleet_shares_up") == 1
        proxy.cut()
        began = time.monotonic()
        assert exporter.names() == {
            "fleet_shares_up",
            "fleet_shares_query_seconds",
            "fleet_shares_computed_timestamp_seconds",
        }
        assert exporter.value("fleet_shares_up") == 0
        assert time.monotonic() - began < 2
        proxy.restore()
        assert exporter.value("fleet_shares_up") == 1
        assert exporter.value("fleet_trackable_ratio", window="5m") == 5 / 8


def test_stalled_database_does_not_stall_a_scrape(cable: tuple[TcpProxy, str]) -> None:
    """A network that swallows everything costs some seconds, less than a scrape may take."""
    proxy, url = cable
    with exporting(url) as exporter:
        assert exporter.value("fleet_shares_up") == 1
        proxy.stall()
        began = time.monotonic()
        assert exporter.value("fleet_shares_up") == 0
        assert time.monotonic() - began < PATIENCE.total_seconds() + 1
        proxy.resume()
        assert exporter.value("fleet_shares_up") == 1


def test_connection_lost_at_rest_is_not_noticed(cable: tuple[TcpProxy, str]) -> None:
    """A server that was restarted between two scrapes costs no sample."""
    proxy, url = cable
    with exporting(url) as exporter:
        assert exporter.value("fleet_shares_up") == 1
        proxy.cut()
        proxy.restore()
        assert exporter.value("fleet_shares_up") == 1


def test_scrapes_at_the_same_time_cost_one_query(url: str) -> None:
    """Within the time that a result is fresh, the same is given again."""
    write_fleet(url)
    moments = iter(T0 + count * SECOND for count in range(10))
    source = ShareSource(url, DEFAULT_WINDOWS, lambda: next(moments), fresh=timedelta(minutes=1))
    assert source.compute() is source.compute()
    source.close()
    assert source.last is not None
    assert source.last.shares.at == T0


def test_exported_share_follows_the_database(url: str) -> None:
    """A bus that comes back is counted in the next scrape."""
    History([RegistryEntry(bus) for bus in EAST]).write(url)
    with exporting(url) as exporter:
        exporter.now = datetime.now(UTC)
        assert exporter.value("fleet_trackable_ratio", window="90s") == 0
        History(events=[live(Report(EAST[0], exporter.now, FIX))]).write(url)
        assert exporter.value("fleet_trackable_ratio", window="90s") == 1 / 6


def test_reading_leaves_no_transaction_open(url: str) -> None:
    """Between two scrapes the exporter holds back no vacuum."""
    with exporting(url) as exporter, connect(url, "test", autocommit=True) as connection:
        assert exporter.value("fleet_shares_up") == 1
        states = connection.execute(
            "select state from pg_stat_activity"
            " where application_name = 'fleetgauge metrics' and datname = current_database()"
        ).fetchall()
        assert states == [("idle",)]
