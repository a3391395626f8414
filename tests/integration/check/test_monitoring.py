"""What `fleetgauge check` finds out about Prometheus and Grafana."""

from collections.abc import Iterator

import pytest

from fleetgauge.checking.monitoring import monitoring_findings
from fleetgauge.settings import load_settings
from models.finding import Level
from tests.servers.fixtures import started
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.prometheus import PrometheusServer
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until
from tests.unit.project.repository import text_of

CONFIGURED = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: metrics
    static_configs: [{{targets: ["{target}"]}}]
"""


def wrong(url: str) -> set[str]:
    """Return the codes of what is not in order."""
    settings = load_settings(prometheus_url=url)
    return {each.code for each in monitoring_findings(settings) if each.level is not Level.OK}


@pytest.fixture
def configured(userland: Userland) -> Iterator[PrometheusServer]:
    """A Prometheus with our rules, that scrapes what nobody serves."""
    config = CONFIGURED.format(target=f"{LOOPBACK}:{free_port()}")
    rules = {"rules.yml": text_of("metrics/rules/shares.yml")}
    with started(PrometheusServer(config, files=rules, userland=userland)) as server:
        yield server


def test_a_prometheus_that_knows_nothing_of_us(prometheus_server: PrometheusServer) -> None:
    """Neither our services nor our rules."""
    url = f"http://{LOOPBACK}:{prometheus_server.port}"
    assert wrong(url) == {"monitoring.not_scraped", "monitoring.no_rules"}


def test_a_prometheus_with_our_rules(configured: PrometheusServer) -> None:
    """A service that cannot be scraped is a finding, however well the rules are loaded."""
    url = f"http://{LOOPBACK}:{configured.port}"
    wait_until(
        lambda: wrong(url) == {"monitoring.not_scraped"}, seconds=20, what="the rules to be loaded"
    )


def test_what_is_named_and_not_there() -> None:
    """Each is a fault of its own."""
    nothing = f"http://{LOOPBACK}:{free_port()}/"
    settings = load_settings(prometheus_url=nothing, grafana_url=nothing)
    found = [(each.code, each.level) for each in monitoring_findings(settings)]
    assert found == [
        ("monitoring.prometheus_unreachable", Level.FAULT),
        ("monitoring.grafana_unreachable", Level.FAULT),
    ]
