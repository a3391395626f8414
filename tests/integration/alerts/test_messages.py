"""What people get: one cause is one message, with links that open, and an end in its own words."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.integration.alerts.shorter_rules import ROOT, webhook_routes
from tests.integration.alerts.webhook import Webhook
from tests.servers.alertmanager import AlertmanagerServer, amtool
from tests.servers.fixtures import started
from tests.servers.prometheus import PrometheusServer
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

TEMPLATE: Final = ROOT / "deploy/alertmanager/fleetgauge.tmpl"
GRAFANA: Final = "https://grafana.example.org"
RUNBOOKS: Final = "https://fleet.example.org/runbooks"


def alert(alertname: str, severity: str, **labels: str) -> dict[str, Any]:
    return {"labels": {"alertname": alertname, "severity": severity, **labels}}


@pytest.mark.parametrize(
    "cause",
    [
        [
            alert("TrackableShareDropped", "critical"),
            alert("OperatorDark", "critical", operator="shuya-atp"),
            alert("OperatorDark", "critical", operator="ivpat-1"),
            alert("OperatorShareDropped", "warning", operator="kineshma-atp"),
        ],
        [
            alert("ProbeFailing", "warning"),
            alert("SharesStale", "warning"),
            alert("IngestStalled", "critical"),
        ],
        [alert("UnregisteredVehicles", "info", operator=name) for name in ("a", "b", "c")],
    ],
    ids=["a mobile network", "the database", "a list that is not up to date"],
)
def test_one_cause_is_one_message(cause: list[dict[str, Any]], userland: Userland) -> None:
    """Whatever one fault sets off comes as one message."""
    with (
        Webhook() as webhook,
        started(_router(webhook_routes(webhook.url, wait="2s"), userland)) as router,
    ):
        _post(f"{router.url}/api/v2/alerts", cause)
        wait_until(lambda: len(webhook.told) >= len(cause), seconds=20, what="the message")
        assert webhook.messages == 1
        assert len(webhook.told) == len(cause)


def test_a_message_has_links_and_words(userland: Userland, tmp_path: Path) -> None:
    """The dashboard opens around the alert's beginning; a resolved alert is shown as resolved."""
    began = datetime(2026, 11, 26, 8, tzinfo=UTC)
    dark: dict[str, Any] = {
        "status": "firing",
        "startsAt": began.isoformat(),
        "annotations": {
            "summary": "shuya-atp is dark: 0 of 88 buses are trackable within 5 min",
            "dashboard_url": f"{GRAFANA}/d/fleetgauge-dispatch-en?var-operator=shuya-atp",
            "runbook_url": f"{RUNBOOKS}/operator-dark.md",
        },
    }
    over = {
        "status": "resolved",
        "startsAt": (began - timedelta(hours=1)).isoformat(),
        "endsAt": began.isoformat(),
        "annotations": {"resolved": "Positions come in again, or no bus is expected out"},
    }
    data = {"receiver": "people", "status": "firing", "alerts": [dark, over]}
    at = int(began.timestamp() * 1000)
    assert _rendered("text", data, tmp_path, userland).splitlines() == [
        "▲ shuya-atp is dark: 0 of 88 buses are trackable within 5 min",
        f"  {dark['annotations']['dashboard_url']}&time={at}&time.window=7200000",
        f"  {RUNBOOKS}/operator-dark.md",
        "✔ Positions come in again, or no bus is expected out",
    ]
    assert _rendered("title", data, tmp_path, userland).strip().endswith("within 5 min (1 of 2)")


def test_the_addresses_are_put_in_and_are_no_labels(userland: Userland) -> None:
    """The links have what the environment names, and no receiver sees it as a label."""
    text = (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    environment = {"GRAFANA": GRAFANA, "DASHBOARD_LANGUAGE": "en", "RUNBOOKS": RUNBOOKS}
    config = yaml.safe_load(Template(text).substitute(environment))
    with (
        Webhook() as webhook,
        started(_router(webhook_routes(webhook.url), userland)) as router,
    ):
        config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
        (alertmanagers,) = config["alerting"]["alertmanagers"]
        alertmanagers["static_configs"] = [{"targets": [router.url.removeprefix("http://")]}]
        config |= {"rule_files": ["*.rules.yml"], "scrape_configs": []}
        files = {"one.rules.yml": _exporter_absent_soon()}
        server = PrometheusServer(yaml.safe_dump(config), files=files, userland=userland)
        with started(server):
            wait_until(lambda: bool(webhook.told), seconds=30, what="the alert at the webhook")
    told = webhook.told[0]
    assert told["labels"] == {"alertname": "ExporterAbsent", "severity": "critical"}
    assert told["annotations"]["runbook_url"] == f"{RUNBOOKS}/exporter-absent.md"
    assert told["annotations"]["dashboard_url"] == f"{GRAFANA}/d/fleetgauge-pipeline-en"


def _router(routes: str, userland: Userland) -> AlertmanagerServer:
    files = {TEMPLATE.name: TEMPLATE.read_text()}
    return AlertmanagerServer(routes, files=files, userland=userland)


def _post(url: str, document: list[dict[str, Any]]) -> None:
    body = json.dumps(document).encode()
    request = Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=10):  # noqa: S310
        pass


def _exporter_absent_soon() -> str:
    groups = yaml.safe_load((ROOT / "metrics/rules/pipeline.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    (absent,) = (rule for rule in rules if rule.get("alert") == "ExporterAbsent")
    # Prometheus takes 5 s to find its Alertmanager, and sends an alert again after a minute only.
    return yaml.safe_dump({"groups": [{"name": "one", "rules": [absent | {"for": "10s"}]}]})


def _rendered(name: str, data: dict[str, Any], folder: Path, userland: Userland) -> str:
    path = folder / "data.json"
    path.write_text(json.dumps(data))
    arguments = ["template", "render", f"--template.glob={TEMPLATE}", f"--template.data={path}"]
    text = f'--template.text={{{{ template "fleetgauge.{name}" . }}}}'
    done = amtool([*arguments, text], userland=userland)
    assert done.returncode == 0, done.stderr
    return done.stdout
