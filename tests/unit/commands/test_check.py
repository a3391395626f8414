"""`fleetgauge check` tells values that are hardly meant, and has words for all it finds."""

import re

import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from fleetgauge.checking.plausible import settings_findings
from fleetgauge.checking.service import service_finding
from fleetgauge.cli import app
from fleetgauge.commands.sizes import parse_size
from fleetgauge.setting_values import parse_address
from fleetgauge.settings import Settings, load_settings
from metrics.http import HttpServer, service_routes
from models.finding import Finding, Level, fault, ok, warning, worst
from reports.check_words import AREAS, MESSAGES, message
from reports.language import ENGLISH
from storage.upkeep import ARCHIVE, BACKUP, MAINTENANCE
from tests.unit.project.repository import ROOT


@pytest.mark.parametrize(
    ("variable", "value", "codes"),
    [
        ("WINDOWS", "5", ["settings.unusual_duration", "settings.dispatcher_window"]),
        ("WINDOWS", "5m,1h", []),
        ("MQTT_SESSION_EXPIRY", "7", ["settings.unusual_duration"]),
        ("PROBE_INTERVAL", "0", []),
        ("BATCH_SIZE", "1", ["settings.unusual_number"]),
        ("METRICS_ADDRESS", "127.0.0.1:9107", ["settings.same_address"]),
        ("TOPICS", "owntracks/#", ["settings.probe_unheard"]),
        ("TOPICS", "$share/g/fleet/+/+/position", []),
        ("MQTT_URL", "mqtt://a:b@broker.example.org", ["settings.password_in_clear"]),
        ("MQTT_URL", "mqtts://a:b@broker.example.org", []),
        ("MQTT_URL", "mqtt://a:b@mosquitto:1884", []),
        ("MQTT_URL", "mqtt://a:b@10.0.0.7", []),
    ],
)
def test_values_that_are_hardly_meant(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, codes: list[str]
) -> None:
    """A warning for each; none of a value that somebody may well want."""
    monkeypatch.setenv(f"FLEETGAUGE_{variable}", value)
    found = list(settings_findings(load_settings()))
    assert [each.code for each in found if each.level is not Level.OK] == codes


def test_every_wrong_name_and_value_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, and not the first one alone; exit 1."""
    monkeypatch.setenv("FLEETGAUGE_TOPIC", "x")
    monkeypatch.setenv("FLEETGAUGE_WINDOWS", "x")
    monkeypatch.setenv("FLEETGAUGE_GRAFANA_URL", "localhost:3000")
    ended = CliRunner().invoke(app, ["check", "--language", "en"])
    lines = ended.stdout.splitlines()
    assert sum("fault" in line.split() for line in lines[1:-1]) == 3
    assert (ended.exit_code, lines[-1]) == (1, "3 faults, 0 warnings")


def test_every_finding_has_its_words() -> None:
    """Each code in the sources has a message, and each message a code; each area has its name."""
    rooms = [*(ROOT / "storage/health").glob("*.py"), *(ROOT / "fleetgauge/checking").glob("*.py")]
    sources = "\n".join(path.read_text() for path in [*rooms, ROOT / "ingest/trial.py"])
    limits = re.findall(r'BrokerLimit\(\s*"(\w+)"', (ROOT / "ingest/broker_limits.py").read_text())
    named = set(re.findall(r'(?:ok|warning|fault|say|else ok|[)])\(\s*"([\w.]+)"', sources))
    made = {
        *(f"broker.{name}" for name in limits),
        *(f"database.{name}" for name in ("fsync", "full_page_writes", "autovacuum")),
        *(f"database.connected_as_{name}" for name in ("superuser", "owner")),
        *(f"database.{name}" for name in ("slot", "prepared")),
        *(
            f"tasks.{name}"
            for name in (ARCHIVE, BACKUP, MAINTENANCE, f"no_{BACKUP}", f"no_{MAINTENANCE}")
        ),
    }
    assert len(limits) == 4
    assert named | made == set(MESSAGES)
    assert {code.partition(".")[0] for code in MESSAGES} == set(AREAS)


def test_values_are_said_by_their_kind() -> None:
    """Sizes, durations and numbers have their units; nothing invisible gets to the terminal."""
    growth = ok(
        "database.growth",
        size_bytes=1_234_567_890,
        reports_a_day=7_387_200,
        report_bytes=108.5,
        day_bytes=801_000_000,
        year_bytes=292_000_000_000,
        measured_seconds=604_800,
    )
    assert message(ENGLISH, growth) == (
        "1.2 GB; grows by 801 MB a day and 292 GB a year (7,387,200 reports a day of 108.5 bytes, "
        "measured over 7 d)"
    )
    hidden = fault("database.failed", error="a\x1b[31m\nline")
    assert "\x1b" not in message(ENGLISH, hidden)
    assert "\n" not in message(ENGLISH, hidden)


def test_the_worst_level_decides() -> None:
    """And of nothing it is ok."""
    found: list[Finding] = []
    for level, make in ((Level.OK, ok), (Level.WARNING, warning), (Level.FAULT, fault)):
        found.append(make("x"))
        assert worst(found) is level
    assert worst([]) is Level.OK


def test_a_service_that_listens_everywhere_is_asked_on_loopback() -> None:
    """What its /readyz says is the finding; who does not answer is not ready."""
    problem: list[str | None] = [None]
    routes = service_routes(CollectorRegistry(), {"database": lambda: problem[0]})
    with HttpServer("127.0.0.1", 0, routes) as server:
        settings = Settings(metrics_address=parse_address(f":{server.port}"))
        assert service_finding("metrics", settings).level is Level.OK
        problem[0] = "it is full"
        found = service_finding("metrics", settings)
    assert found.level is Level.FAULT
    assert "it is full" in message(ENGLISH, found)
    assert "refused" in message(ENGLISH, service_finding("metrics", settings))


@pytest.mark.parametrize(
    ("text", "size"), [("500GB", 500 * 10**9), ("1.5 t", 1_500 * 10**9), ("12", 12)]
)
def test_sizes(text: str, size: int) -> None:
    """By thousands, as disks are sold."""
    assert parse_size(text) == size
