"""What every dashboard of ours keeps: names that exist, colours that all can tell, links."""

import json
import re

import pytest

from tests.unit.dashboards import grafana
from tests.unit.promql import metric_names
from tests.unit.rules.test_rules import ALERTS, known_names

NULLABLE = {"difference", "age", "contact_at"}
"""What a tile's query may give null: no plan, no fix, never heard."""
FIRING = "red"
ALL = list(grafana.dashboards())
QUERIES = [query for name in grafana.NAMES for query in grafana.queries(name)]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_query_names_what_exists(query: grafana.Query) -> None:
    """Every metric is exported or recorded by a rule, every relation is a view for dashboards."""
    if query.datasource == grafana.PROMETHEUS:
        text = grafana.promql(query.text, {})
        assert metric_names(text) <= known_names()
    else:
        text = re.sub(r"\b(epoch|distinct) from\b", "", query.text)  # not of a relation
        relations = set(re.findall(r"\b(?:from|join)\s+(?!lateral)([a-z_.]+)", text))
        named = set(re.findall(r"\b(\w+) as \(", text))
        assert {name for name in relations if not name.startswith("grafana.")} <= (
            {"generate_series"} | named
        )


def test_ids_are_stable_and_unique() -> None:
    """A bookmark outlives an update, and the two languages stand side by side."""
    ids = [document["uid"] for _, document in ALL]
    assert ids == [f"fleetgauge-{n}-{lang}" for lang in ("en", "ru") for n in grafana.NAMES]
    for _, document in ALL:
        panels = [panel["id"] for panel in grafana.panels(document)]
        assert len(set(panels)) == len(panels)
        assert document["schemaVersion"] == 42


@pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])
def test_links_stay_within_the_language(name: str, document: grafana.Json) -> None:
    """Each leads to a dashboard that is there, in the same language, and all are reached."""
    linked = set(re.findall(r"/d/([\w-]+)", json.dumps(document)))
    ours = {other["uid"] for path, other in ALL if path.split("/")[0] == name.split("/")[0]}
    assert linked <= ours
    assert linked | {document["uid"]} == ours


@pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])
def test_panels_do_not_overlap(name: str, document: grafana.Json) -> None:
    """The grid has 24 columns, and each cell one panel."""
    cells = [
        (x, y)
        for panel in grafana.panels(document)
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])
def test_detail_is_asked_for_when_it_is_wanted(name: str, document: grafana.Json) -> None:
    """A row is closed and holds its panels, of which nothing is asked until it is opened."""
    for row in (panel for panel in document["panels"] if panel["type"] == "row"):
        assert row["collapsed"]
        assert row["panels"]
        for panel in row["panels"]:
            assert panel["gridPos"]["y"] > row["gridPos"]["y"]
    rows = [panel["title"] for panel in document["panels"] if panel["type"] == "row"]
    assert bool(rows) == (name.split("/")[1] in {"dispatch", "kpi", "pipeline"})


@pytest.mark.parametrize("query", grafana.queries("kpi"), ids=str)
def test_a_kpi_is_of_the_chosen_period(query: grafana.Query) -> None:
    """Also the tiles: a report of last December is not of today."""
    for asked in re.findall(r"grafana\.kpi_\w+\((.*?) where ", query.text):
        assert "$__timeTo()" in asked


@pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])
def test_emptiness_is_said_in_words(name: str, document: grafana.Json) -> None:
    """No panel leaves it to a dash that there is nothing, and none praises what may be an error."""
    texts = {panel["fieldConfig"]["defaults"]["noValue"] for panel in grafana.panels(document)}
    assert all(len(text.split()) > 1 for text in texts)
    if name.startswith("en/"):
        assert texts <= {
            "No data",
            "No data: nothing was stored for this choice",
            "No data: Prometheus has no such series in this period",
            "Nothing to show here",
        }


@pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])
def test_an_empty_cell_is_not_an_empty_panel(name: str, document: grafana.Json) -> None:
    """A value that is not known has words of its own, or a dash in a table."""
    for panel in grafana.panels(document):
        if panel["type"] == "table":
            cells = panel["fieldConfig"]["overrides"][0]
            assert cells["matcher"] == {"id": "byRegexp", "options": "/.*/"}
            assert cells["properties"] == [{"id": "noValue", "value": "—"}]
        if panel["type"] == "stat" and "rawSql" in panel["targets"][0]:
            for column in NULLABLE & set(grafana.columns(panel)):
                assert "noValue" in grafana.properties(panel, column)


def test_the_alerts_are_ours_and_look_like_alerts() -> None:
    """Other systems' alerts are not shown, and none is in the colour of "yes"."""
    for name, document in ALL:
        for panel in grafana.panels(document):
            for target in panel["targets"]:
                if "ALERTS" in target.get("expr", ""):
                    (shown,) = re.findall(r'alertname=~"(.*?)"', target["expr"])
                    assert shown.split("|") == sorted(str(alert["alert"]) for alert in ALERTS), name
                    config = panel["fieldConfig"]["defaults"]
                    if panel["type"] == "state-timeline":
                        # Numbers are coloured by their thresholds, whatever is mapped.
                        (step,) = config["thresholds"]["steps"]
                        assert step["color"] == FIRING
                    else:
                        assert config["mappings"][0]["options"]["2"]["color"] == FIRING
