"""Two languages, one dashboard: the rendered files follow from the templates and the texts."""

import re

import pytest

from dashboards import render
from tests.unit.dashboards import grafana

TEXTS = render.load_texts()


def test_the_files_are_rendered() -> None:
    """`make dashboards` would change nothing, and nothing else lies beside its files."""
    rendered = render.rendered()
    for path, text in rendered.items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `make dashboards`"
    there = {path for each in render.LANGUAGES for path in (render.HERE / each).iterdir()}
    assert there == set(rendered)


def test_every_text_is_shown_somewhere() -> None:
    """The catalogue has what the templates name, and no more."""
    named = set().union(*(render.named_texts(p.read_text("utf-8")) for p in render.templates()))
    assert named == set(TEXTS)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_text_is_there_in_both_languages(name: str) -> None:
    """Neither is empty or forgotten; what Grafana puts in is the same in both."""
    english, russian = TEXTS[name]["en"], TEXTS[name]["ru"]
    assert english.strip() == english != ""
    assert re.search("[а-яё]", russian.lower())
    assert not re.search("[а-яё]", english.lower())
    assert re.findall(r"\{\{.*?\}\}", english) == re.findall(r"\{\{.*?\}\}", russian)


@pytest.mark.parametrize("name", grafana.NAMES)
def test_nothing_but_the_texts_depends_on_the_language(name: str) -> None:
    """The same panels with the same queries and variables, in both languages."""
    english, russian = (grafana.dashboard(name, each) for each in render.LANGUAGES)
    for part in ("id", "type", "gridPos", "targets"):
        ours = [[panel[part] for panel in each["panels"]] for each in (english, russian)]
        if part == "targets":
            ours = [[_asked(panel) for panel in targets] for targets in ours]
        assert ours[0] == ours[1]
    assert [(v["name"], v["query"]) for v in grafana.variables(english)] == [
        (v["name"], v["query"]) for v in grafana.variables(russian)
    ]


def _asked(targets: list[grafana.Json]) -> list[tuple[str, str]]:
    return [(target["refId"], target.get("expr") or target["rawSql"]) for target in targets]
