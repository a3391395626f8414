"""One dashboard, two languages: the Russian follows from the English and a catalogue."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import render
from models.rejection import RejectReason
from reports.language import LanguageCode, language
from reports.words import REASONS
from tests.unit.dashboards import grafana

RUSSIAN = render.load_catalogue("ru")
SAME_IN_RUSSIAN = {"p50", "p95", "p99", "—"}
NO_TEXTS = {
    *("panels/targets/rawSql", "panels/targets/expr"),
    *("templating/list/definition", "templating/list/query", "templating/list/query/query"),
    *("annotations/list/name", "annotations/list/datasource/uid", "annotations/list/iconColor"),
    *("panels/options/basemap/name", "panels/fieldConfig/overrides/matcher/options"),
}
"""Where strings of several words are that nobody reads on a dashboard."""


def test_the_files_are_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    """`make dashboards` would change nothing, and nothing else lies beside its files."""
    assert render.main(["--check"]) == 0, capsys.readouterr().err
    for folder in render.LANGUAGES[1:]:
        there = {path.name for path in (render.HERE / folder).iterdir()}
        assert there == {path.name for path in render.sources()}


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("", "no translation of 'Stop'"),
        ('msgid "Stop"\nmsgstr ""\n', "no translation of 'Stop'"),
        ('#, fuzzy\nmsgid "Stop"\nmsgstr "Стой"\n', "no translation of 'Stop'"),
        ('msgid "Stop"\nmsgstr "Стоп"\n\nmsgid "Go"\nmsgstr "Иди"\n', "no dashboard shows 'Go'"),
    ],
)
def test_a_catalogue_out_of_step_writes_nothing(
    entry: str,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A text without translation is named, and a translation without text; none is rendered."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en/stop.json").write_text('{"title": "Stop", "uid": "fleetgauge-stop-en"}')
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (tmp_path / "ru.po").write_text(header + entry, encoding="utf-8")
    monkeypatch.setattr(render, "HERE", tmp_path)
    for arguments in ([], ["--check"]):
        assert render.main(arguments) == 1
        assert capsys.readouterr().err == f"ru.po: {complaint}\n"
    assert not (tmp_path / "ru").exists()


def test_a_translation_is_there_once() -> None:
    """No text is in the catalogue twice, where only the last would count."""
    entries = re.findall("^msgid ", (render.HERE / "ru.po").read_text("utf-8"), re.MULTILINE)
    assert len(entries) == len(RUSSIAN) + 1, "one is the header"


@pytest.mark.parametrize("english", sorted(RUSSIAN))
def test_a_text_is_there_in_both_languages(english: str) -> None:
    """Neither is forgotten; what Grafana puts in is the same in both."""
    russian = RUSSIAN[english]
    assert english.strip() == english
    assert russian.strip() == russian
    assert re.search("[а-яё]", russian.lower()) or english in SAME_IN_RUSSIAN
    assert not re.search("[а-яё]", english.lower())
    assert re.findall(r"\{\{.*?\}\}", english) == re.findall(r"\{\{.*?\}\}", russian)


def test_one_russian_word_is_one_thing() -> None:
    """What English tells apart, Russian does: fleet and depot, report and message and payload."""
    words = {
        "depot": "автобаз",
        "fleet": "парк",
        "(?<!bus )reports": "отмет",
        "messages": "сообщени",
        "payload": "содержим",
    }
    for english, russian in RUSSIAN.items():
        found = {word for word in words if re.search(rf"\b{word}\b", english.lower())}
        for word in found:
            assert words[word] in russian.lower(), (word, russian)
    assert not any("парк" in r.lower() for e, r in RUSSIAN.items() if "fleet" not in e.lower())


@pytest.mark.parametrize("code", list(LanguageCode))
def test_a_reason_has_the_words_that_pages_and_reports_have(code: LanguageCode) -> None:
    """Behind its sign, in tables, tiles, bars and on maps."""
    words = {reason: language(code).text(text) for reason, text in REASONS.items()}
    found = set()
    for name in grafana.NAMES:
        for panel in grafana.panels(grafana.dashboard(name, code)):
            for reason, text in _reasons(panel):
                assert text[0] != words[reason][0], "a sign"
                assert text[2:] == words[reason], (name, panel["title"])
                found.add((name, panel["type"], reason))
    assert {(name, kind) for name, kind, _ in found} == {
        *(("dispatch", kind) for kind in ("table", "geomap", "bargauge")),
        *(("wall", kind) for kind in ("stat", "geomap")),
        ("vehicle", "stat"),
    }


def test_every_reason_of_a_rejection_has_words() -> None:
    """The closed set of them, in both languages, wherever a rejected message is listed."""
    for path, document in grafana.dashboards():
        for panel in grafana.panels(document):
            if panel["type"] == "table" and "detail" in grafana.columns(panel):
                (mapping,) = grafana.properties(panel, "reason")["mappings"]
                assert mapping["options"].keys() == {reason.value for reason in RejectReason}, path


@pytest.mark.parametrize("name", grafana.NAMES)
def test_no_text_stands_at_a_place_that_is_not_known(name: str) -> None:
    """Whatever has several words is translated, or stands where nobody reads it."""
    for holder, key, place in render.strings(grafana.dashboard(name)):
        if re.search(r"\w \w", holder[key]) and not render.is_text(place, holder[key]):
            assert place.replace("panels/panels", "panels") in NO_TEXTS


@pytest.mark.parametrize("name", grafana.NAMES)
def test_nothing_but_the_texts_depends_on_the_language(name: str) -> None:
    """The same panels with the same queries and variables, in both languages."""
    english, russian = (grafana.dashboard(name, each) for each in render.LANGUAGES)
    for part in ("id", "type", "gridPos", "targets"):
        ours = [[panel[part] for panel in grafana.panels(each)] for each in (english, russian)]
        if part == "targets":
            ours = [[_asked(panel) for panel in targets] for targets in ours]
        assert ours[0] == ours[1]
    assert [(v["name"], v["query"]) for v in grafana.variables(english)] == [
        (v["name"], v["query"]) for v in grafana.variables(russian)
    ]


def _reasons(panel: grafana.Json) -> Iterator[tuple[str, str]]:
    """Yield the reasons that a panel names, and how."""
    config = panel["fieldConfig"]
    given = [("mappings", config["defaults"]["mappings"])]
    for override in config["overrides"]:
        given += [(each["id"], each["value"]) for each in override["properties"]]
        if override["matcher"]["options"] in REASONS and panel["type"] == "bargauge":
            name = grafana.properties(panel, override["matcher"]["options"]).get("displayName", "")
            yield override["matcher"]["options"], name
    for mappings in (value for what, value in given if what == "mappings"):
        for options in (mapping["options"] for mapping in mappings if mapping["type"] == "value"):
            if "never_seen" in options:
                yield from ((code, options[code]["text"]) for code in options.keys() & REASONS)


def _asked(targets: list[grafana.Json]) -> list[tuple[str, str]]:
    return [(target["refId"], target.get("expr") or target["rawSql"]) for target in targets]
