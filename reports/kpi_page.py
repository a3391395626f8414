"""The report of a date as one page of HTML that needs nothing else, and prints well."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from reports import words
from reports.documents import EquipmentFound, Figure, KpiDocument, MinimumShare, WindowShare
from reports.language import Language
from reports.pages import page
from reports.paper import Table, shown
from reports.plots import Bar, Plots, Point
from reports.series_tables import dates_table, groups_table, series_title


class _Rule(NamedTuple):
    name: str
    title: str
    plot: str
    rows: Sequence[tuple[str, WindowShare | MinimumShare]]


def kpi_page(document: KpiDocument, language: Language) -> str:
    """Return the page."""
    figures = document["indicators"]
    groups = document["groups"]
    plots = _plots(document, language)
    overview = [_bar(words.title(language, name), each) for name, each in figures.items()]
    return page(
        "kpi.html.j2",
        language,
        document=document,
        subject=words.subject(language, document),
        knowledge=words.knowledge(language, document),
        downtime=words.downtime(language, document["ingest_downtime"]),
        notes=words.notes(language, document),
        corrections=words.corrections(language, document["corrections"]),
        series=list(_series(document, language)),
        shown=partial(shown, language),
        stated=words.stated(language, document),
        evidence=lambda figure: words.evidence(language, figure),
        definitions=words.definitions(language, document),
        compared=_is_compared(document),
        overview=plots.bars(language.text("Shares of the fleet"), overview),
        by=groups[0]["by"] if groups else None,
        too_small=words.too_small(language, document["min_group_size"]),
        planned={name for name in figures if _is_planned(document, name)},
        by_group={name: _by_group(document, name, plots, language) for name in figures},
        rules=list(_rules(document, plots, language)),
        differences=words.differences(language, len(document["disagreements"])),
        equipped=lambda found: _equipped(found, language),
    )


def _series(document: KpiDocument, language: Language) -> Iterator[tuple[str, Table]]:
    found, indicators = document["series"], list(document["indicators"])
    if found:
        title = words.sentence(series_title(found, language))
        yield title, dates_table(found, indicators, language)
        if document["by"]:
            grouped = words.grouped(language, document["by"])
            table = groups_table(found, document["by"], indicators, language)
            yield f"{title}, {grouped}", table


def _is_compared(document: KpiDocument) -> bool:
    return any(figure["compared"] for figure in document["indicators"].values())


def _is_planned(document: KpiDocument, indicator: str) -> bool:
    return any(group["indicators"][indicator]["plan"] is not None for group in document["groups"])


def _plots(document: KpiDocument, language: Language) -> Plots:
    then = language.date(document["comparison"]["on"]) if _is_compared(document) else None
    return Plots(language, language.date(document["on"]), then)


def _bar(label: str, figure: Figure) -> Bar:
    compared = figure["compared"]
    return Bar(label, figure["ratio"], compared and compared["ratio"], figure["plan"])


def _by_group(document: KpiDocument, indicator: str, plots: Plots, language: Language) -> str:
    rows = [
        _bar(words.group_name(language, group["name"]), group["indicators"][indicator])
        for group in document["groups"]
    ]
    return plots.bars(words.title(language, indicator), rows)


def _rules(document: KpiDocument, plots: Plots, language: Language) -> Iterator[_Rule]:
    found = document["sensitivity"]
    if found is None:
        return
    title = words.by_window(language, found["at"], document["on"])
    windows = [(language.window(row["seconds"]), row) for row in found["windows"]]
    yield _rule(language.text("window"), title, windows, plots)
    minima = [(language.number(row["minutes"]), row) for row in found["minimum_minutes"]]
    yield _rule(language.text("minutes"), words.by_minimum(language), minima, plots)


def _rule(
    name: str,
    title: str,
    rows: Sequence[tuple[str, WindowShare | MinimumShare]],
    plots: Plots,
) -> _Rule:
    points = [Point(label, row["ratio"]) for label, row in rows]
    return _Rule(name, title, plots.steps(title, points), rows)


def _equipped(found: EquipmentFound, language: Language) -> str:
    answer = language.yes_no(found["equipped"])
    # With a mark instead of words each vehicle has one line on paper.
    return f"{answer} *" if found["source"] == "declared" else answer
