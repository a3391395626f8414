"""The wall fills a screen and is read from five metres."""

import re
from typing import Final

from dashboards.render import LANGUAGES
from tests.unit.dashboards import grafana
from tests.unit.project.repository import text_of
from tests.unit.rules.test_rules import ALERTS

SCREEN: Final = (1920, 1080)
"""Of a 4K screen with a scale of 200 %, too."""
READABLE: Final = 0.018
"""Of the screen's height: the least that is read from five metres."""
ROW: Final = 38
FRAME: Final = 48
CHARACTER: Final = 0.6
"""The mean width of a character by its height, Cyrillic and bold."""
COLUMNS: Final = 24
WALL = grafana.dashboard("wall")
HIDDEN: Final = ("_dash.hideTimePicker", "_dash.hideVariables", "_dash.hideLinks")
KIOSK: Final = "&".join(("/d/fleetgauge-wall-en?kiosk", "autofitpanels", *HIDDEN))


def test_the_screen_is_full() -> None:
    """Every cell of the grid is of a panel, and its height is the screen's."""
    positions = [panel["gridPos"] for panel in WALL["panels"]]
    height = max(at["y"] + at["h"] for at in positions)
    assert sum(at["w"] * at["h"] for at in positions) == COLUMNS * height
    assert SCREEN[1] * 0.9 < height * ROW <= SCREEN[1]


def test_every_text_is_large() -> None:
    """Nothing has a text of Grafana's own size: no title, no table, no legend."""
    for panel in WALL["panels"]:
        assert panel["type"] in {"stat", "bargauge", "geomap"}
        assert panel["title"] == ""
        if panel["type"] == "geomap":
            assert not any(layer["config"]["showLegend"] for layer in panel["options"]["layers"])
        else:
            sizes = panel["options"]["text"]
            assert min(sizes["titleSize"], sizes["valueSize"]) >= READABLE * SCREEN[1]


def test_a_tile_without_a_value_is_not_cut() -> None:
    """Texts have fixed sizes here, and what stands where there is no figure is longer than one."""
    for language in LANGUAGES:
        for panel in grafana.dashboard("wall", language)["panels"]:
            if panel["type"] == "stat":
                text = panel["fieldConfig"]["defaults"]["noValue"]
                width = len(text) * CHARACTER * panel["options"]["text"]["valueSize"]
                column = SCREEN[0] / COLUMNS
                assert width <= panel["gridPos"]["w"] * column - FRAME, (language, panel["id"])


def test_a_night_is_calm_and_a_fault_is_none() -> None:
    """That nothing is expected out is shown only where the exporter says so."""
    share = WALL["panels"][0]
    assert share["options"]["colorMode"] == "none"
    (mapping,) = share["fieldConfig"]["defaults"]["mappings"]
    assert mapping["options"]["-1"]["text"] == "night"
    assert "fleet_operator_in_service)) == 0" in share["targets"][0]["expr"]
    assert "vector" not in share["targets"][0]["expr"]


def test_a_list_says_what_it_lists() -> None:
    """A panel has no title here: the first bar is of all, and the buses stand under a heading."""
    panels = {panel["id"]: panel for panel in WALL["panels"]}
    (bars,) = (panel for panel in panels.values() if panel["type"] == "bargauge")
    legends = [target["legendFormat"] for target in bars["targets"]]
    assert legends[0].count(" ") > 3
    assert legends[1:] == ["{{operator}}"]
    heading, buses = panels[108], panels[107]
    assert heading["fieldConfig"]["defaults"]["displayName"].count("·") == 2
    assert buses["targets"][0]["rawSql"].count("%s") == 4
    below = {**heading["gridPos"], "y": heading["gridPos"]["y"] + heading["gridPos"]["h"]}
    assert {**below, "h": buses["gridPos"]["h"]} == buses["gridPos"]


def test_an_alert_is_named_in_words() -> None:
    """In both languages, with the operator or the indicator that it is about."""
    for language in LANGUAGES:
        panel = next(p for p in grafana.dashboard("wall", language)["panels"] if p["id"] == 106)
        named = {
            re.compile(each["matcher"]["options"].strip("/")): each["properties"][0]["value"]
            for each in panel["fieldConfig"]["overrides"]
        }
        for alert in ALERTS:
            for about in ("", "op1", "cctv", "other"):
                name = f"{alert['alert']} {about}"
                (words,) = (text for pattern, text in named.items() if pattern.search(name))
                assert re.search("[а-яё]" if language == "ru" else "[a-z] [a-z]", words)


def test_its_address_is_documented_and_linked() -> None:
    """With the controls hidden, from every other dashboard and in README."""
    assert KIOSK in text_of("dashboards/README.md")
    for name in set(grafana.NAMES) - {"wall"}:
        assert KIOSK in {link["url"] for link in grafana.dashboard(name)["links"]}


def test_what_it_shows_of_buses_is_of_five_minutes() -> None:
    """It has no controls, so each query of it names the dispatcher's window."""
    for query in grafana.queries("wall"):
        assert "$window" not in query.text
        for window in re.findall(r"bus_now\((.*?)\)", query.text):
            assert window == "'5 minutes'"
