"""What the figures are held against: the plan, and who is expected out."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from metrics.exporter import ShareCollector
from metrics.share_source import ShareSource
from models.indicator import DEFAULT_WINDOWS, TRACKABLE
from models.registry import RegistryEntry
from models.report import Fix, Report
from models.service_hours import ServiceHours
from models.target import Target
from models.uptime import Span
from models.vehicle import VehicleId
from storage.connection import connect
from storage.migrate import migrate
from storage.registry.importing import import_registry
from storage.service_hours import import_hours
from storage.targets import set_targets
from storage.worker_uptime import beat
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

T0 = datetime(2024, 6, 12, 9, tzinfo=UTC)
ZONE = "Europe/Moscow"
BUSES = [VehicleId(operator, "1") for operator in ("all-day", "never", "unsaid")]
HOUR = timedelta(hours=1)


def write(url: str) -> None:
    """Write a bus of each of three operators: two are heard, one is expected out."""
    migrate(url)
    heard = [Report(bus, T0, Fix(57, 41)) for bus in (BUSES[0], BUSES[2])]
    batch = Batch()
    for report in heard:
        batch.add(Message(b"t", b"p", T0), [report], [])
    with Writer(url, "test", ZONE) as writer:
        writer.write(batch)
    weekday = (T0 + timedelta(days=3)).isoweekday()
    hours = [ServiceHours("all-day", day, 0, 1440) for day in range(1, 8)]
    today = T0.date()
    plan = Target(TRACKABLE, today - 9 * timedelta(1), today + 9 * timedelta(1), 0.793)
    with connect(url, "test", autocommit=True) as connection:
        import_registry(
            connection,
            [RegistryEntry(bus) for bus in BUSES],
            time_zone=ZONE,
            changed_by="t",
            source="t",
            claimed_at=T0 - 99 * HOUR,
        )
        import_hours(connection, [*hours, ServiceHours("never", weekday, 0, 1)], entered_by="t")
        set_targets(connection, [plan], set_by="t", source="t")
        beat(connection, "w", Span(T0 - 9 * HOUR, T0 - HOUR))
        beat(connection, "w", Span(T0, T0 + HOUR))


def test_the_exporter_gives_the_plan_and_who_is_expected_out(embedded_url: str) -> None:
    """An operator whose hours are not given is expected out at any time."""
    write(embedded_url)
    source = ShareSource(embedded_url, DEFAULT_WINDOWS, lambda: T0)
    registry = CollectorRegistry()
    registry.register(ShareCollector(source, min_group_size=1))
    value = registry.get_sample_value
    found = {
        bus.operator_id: value("fleet_operator_in_service", {"operator": bus.operator_id})
        for bus in BUSES
    }
    assert found == {"all-day": 1, "never": 0, "unsaid": 1}
    assert value("fleet_indicator_target_ratio", {"indicator": "trackable"}) == 0.793
    assert value("fleet_indicator_target_ratio", {"indicator": "cctv"}) is None
    source.close()


def test_share_tells_who_is_in_service_and_that_ingest_was_down(embedded_url: str) -> None:
    """A second denominator beside the fleet's, and the downtime of the hour before."""
    write(embedded_url)

    def share(*options: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "fleetgauge", "share", "--at", T0.isoformat(), *options],
            env={"FLEETGAUGE_DATABASE_URL": embedded_url, "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
        ).stdout.decode()

    document = json.loads(share("--json", "--by", "depot"))
    assert (document["vehicles"], document["indicators"]["trackable"]["vehicles"]) == (3, 2)
    assert document["expected_out"] == {
        "operators": 1,
        "operators_with_hours": 2,
        "vehicles": 1,
        "indicators": {
            "trackable": {"vehicles": 1, "ratio": 1.0},
            "trackable_on_route": {"vehicles": 0, "ratio": 0.0},
        },
    }
    assert document["ingest_downtime"] == {"from": (T0 - HOUR).isoformat(), "to": T0.isoformat()}
    table = share()
    assert "trackable 1 of 1, 100.00 %" in table
    assert "ingest was down from" in table
