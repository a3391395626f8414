"""The 17 rules of Grafana's dashboard-linter, by their names there.

Whether PromQL is valid (target-promql-rule) is for a real Prometheus to say:
tests/integration/dashboards/test_panels.py.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.unit.dashboards import grafana
from tests.unit.promql import selectors

Rule = Callable[[grafana.Json], Iterator[str]]

CHECKED_TITLES: Final = {"stat", "singlestat", "graph", "table", "timeseries", "gauge"}
CHECKED_UNITS: Final = {"stat", "singlestat", "graph", "table", "timeseries", "gauge"}
CHECKED_DATASOURCES: Final = {"singlestat", "graph", "table", "timeseries"}
UNITS: Final = {
    *("none", "percentunit", "velocitykmh", "dateTimeFromNow", "s", "dthms", "bytes"),
}
"""Those of the linter's list that we use; one of our own begins with "suffix:"."""

NOT_A_PROCESS: Final = (
    "a share is a figure of the fleet, computed alike by every exporter: `max by` lets several "
    "count once, and choosing an instance would choose nothing"
)
EXCLUSIONS: Final = {
    ("template-datasource-rule", "postgres_datasource"): (
        "the rule wants grafana-postgresql-datasource_datasource, which ${…} cannot interpolate: "
        "variable names take word characters only"
    ),
    ("template-label-promql-rule", "sql"): (
        "the rule takes every variable for Prometheus's; these ask PostgreSQL"
    ),
    **{
        (rule, name): NOT_A_PROCESS
        for rule in ("template-job-rule", "template-instance-rule")
        for name in ("dispatch", "wall", "vehicle", "equipment", "kpi")
    },
    **{
        (rule, name): NOT_A_PROCESS
        for rule in ("target-job-rule", "target-instance-rule")
        for name in ("dispatch", "wall", "equipment")
    },
    **{
        ("panel-title-description-rule", str(panel["id"])): (
            "Grafana's titles are 14 pixels high, which nobody reads on a wall: a panel of it has "
            "its name in its value's text"
        )
        for panel in grafana.dashboard("wall")["panels"]
    },
    ("target-job-rule", "ALERTS"): "Prometheus's own series of an alert has no job",
    ("target-instance-rule", "ALERTS"): "Prometheus's own series of an alert has no instance",
}


def template_datasource_rule(document: grafana.Json) -> Iterator[str]:
    """Data sources are chosen by variables named and labelled after their kind."""
    chosen = [each for each in grafana.variables(document) if each["type"] == "datasource"]
    if not chosen:
        yield "none"
    for each in chosen:
        kind = each["query"]
        # The rule knows English alone; a translation of the label is none of its business.
        labels = (
            {f"{kind.title()} data source"} if document["uid"].endswith("-en") else {each["label"]}
        )
        if each["name"] != f"{kind}_datasource" or each["label"] not in labels:
            yield each["name"]


def template_job_rule(document: grafana.Json) -> Iterator[str]:
    """There is a variable of the jobs."""
    yield from _process_variable(document, "job")


def template_instance_rule(document: grafana.Json) -> Iterator[str]:
    """There is a variable of the instances."""
    yield from _process_variable(document, "instance")


def template_label_promql_rule(document: grafana.Json) -> Iterator[str]:
    """Query variables ask by one of Prometheus's functions."""
    for each in _query_variables(document):
        asked = grafana.variable_query(each)
        if not re.fullmatch(r"(label_names|label_values|metrics|query_result)\(.+\)", asked):
            yield "sql" if asked.startswith("select ") else each["name"]


def template_on_time_change_reload_rule(document: grafana.Json) -> Iterator[str]:
    """Query variables are queried again when the time range changes."""
    yield from (each["name"] for each in _query_variables(document) if each["refresh"] != 2)


def panel_datasource_rule(document: grafana.Json) -> Iterator[str]:
    """Panels use the data sources that the variables choose."""
    chosen = {f"${{{each['name']}}}" for each in grafana.variables(document)}
    for panel in grafana.panels(document):
        used = [panel["datasource"]["uid"], *(t["datasource"]["uid"] for t in panel["targets"])]
        if panel["type"] in CHECKED_DATASOURCES and not set(used) <= chosen:
            yield panel["title"]


def panel_title_description_rule(document: grafana.Json) -> Iterator[str]:
    """Panels have a title and a description."""
    for panel in grafana.panels(document):
        if not (panel.get("title") and panel.get("description")):
            yield str(panel["id"])


def panel_units_rule(document: grafana.Json) -> Iterator[str]:
    """Panels of numbers have a unit that Grafana knows."""
    for panel in grafana.panels(document):
        defaults = panel["fieldConfig"]["defaults"]
        texts = panel["type"] == "stat" and panel["options"]["reduceOptions"]["fields"]
        excused = texts or defaults["mappings"]
        unit = defaults.get("unit", "")
        known = unit in UNITS or unit.startswith("suffix:")
        if panel["type"] in CHECKED_UNITS and not excused and not known:
            yield panel["title"]


def panel_no_targets_rule(document: grafana.Json) -> Iterator[str]:
    """Panels ask for something."""
    yield from (panel["title"] for panel in grafana.panels(document) if not panel["targets"])


def target_logql_rule(document: grafana.Json) -> Iterator[str]:
    """There are no logs in our dashboards, so there is no LogQL to be wrong."""
    yield from (t["refId"] for p in grafana.panels(document) for t in p["targets"] if _is_loki(t))


def target_logql_auto_rule(document: grafana.Json) -> Iterator[str]:
    """As above: nothing that could lack $__auto."""
    yield from target_logql_rule(document)


def target_rate_interval_rule(document: grafana.Json) -> Iterator[str]:
    """A rate is taken over $__rate_interval."""
    for text in _expressions(document):
        for found in selectors(text):
            if found.function in {"rate", "irate"} and found.range != "$__rate_interval":
                yield text


def target_job_rule(document: grafana.Json) -> Iterator[str]:
    """Every selection is of the chosen jobs."""
    yield from _without_matcher(document, 'job=~"$job"')


def target_instance_rule(document: grafana.Json) -> Iterator[str]:
    """Every selection is of the chosen instances."""
    yield from _without_matcher(document, 'instance=~"$instance"')


def target_counter_agg_rule(document: grafana.Json) -> Iterator[str]:
    """A counter is never shown as it stands."""
    for text in _expressions(document):
        for found in selectors(text):
            counted = found.function in {"rate", "irate", "increase"} and found.range
            if found.name.endswith("_total") and not counted:
                yield text


def uneditable_dashboard(document: grafana.Json) -> Iterator[str]:
    """The files are the truth: nothing is edited in the browser."""
    if document["editable"]:
        yield "editable"


RULES: Final[dict[str, Rule]] = {
    "template-datasource-rule": template_datasource_rule,
    "template-job-rule": template_job_rule,
    "template-instance-rule": template_instance_rule,
    "template-label-promql-rule": template_label_promql_rule,
    "template-on-time-change-reload-rule": template_on_time_change_reload_rule,
    "panel-datasource-rule": panel_datasource_rule,
    "panel-title-description-rule": panel_title_description_rule,
    "panel-units-rule": panel_units_rule,
    "panel-no-targets-rule": panel_no_targets_rule,
    "target-logql-rule": target_logql_rule,
    "target-logql-auto-rule": target_logql_auto_rule,
    "target-rate-interval-rule": target_rate_interval_rule,
    "target-job-rule": target_job_rule,
    "target-instance-rule": target_instance_rule,
    "target-counter-agg-rule": target_counter_agg_rule,
    "uneditable-dashboard": uneditable_dashboard,
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("name", "document"), list(grafana.dashboards()))
def test_the_linters_rule_holds(rule: str, name: str, document: grafana.Json) -> None:
    """Each rule holds for each dashboard, but for what is excluded with its reason."""
    found = set(RULES[rule](document))
    assert {each for each in found if (rule, each) not in EXCLUSIONS} == set(), name


def test_no_exclusion_has_outlived_its_cause() -> None:
    """What is excluded is still there."""
    found = {
        (rule, each)
        for _, document in grafana.dashboards()
        for rule, check in RULES.items()
        for each in check(document)
    }
    assert set(EXCLUSIONS) <= found


def _name(document: grafana.Json) -> str:
    return str(document["uid"]).split("-")[1]


def _is_loki(target: grafana.Json) -> bool:
    return bool(target["datasource"]["type"] == "loki")


def _query_variables(document: grafana.Json) -> list[grafana.Json]:
    return [each for each in grafana.variables(document) if each["type"] == "query"]


def _process_variable(document: grafana.Json, name: str) -> Iterator[str]:
    for each in _query_variables(document):
        if each["name"] == name:
            asked = each["datasource"]["uid"] == "${prometheus_datasource}"
            if asked and each["multi"] and each["allValue"] == ".+":
                return
    yield _name(document)


def _expressions(document: grafana.Json) -> list[str]:
    targets = [target for panel in grafana.panels(document) for target in panel["targets"]]
    return [target["expr"] for target in targets if "expr" in target]


def _without_matcher(document: grafana.Json, matcher: str) -> Iterator[str]:
    for text in _expressions(document):
        for found in selectors(text):
            if matcher not in found.matchers:
                yield found.name if found.name == "ALERTS" else _name(document)
