"""What a dashboard does as it opens: it refreshes, and its links choose what they lead to."""

import re
from collections.abc import Iterator

import pytest

from tests.unit.dashboards import grafana

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


def _links(document: grafana.Json) -> Iterator[tuple[grafana.Json, grafana.Json]]:
    for panel in document["panels"]:
        for override in panel["fieldConfig"]["overrides"]:
            for each in override["properties"]:
                if each["id"] == "links":
                    yield from ((panel, link) for link in each["value"])
