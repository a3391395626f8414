"""A real Prometheus scrapes both of our endpoints, and has nothing to complain of."""

import urllib.request
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from storage.migrate import migrate
from tests.integration.ingest.worker import running_worker
from tests.integration.metrics.exporting import exporting
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import free_port
from tests.servers.prometheus import PrometheusServer
from tests.servers.waiting import wait_until

CONFIGURATION = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: fleetgauge
    static_configs:
      - targets: ["{0}", "{1}"]
"""


def test_both_endpoints(
    tmp_path: Path,
    mosquitto_server: MosquittoServer,
    timescaledb_url: str,
    promtool: Callable[..., "CompletedProcess[str]"],
) -> None:
    """Both targets are up, no line of the log is a warning, and promtool finds nothing."""
    migrate(timescaledb_url)
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
        "FLEETGAUGE_INGEST_ADDRESS": addresses[0],
        "FLEETGAUGE_METRICS_ADDRESS": addresses[1],
    }
    with (
        running_worker(tmp_path / "ingest.log", environment),
        exporting(tmp_path / "metrics.log", environment),
        started(PrometheusServer(CONFIGURATION.format(*addresses))) as prometheus,
    ):
        wait_until(
            lambda: prometheus.value("sum(count_over_time(up[1m]) * up) >= bool 4") == 1,
            seconds=30,
            what="two good scrapes of each endpoint",
        )
        assert prometheus.value("sum(up)") == 2
        complaints = [line for line in prometheus.log_text().splitlines() if "level=warn" in line]
        assert complaints == []
        for address in addresses:
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
                checked = promtool(["check", "metrics"], answer.read().decode())
            assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
