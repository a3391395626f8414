"""From a bus's silence to a message: every part real, only the clocks of the rules run faster.

Each bus reports with a delay of 4:50 min, as over a slow network, so that a bus that stops is
out of the window of 5 minutes ten seconds later: the window itself is the real one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from models.broker import BrokerAccess, BrokerUrl
from simulator.connection import BrokerConnection
from simulator.fleet import Fleet
from simulator.scenario import Drop, load_scenario
from storage.connection import connect
from storage.migrate import migrate
from storage.registry.importing import import_registry
from tests.integration.alerts.shorter_rules import shorter, shorter_rules, webhook_routes
from tests.integration.alerts.webhook import Webhook
from tests.integration.ingest.worker import running_worker
from tests.integration.metrics.exporting import exporting
from tests.servers.alertmanager import AlertmanagerServer
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.prometheus import PrometheusServer
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

SPEED: Final = 120
DELAY: Final = timedelta(seconds=290)
INTERVAL_S: Final = 2.0
OPERATOR: Final = "kineshma-atp"
HEALTHY_S: Final = 45.0
"""The rules look back an hour: half a minute of theirs."""
DARK_S: Final = 40.0

SCRAPE: Final = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ['*.rules.yml']
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{alertmanager}']}}]}}]}}
scrape_configs:
  - {{job_name: ingest, static_configs: [{{targets: ['{ingest}']}}]}}
  - {{job_name: metrics, static_configs: [{{targets: ['{metrics}']}}]}}
"""


@pytest.mark.parametrize(
    ("expression", "faster"),
    [
        ("rate(a[5m]) > 60", "rate(a[2500ms]) > 60"),
        ('b{window="5m"} offset 6d23h45m', 'b{window="5m"} offset 5032500ms'),
        ("max_over_time(c[7d:5m])", "max_over_time(c[5040000ms:2500ms])"),
    ],
)
def test_fast_motion_changes_durations_alone(expression: str, faster: str) -> None:
    """Thresholds and label values stay."""
    assert shorter(expression, SPEED) == faster


@pytest.fixture
def fleet() -> Fleet:
    drop = Drop(operator=OPERATOR, after_seconds=HEALTHY_S, until_seconds=HEALTHY_S + DARK_S)
    scenario = load_scenario("operator-drop").model_copy(update={"drops": (drop,)})
    return Fleet.build(scenario)


@pytest.fixture
def environment(mosquitto_server: MosquittoServer, timescaledb_url: str) -> dict[str, str]:
    return {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
        "FLEETGAUGE_INGEST_ADDRESS": f"{LOOPBACK}:{free_port()}",
        "FLEETGAUGE_METRICS_ADDRESS": f"{LOOPBACK}:{free_port()}",
    }


@pytest.fixture
def running(
    environment: dict[str, str], fleet: Fleet, mosquitto_server: MosquittoServer, tmp_path: Path
) -> Iterator[None]:
    """The worker, the exporter, and a fleet that has published for a moment."""
    url = environment["FLEETGAUGE_DATABASE_URL"]
    migrate(url)
    with connect(url, "test") as connection:
        import_registry(
            connection,
            fleet.registry(),
            time_zone=fleet.scenario.time_zone,
            changed_by="test",
            source="operator-drop",
            yes=True,
        )
    with (
        running_worker(tmp_path / "ingest.log", environment),
        exporting(tmp_path / "metrics.log", environment),
        _published(fleet, mosquitto_server),
    ):
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("running")
def test_a_drop_is_told_once_by_its_operators_name_and_ends(
    environment: dict[str, str], userland: Userland
) -> None:
    """The alert of the operator that went dark, and of no other, reaches a webhook and ends."""
    with (
        Webhook() as webhook,
        started(AlertmanagerServer(webhook_routes(webhook.url), userland=userland)) as router,
        started(_prometheus(environment, router, userland)) as prometheus,
    ):
        wait_until(
            lambda: webhook.is_told("OperatorDark", "firing", operator=OPERATOR),
            seconds=HEALTHY_S + DARK_S,
            what="the alert at the webhook",
        )
        selected = f'fleet_vehicles_trackable{{window="5m", operator="{OPERATOR}"}}'
        assert prometheus.value(selected) == 0
        wait_until(
            lambda: webhook.is_told("OperatorDark", "resolved", operator=OPERATOR),
            seconds=DARK_S + 60,
            what="the end of the alert at the webhook",
        )
    # The scenario's unregistered vehicles raise their alert as well, and rightly.
    blamed = [
        alert for alert in webhook.told if alert["labels"]["alertname"].startswith("Operator")
    ]
    assert {alert["labels"]["operator"] for alert in blamed} == {OPERATOR}
    dark = [alert for alert in blamed if alert["labels"]["alertname"] == "OperatorDark"]
    assert len({alert["startsAt"] for alert in dark}) == 1
    assert dark[0]["annotations"]["summary"] == (
        f"{OPERATOR} is dark: 0 of 50 buses are trackable within 5 min"
    )


def _prometheus(
    environment: dict[str, str], router: AlertmanagerServer, userland: Userland
) -> PrometheusServer:
    config = SCRAPE.format(
        alertmanager=router.url.removeprefix("http://"),
        ingest=environment["FLEETGAUGE_INGEST_ADDRESS"],
        metrics=environment["FLEETGAUGE_METRICS_ADDRESS"],
    )
    rules = shorter_rules(SPEED)
    files = {f"{Path(name).stem}.rules.yml": text for name, text in rules.items()}
    return PrometheusServer(config, files=files, userland=userland)


@contextmanager
def _published(fleet: Fleet, broker: MosquittoServer) -> Iterator[None]:
    connection = BrokerConnection(BrokerAccess(BrokerUrl(LOOPBACK, broker.port)))
    connection.open()
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=_publish, args=(fleet, connection, stop, ready), name="fleet")
    thread.start()
    try:
        wait_until(ready.is_set, seconds=20, what="the fleet to publish")
        yield
    finally:
        stop.set()
        thread.join()
        connection.close()


def _publish(
    fleet: Fleet, connection: BrokerConnection, stop: threading.Event, ready: threading.Event
) -> None:
    delayed = fleet.starting(datetime.now(UTC) - DELAY)
    first = True
    while not stop.is_set():
        for message in delayed.messages(datetime.now(UTC) - DELAY, first=first):
            connection.send(message, stop)
        first = False
        ready.set()
        stop.wait(INTERVAL_S)
