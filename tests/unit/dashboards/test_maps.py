"""A map is legible and asks nobody else: its layers, shapes, zoom and background."""

import json
from typing import Final

import pytest
import yaml

from tests.unit.dashboards import grafana
from tests.unit.project.repository import text_of

MAPS = [
    (name, panel)
    for name in grafana.NAMES
    for panel in grafana.panels(grafana.dashboard(name))
    if panel["type"] == "geomap"
]
SHAPES: Final = {
    "●": "circle",
    "✕": "x-mark",
    "■": "square",
    "★": "star",
    "▲": "triangle",
    "✚": "cross",
}
LEGEND_BOX: Final = 63
ROW: Final = 38
"""Pixels."""
each_map = pytest.mark.parametrize(
    ("name", "panel"), MAPS, ids=[f"{name}: {panel['title']}" for name, panel in MAPS]
)


@each_map
def test_the_background_is_the_servers_to_choose(name: str, panel: grafana.Json) -> None:
    """No map names a tile server of its own."""
    assert panel["options"]["basemap"]["type"] == "default"


def test_the_background_asks_no_other_host() -> None:
    """As provisioned, it is one transparent picture; one setting names a tile server."""
    compose = yaml.safe_load(text_of("docker-compose.yml"))
    setting = compose["services"]["grafana"]["environment"]["GF_GEOMAP_DEFAULT_BASELAYER_CONFIG"]
    layer = json.loads(setting)
    assert layer["type"] == "xyz"
    assert layer["config"]["url"].startswith("${MAP_TILES_URL:-data:image/gif;base64,")


@each_map
def test_a_map_fits_what_it_shows(name: str, panel: grafana.Json) -> None:
    """It comes close enough to tell streets; the zoom is the most that a fit may take."""
    view = panel["options"]["view"]
    assert view["id"] == "fit"
    assert view["zoom"] >= (16 if name == "vehicle" else 12)


def test_dark_buses_are_on_top_and_larger() -> None:
    """What a dispatcher looks for is not hidden under what works."""
    first, *dark = _buses()
    assert first["name"] == "● trackable"
    assert all(_size(layer) > _size(first) for layer in dark)


def test_every_state_has_the_shape_of_its_word() -> None:
    """The map and the tables have the same sign for one state."""
    for layer in _buses():
        style = layer["config"]["style"]
        assert style["symbol"]["fixed"] == f"img/icons/marker/{SHAPES[layer['name'][0]]}.svg"


def test_a_legend_has_every_sign_and_hides_little() -> None:
    """Grafana stacks a box for each layer on the map: together a third of its height at most."""
    for name, panel in MAPS:
        layers = panel["options"]["layers"]
        shown = [layer for layer in layers if layer["config"].get("showLegend")]
        assert all("field" not in each["config"]["style"]["color"] for each in shown), (
            "Grafana draws no legend for colours of texts"
        )
        assert len(shown) * LEGEND_BOX <= panel["gridPos"]["h"] * ROW / 3, (name, panel["title"])
        signs = {layer["name"][0] for layer in layers} & SHAPES.keys()
        assert not shown or signs <= {sign for layer in shown for sign in layer["name"]}
    assert any(layer["config"]["showLegend"] for layer in _buses())


def _buses() -> list[grafana.Json]:
    panel = next(panel for name, panel in MAPS if name == "dispatch")
    layers: list[grafana.Json] = panel["options"]["layers"]
    return layers


def _size(layer: grafana.Json) -> int:
    size: int = layer["config"]["style"]["size"]["fixed"]
    return size
