"""The rules say only what exists, and each alert says enough to act on."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.promql import exported_names, metric_names

ROOT = Path(__file__).parents[3]
RULES = sorted((ROOT / "metrics/rules").glob("*.yml"))
TESTS = sorted((ROOT / "metrics/rules/tests").glob("*.yml"))
RUNBOOKS = ROOT / "docs/runbooks"
DASHBOARDS = ROOT / "dashboards/en"
PROMETHEUS_OWN = {"ALERTS"}


def rules(kind: str) -> list[dict[str, Any]]:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


ALERTS = rules("alert")


def named(alert: dict[str, Any]) -> str:
    return str(alert["alert"])


def known_names() -> set[str]:
    return {*exported_names(), *(rule["record"] for rule in rules("record")), *PROMETHEUS_OWN}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (a) (rate(x_total{b="c d"}[5m])) > 0.1', {"x_total"}),
        ("a:b:c offset 6d23h45m and on () (max(d) or vector(0))", {"a:b:c", "d"}),
        ('label_replace(e, "f", "$1", "g", "(.+)") / on (h) group_left () i', {"e", "i"}),
        ("histogram_quantile(0.5, sum by (le) (k_bucket)) > bool 1e3", {"k_bucket"}),
    ],
)
def test_metric_names_are_found(expression: str, names: set[str]) -> None:
    """Functions, labels, texts and numbers are not metrics."""
    assert metric_names(expression) == names


def test_expressions_name_known_metrics() -> None:
    """Every metric of the rules is in the catalogue or recorded by a rule."""
    used = set().union(*(metric_names(rule["expr"]) for rule in [*rules("record"), *ALERTS]))
    assert used <= known_names()
    assert used & exported_names()


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_summaries_ask_for_known_metrics(alert: dict[str, Any]) -> None:
    """What a summary asks Prometheus for is there to be asked for."""
    asked = re.findall(r'(?:query|printf) "((?:[^"\\]|\\.)*)"', alert["annotations"]["summary"])
    assert set().union(*map(metric_names, (text.replace('\\"', '"') for text in asked))) <= (
        known_names()
    )


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_an_alert_waits_holds_and_explains_itself(alert: dict[str, Any]) -> None:
    """Each has `for`, `keep_firing_for`, a severity, words with numbers, and its runbook."""
    assert alert["for"] != "0s"
    assert alert["keep_firing_for"] != "0s"
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert re.search(r"\d|value", alert["annotations"]["summary"])
    slug = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", named(alert)).lower()
    assert alert["annotations"]["runbook_url"] == f"{{{{ $externalLabels.runbooks }}}}/{slug}.md"
    page = (RUNBOOKS / f"{slug}.md").read_text()
    assert page.startswith(f"# {named(alert)}\n")


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_an_alert_leads_to_a_dashboard_that_is_there(alert: dict[str, Any]) -> None:
    """It opens with the operator of the alert chosen, where it has one."""
    url = alert["annotations"]["dashboard_url"]
    uid = re.match(
        r"{{ \$externalLabels\.grafana }}/d/([\w-]+)-{{ \$externalLabels\.language }}", url
    )
    assert uid
    document = json.loads((DASHBOARDS / f"{uid[1].split('-')[1]}.json").read_text())
    assert document["uid"] == f"{uid[1]}-en"
    of_operator = "$labels.operator" in alert["annotations"]["summary"]
    assert ("?var-operator={{ $labels.operator | urlquery }}" in url) is of_operator
    if of_operator:
        assert "operator" in {variable["name"] for variable in document["templating"]["list"]}


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_the_end_of_an_alert_has_words_of_its_own(alert: dict[str, Any]) -> None:
    """They hold no figure, which would be that of the last time it was still wrong."""
    assert not re.search(r"\$value|query", alert["annotations"]["resolved"])
    if "in_service" in alert["expr"]:
        assert re.search("or .+ expected out", alert["annotations"]["resolved"])


def test_every_runbook_has_its_alert() -> None:
    """No page is left of an alert that has gone, and the list of them is whole."""
    pages = {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages == {Path(alert["annotations"]["runbook_url"]).name for alert in ALERTS}
    listed = re.findall(r"^\| \[(\w+)\]\(([\w-]+\.md)\) \| (\w+) \|", index(), re.MULTILINE)
    assert {(name, severity) for name, _, severity in listed} == {
        (named(alert), alert["labels"]["severity"]) for alert in ALERTS
    }
    assert {page for _, page, _ in listed} == pages


def index() -> str:
    return (RUNBOOKS / "README.md").read_text()


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_every_alert_is_tested(alert: dict[str, Any]) -> None:
    """Its promtool tests see it fire, and see it silent before and after."""
    checks = [
        bool(check.get("exp_alerts"))
        for path in TESTS
        for test in yaml.safe_load(path.read_text())["tests"]
        for check in test.get("alert_rule_test", [])
        if check["alertname"] == named(alert)
    ]
    assert True in checks
    assert checks[0] is False
    assert False in checks[checks.index(True) :]
