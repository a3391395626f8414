"""Numbers as they are: exact counts, signed points, and no ratio of a handful of buses."""

import re
from typing import Final

import pytest

from tests.unit.dashboards import grafana

MINIMUM_GROUP: Final = 5
ENGLISH = [
    (name, panel) for name in grafana.NAMES for panel in grafana.panels(grafana.dashboard(name))
]
QUERIES = [query for name in grafana.NAMES for query in grafana.queries(name)]
each_query = pytest.mark.parametrize("query", QUERIES, ids=str)


def test_no_count_is_rounded() -> None:
    """ "short" makes 1.14 K of 1,140; a rate is in what it counts."""
    for name, panel in ENGLISH:
        defaults = panel["fieldConfig"]["defaults"]
        units = {defaults.get("unit")} | {
            each["value"]
            for override in panel["fieldConfig"]["overrides"]
            for each in override["properties"]
            if each["id"] == "unit"
        }
        assert not units & {"short", "ops"}, (name, panel["title"])


@each_query
def test_a_small_group_has_no_ratio(query: grafana.Query) -> None:
    """Wherever vehicles are divided by vehicles there are at least five of them."""
    if query.datasource == grafana.PROMETHEUS:
        divided = re.search(r"/.*fleet_vehicles\{", query.text)
    else:
        divided = re.search(r"::float8 / (count|sum|whole|figure)", query.text)
    if divided:
        assert f">= {MINIMUM_GROUP}" in query.text


@each_query
def test_a_plan_is_that_of_the_chosen_operator(query: grafana.Query) -> None:
    """Its own where it has one, else the whole fleet's."""
    for target in re.findall(r"from grafana\.target where (.*?) limit 1", query.text):
        assert re.search(
            r"operator is null or (target\.)?(operator =|array\[operator\] =)", target
        ) or ("target.municipality is null or" in target)
        assert re.search(r"order by (target\.)?(operator|municipality) nulls last", target)
    assert query.text.count("grafana.target") == query.text.count("nulls last limit 1")


def test_points_have_a_sign_and_a_unit() -> None:
    """In both languages, and the colour follows the sign."""
    for language, unit in (("en", "pp"), ("ru", "п. п.")):
        for name in grafana.NAMES:
            for panel in grafana.panels(grafana.dashboard(name, language)):
                if panel["type"] not in {"stat", "table"} or "rawSql" not in panel["targets"][0]:
                    continue
                if "difference" in grafana.columns(panel):
                    above, below = grafana.properties(panel, "difference")["mappings"]
                    assert above["options"]["pattern"] == "([+].+)"
                    assert above["options"]["result"]["text"] == f"$1 {unit}"
                    assert above["options"]["result"]["color"] == "blue"
                    assert below["options"]["pattern"] == "(-.+)"
                    assert below["options"]["result"]["text"] == f"$1 {unit}"
                    assert below["options"]["result"]["color"] == "red"
                    assert "'FMSG990.0') as difference" in panel["targets"][0]["rawSql"]
