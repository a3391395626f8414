"""What matters in a table is seen without scrolling to the right."""

from typing import Final

import pytest

from tests.unit.dashboards import grafana

MENU: Final = 300
MARGINS: Final = 32
GAP: Final = 8
FRAME: Final = 18
"""Pixels, as measured on Grafana 12.2: docked menu, page, between panels, around a table."""
CHARACTER: Final = 7.3
"""Pixels of the tables' font, on the average."""

PADDING: Final = 6
FILTER: Final = 20

BEHIND: Final = {
    ("dispatch", "Went dark, newest first"): {"plate", "depot", "rejected_reason"},
    ("vehicle", "Rejected messages"): {"topic"},
    ("kpi", "Vehicles behind the figures"): {"plate", "depot"},
    ("equipment", "Where the two disagree"): {"plate", "depot"},
    ("equipment", "Broke in the chosen period"): {"plate", "depot", "last_worked_at"},
}
"""Columns that may be right of the edge on a laptop; all others may not."""

TABLES = [
    (name, panel)
    for name in grafana.NAMES
    for panel in grafana.panels(grafana.dashboard(name))
    if panel["type"] == "table"
]
each_table = pytest.mark.parametrize(
    ("name", "panel"), TABLES, ids=[f"{name}: {panel['title']}" for name, panel in TABLES]
)


@each_table
def test_every_column_has_its_width(name: str, panel: grafana.Json) -> None:
    """One takes what is left, so that the table is never narrower than its panel."""
    widths = [grafana.properties(panel, column) for column in grafana.columns(panel)]
    assert all({"custom.width", "custom.minWidth"} & each.keys() for each in widths)
    assert any("custom.minWidth" in each for each in widths)


@each_table
def test_what_matters_is_left_of_the_edge(name: str, panel: grafana.Json) -> None:
    """At 1366 pixels with the menu open; at 1920 all columns are."""
    behind = BEHIND.get((name, panel["title"]), set())
    columns = grafana.columns(panel)
    assert behind <= set(columns)
    assert _width(panel, [each for each in columns if each not in behind]) <= _inside(panel, 1366)
    assert set(columns[len(columns) - len(behind) :]) == behind
    assert _width(panel, columns) <= _inside(panel, 1920)


def test_a_column_has_room_for_its_name() -> None:
    """And for the sign of the filter, where it has one."""
    for path, document in grafana.dashboards():
        for panel in grafana.panels(document):
            for column in grafana.columns(panel) if panel["type"] == "table" else []:
                found = grafana.properties(panel, column)
                sign = FILTER if found.get("custom.filterable") else 0
                width = found.get("custom.width") or found["custom.minWidth"]
                assert len(found["displayName"]) * CHARACTER + 2 * PADDING + sign <= width, (
                    path,
                    panel["title"],
                    column,
                )


def test_an_id_is_shown_as_it_is() -> None:
    """Bus 0142 is not 142: with a unit of numbers Grafana reads every text as one that it can."""
    text = {
        "matcher": {"id": "byType", "options": "string"},
        "properties": [{"id": "unit", "value": "string"}],
    }
    for _, panel in TABLES:
        assert panel["fieldConfig"]["overrides"][1] == text, panel["title"]


def test_no_two_columns_have_one_name() -> None:
    """Grafana keeps a row's cells by the names of their columns: the later would stand in both."""
    for path, document in grafana.dashboards():
        for panel in grafana.panels(document):
            if panel["type"] == "table":
                names = [
                    grafana.properties(panel, column).get("displayName", column)
                    for column in grafana.selected(panel)
                ]
                assert len(set(names)) == len(names), (path, panel["title"])


def test_a_reason_can_be_read_in_words() -> None:
    """The column of the reason holds the longest of them, in both languages."""
    for language in ("en", "ru"):
        for panel in grafana.panels(grafana.dashboard("dispatch", language)):
            if panel["type"] == "table" and "reason" in grafana.columns(panel):
                reason = grafana.properties(panel, "reason")
                texts = [each["text"] for each in reason["mappings"][0]["options"].values()]
                assert max(map(len, texts)) * CHARACTER + GAP <= reason["custom.width"]


def _width(panel: grafana.Json, columns: list[str]) -> int:
    found = [grafana.properties(panel, column) for column in columns]
    return sum(each.get("custom.width") or each["custom.minWidth"] for each in found)


def _inside(panel: grafana.Json, screen: int) -> float:
    column = (screen - MENU - MARGINS - 23 * GAP) / 24
    width = panel["gridPos"]["w"]
    return float(width * column + (width - 1) * GAP - FRAME)
