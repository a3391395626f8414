"""What is written in a panel can be read in it, in both languages, on a laptop.

Grafana fits a tile's text into the tile, however small it has to be, and cuts a bar's name. The
sizes are those of Grafana 12.4's own components.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.unit.dashboards import grafana

LAPTOP: Final = 1366
MENU: Final = 300
MARGINS: Final = 32
GAP: Final = 8
ROW: Final = 30
FRAME: Final = 16
HEADER: Final = 40
TILE_PADDING: Final = 24
BAR_SPACING: Final = 10
NAME_AND_BAR: Final = 30
"""Pixels: a bar's name above it, and the bar with its number."""
NAME_PART: Final = 0.4
"""Of a panel's width, the most that Grafana gives to names beside their bars."""
CHARACTER: Final = 0.6
"""The mean width of a character by its height, Cyrillic and bold."""
READABLE: Final = 12
"""Pixels: the least height of a text."""
TITLE_AND_ICON: Final = 48
"""Pixels around the text of a title, the sign of the description among them."""

PANELS = [
    (f"{path}: {panel['title'] or panel['id']}", panel)
    for path, document in grafana.dashboards()
    if not path.endswith("/wall")
    for panel in grafana.panels(document)
]


def _of(*kinds: str) -> pytest.MarkDecorator:
    found = [(name, panel) for name, panel in PANELS if not kinds or panel["type"] in kinds]
    return pytest.mark.parametrize("panel", [p for _, p in found], ids=[name for name, _ in found])


@_of()
def test_a_title_is_not_cut(panel: grafana.Json) -> None:
    """With the menu closed: a title that is cut is shown whole where the mouse is."""
    assert len(panel["title"]) * 14 * CHARACTER + TITLE_AND_ICON <= _width(panel, menu=0)


@_of("stat")
def test_a_tile_without_a_value_says_so_legibly(panel: grafana.Json) -> None:
    """Its words are few enough for its width."""
    config = panel["fieldConfig"]
    texts = [config["defaults"]["noValue"]] + [
        each["value"]
        for override in config["overrides"]
        for each in override["properties"]
        if each["id"] == "noValue"
    ]
    for text in texts:
        assert len(text) * READABLE * CHARACTER <= _width(panel) - FRAME - TILE_PADDING, text


@_of("stat")
def test_several_values_of_a_tile_are_lines(panel: grafana.Json) -> None:
    """Side by side, texts have a part of the width each, and Grafana makes all as small."""
    if "rawSql" in panel["targets"][0] and len(columns := grafana.columns(panel)) > 1:
        beside = panel["gridPos"]["w"] / len(columns) >= 6
        assert beside or panel["options"]["orientation"] == "horizontal"


@_of("bargauge")
def test_a_bar_has_its_whole_name(panel: grafana.Json) -> None:
    """Above it, or beside it where that is enough; and no bar is below the panel's edge."""
    names = list(_names(panel))
    assert len(names) > 1, "Grafana leaves out the name of a single bar"
    inside = _width(panel) - FRAME
    height = panel["gridPos"]["h"] * (ROW + GAP) - GAP - HEADER - FRAME + BAR_SPACING
    bar = height / len(names) - BAR_SPACING
    above = panel["options"]["namePlacement"] == "top"
    assert bar >= (NAME_AND_BAR if above else FRAME)
    place = inside if above else inside * NAME_PART
    assert max(map(len, names)) * READABLE * CHARACTER <= place


def _names(panel: grafana.Json) -> Iterator[str]:
    for override in panel["fieldConfig"]["overrides"]:
        yield from (each["value"] for each in override["properties"] if each["id"] == "displayName")


def _width(panel: grafana.Json, menu: int = MENU) -> float:
    column = (LAPTOP - menu - MARGINS - 23 * GAP) / 24
    columns: int = panel["gridPos"]["w"]
    return columns * column + (columns - 1) * GAP
