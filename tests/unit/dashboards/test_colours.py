"""Colours that can be read in both of Grafana's themes, one for a meaning, and never alone."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.unit.dashboards import grafana

# Named colours follow the theme: what each is in the dark and in the light one, of Grafana 12.
PALETTE: Final = {
    "blue": ("#5794F2", "#3274D9"),
    "light-blue": ("#8AB8FF", "#5794F2"),
    "semi-dark-blue": ("#3274D9", "#1F60C4"),
    "red": ("#F2495C", "#E02F44"),
    "semi-dark-red": ("#E02F44", "#C4162A"),
    "dark-orange": ("#FA6400", "#E55400"),
    "semi-dark-purple": ("#A352CC", "#8F3BB8"),
    "dark-green": ("#37872D", "#19730E"),
    "text": ("#CCCCDC", "#24292E"),
    "#6E6E6E": ("#6E6E6E", "#6E6E6E"),
}
PANEL: Final = ("#181B1F", "#FFFFFF")
WHITE: Final = "#FFFFFF"
TEXT_CONTRAST: Final = 4.5
MARK_CONTRAST: Final = 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11."""

GOOD: Final = {"trackable", "true", "1", "working", "actual"}
BAD: Final = {"silent", "false", "0", "broken"}
SHAPES: Final = set("●○✕■★▲✚✔◐")
ALL = list(grafana.dashboards())
each_dashboard = pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])


@each_dashboard
def test_every_colour_is_one_of_the_palette(name: str, document: grafana.Json) -> None:
    """No other stands in the JSON or comes from a query, and no palette of Grafana's own."""
    assert set(_colours(document)) <= PALETTE.keys()
    text = json.dumps(document)
    assert set(re.findall(r"#[0-9A-Fa-f]{6}\b", text)) <= PALETTE.keys()
    assert "palette-classic" not in text


@each_dashboard
def test_a_mark_stands_out_in_both_themes(name: str, document: grafana.Json) -> None:
    """Lines, bars and symbols, on the background of a panel."""
    for colour in set(_colours(document)):
        for shade, panel in zip(PALETTE[colour], PANEL, strict=True):
            assert _contrast(shade, panel) >= MARK_CONTRAST, colour


@each_dashboard
def test_coloured_text_can_be_read_in_both_themes(name: str, document: grafana.Json) -> None:
    """A tile's value and a coloured cell; and the words on the bars of a timeline."""
    for panel in grafana.panels(document):
        for colour in _text_colours(panel):
            for shade, behind in zip(PALETTE[colour], PANEL, strict=True):
                assert _contrast(shade, behind) >= TEXT_CONTRAST, (panel["title"], colour)
        if panel["type"] == "state-timeline" and panel["options"]["showValue"] != "never":
            for colour in _colours(panel["fieldConfig"]["defaults"]["mappings"]):
                for shade in PALETTE[colour]:
                    assert _contrast(WHITE, shade) >= TEXT_CONTRAST, (panel["title"], colour)


def test_no_text_is_coloured_where_it_cannot_be_told() -> None:
    """What would need colours for its values shows them beside marks, not in them."""
    for _, document in ALL:
        for panel in grafana.panels(document):
            if panel["type"] == "bargauge":
                assert panel["options"]["valueMode"] == "text"
            if panel["type"] == "stat":
                assert panel["options"]["colorMode"] in {"value", "none"}


def test_one_meaning_has_one_colour() -> None:
    """The same state, outcome or series is coloured alike wherever it is; text may be plain."""
    colours: dict[str, set[str]] = defaultdict(set)
    for _, document in ALL:
        for code, colour in _coded(document):
            colours[code].add(colour)
    for code, found in colours.items():
        shades = {re.sub("^semi-dark-", "", colour) for colour in found - {"text"}}
        assert len(shades) <= 1, (code, found)
        if code in GOOD | BAD:
            assert shades <= {"blue" if code in GOOD else "red"}


def test_below_the_plan_is_red_everywhere() -> None:
    """Whether a query says so or a threshold."""
    for _, document in ALL:
        text = json.dumps(document)
        for below, not_below in re.findall(r"then '([\w-]+)' else '([\w-]+)' end as colour", text):
            assert (below, not_below) == ("blue", "red")
        for steps in re.findall(r'"steps": (\[[^\]]+\])', text):
            found = json.loads(steps)
            if len(found) > 1:
                assert [step["color"] for step in found] == ["red", "blue"]


@each_dashboard
def test_a_state_has_a_shape_beside_its_colour(name: str, document: grafana.Json) -> None:
    """Whoever cannot tell the colours can tell the states."""
    for mapping in _mappings(document):
        for option in mapping["options"].values():
            if isinstance(option, dict) and "color" in option and "text" in option:
                assert option["text"][0] in SHAPES or len(mapping["options"]) == 1


def _colours(value: Any) -> Iterator[str]:
    """Yield what stands where Grafana takes a colour."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in {"color", "fixedColor"} and isinstance(each, str):
                yield each
            elif key == "color" and "fixed" in each:
                yield each["fixed"]
            else:
                yield from _colours(each)
            if key == "rawSql" and each.count(" as colour"):
                yield from re.findall(r"(?:then|else) '([\w-]+)'", each)
    if isinstance(value, list):
        for each in value:
            yield from _colours(each)


def _text_colours(panel: grafana.Json) -> set[str]:
    if panel["type"] == "stat" and panel["options"]["colorMode"] == "value":
        return set(_colours([panel["fieldConfig"], panel["targets"]]))
    coloured = [
        override["properties"]
        for override in panel["fieldConfig"]["overrides"]
        if {"id": "custom.cellOptions", "value": {"type": "color-text"}} in override["properties"]
    ]
    return set(_colours(coloured))


def _coded(document: grafana.Json) -> Iterator[tuple[str, str]]:
    for mapping in _mappings(document):
        for code, option in mapping["options"].items():
            if "color" in option:
                yield code, option["color"]
    for panel in grafana.panels(document):
        for override in panel["fieldConfig"]["overrides"]:
            if override["matcher"]["id"] == "byName":
                own = [each for each in override["properties"] if each["id"] == "color"]
                for colour in _colours(own):
                    yield override["matcher"]["options"], colour


def _mappings(value: Any) -> Iterator[grafana.Json]:
    if isinstance(value, dict):
        if value.get("type") == "value" and "options" in value:
            yield value
        for each in value.values():
            yield from _mappings(each)
    if isinstance(value, list):
        for each in value:
            yield from _mappings(each)


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
