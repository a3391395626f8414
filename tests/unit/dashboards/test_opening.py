"""What a dashboard does as it opens: it refreshes, and its links choose what they lead to."""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.unit.dashboards import grafana

ROW: Final = 980
"""Pixels that a page of 1366 leaves beside the time picker."""
IN_MENU: Final = 3
"""Grafana's VariableHide.inControlsMenu."""
ALL = list(grafana.dashboards())
BY_UID = {document["uid"]: document for _, document in ALL}
each_dashboard = pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])


@each_dashboard
def test_the_refresh_is_one_that_can_be_chosen(name: str, document: grafana.Json) -> None:
    """Grafana ignores an interval that is not in the time picker's list."""
    if document["refresh"]:
        assert document["refresh"] in document["timepicker"]["refresh_intervals"]


def test_what_is_looked_at_live_refreshes() -> None:
    """All but the KPI, whose figures are of days."""
    still = {name for name in grafana.NAMES if not grafana.dashboard(name)["refresh"]}
    assert still == {"kpi"}


@each_dashboard
def test_no_link_passes_several_to_a_variable_of_one(name: str, document: grafana.Json) -> None:
    """All operators are a choice of Dispatch, and none of Vehicle."""
    for link in document["links"]:
        target = BY_UID[re.split(r"[/?]", link["url"])[2]]
        for mine in grafana.variables(document) if link["includeVars"] else ():
            for its in grafana.variables(target):
                if its["name"] == mine["name"] and mine.get("multi"):
                    assert its["multi"]


@each_dashboard
def test_a_variable_in_a_link_is_one_of_both_dashboards(name: str, document: grafana.Json) -> None:
    """What is put in is chosen here, and what it is put into can be chosen there."""
    ours = {variable["name"] for variable in grafana.variables(document)}
    urls = [link["url"] for link in document["links"]] + [
        link["url"] for _, link in _links(document)
    ]
    for url in urls:
        theirs = {
            variable["name"] for variable in grafana.variables(BY_UID[re.split(r"[/?]", url)[2]])
        }
        assert set(re.findall(r"\$\{(\w+)\}", url)) <= ours
        assert set(re.findall(r"var-(\w+)=", url)) <= theirs


@each_dashboard
def test_a_bus_opens_at_the_time_of_its_row(name: str, document: grafana.Json) -> None:
    """A silent bus opens on its last hours: its link passes operator, vehicle and time range."""
    for panel, link in _links(document):
        asked = dict(re.findall(r"[?&]([\w-]+)=\$\{__data\.fields\.(\w+)", link["url"]))
        assert asked == {
            "var-operator": "operator",
            "var-vehicle": "vehicle",
            "from": "opens_from",
            "to": "opens_to",
        }
        for target in panel["targets"]:
            assert set(asked.values()) <= set(re.findall(r"\w+", target["rawSql"]))


def test_the_last_place_is_on_the_map_whatever_the_range() -> None:
    """The marker of Vehicle's map is not asked of the chosen hours."""
    track = next(p for p in grafana.dashboard("vehicle")["panels"] if p["title"] == "Track")
    marker = next(layer for layer in track["options"]["layers"] if layer["type"] == "markers")
    asked = {target["refId"]: target["rawSql"] for target in track["targets"]}
    assert "$__time" not in asked[marker["filterData"]["options"]]


@each_dashboard
def test_the_controls_stand_in_one_row(name: str, document: grafana.Json) -> None:
    """At 1366 pixels; what is seldom chosen is in the menu of the controls."""
    shown = [variable for variable in grafana.variables(document) if not variable.get("hide")]
    assert sum(map(_control, shown)) <= ROW
    assert all(each["hide"] == IN_MENU for each in grafana.variables(document) if each not in shown)
    for variable in grafana.variables(document):
        if variable["type"] == "datasource":
            assert variable not in shown


@each_dashboard
def test_nothing_of_the_database_hangs_on_prometheus(name: str, document: grafana.Json) -> None:
    """Its variables are filled by itself, operators by their names, and none need be chosen."""
    chosen = {each["name"]: each for each in grafana.variables(document)}
    if "operator" in chosen:
        assert "operator as __value, name as __text" in chosen["operator"]["query"]
    asked = [
        *(each["query"] for each in chosen.values() if each["type"] == "query"),
        *(t.get("rawSql", "") for panel in grafana.panels(document) for t in panel["targets"]),
    ]
    for text in map(str, asked):
        assert not re.search(r"\bin \(\$", text), "no choice would be an empty list"
        for variable in re.findall(r"\$\{(\w+):sqlstring\}", text):
            assert chosen[variable]["datasource"]["uid"] == "${postgres_datasource}"


def _control(variable: grafana.Json) -> float:
    """Return the pixels of a control, as measured on Grafana 12.2."""
    value = 111 if variable["multi"] else 50 + 7 * len(variable.get("current", {}).get("value", ""))
    return float(19 + 7.4 * len(variable["label"]) + value + 8)


def _links(document: grafana.Json) -> Iterator[tuple[grafana.Json, grafana.Json]]:
    for panel in grafana.panels(document):
        for override in panel["fieldConfig"]["overrides"]:
            for each in override["properties"]:
                if each["id"] == "links":
                    yield from ((panel, link) for link in each["value"])
