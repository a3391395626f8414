"""The report of a date as one page of HTML that needs nothing else, and prints well."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from reports import definitions, figure_words, kpi_notes, stated_words, words
from reports.documents import EquipmentFound, Figure, Group, KpiDocument, MinimumShare, WindowShare
from reports.groups import called, groupings_of, groups_by
from reports.language import Language
from reports.pages import page
from reports.paper import Table, shown
from reports.plots import Bar, Plots, Point
from reports.series_tables import dates_table, heat_tables, series_title


class _Grouping(NamedTuple):
    by: str
    groups: Sequence[Group]
    planned: set[str]
    """The indicators of which any of the groups has a plan."""
    plots: Mapping[str, str]
    """By indicator."""


class _Dates(NamedTuple):
    title: str
    tables: Sequence[tuple[str, Table]]
    """Each under its heading; of an empty one there is none."""
    is_heat: bool
    """Whether shares are coloured."""


class _Rule(NamedTuple):
    name: str
    title: str
    plot: str
    rows: Sequence[tuple[str, WindowShare | MinimumShare]]


def kpi_page(document: KpiDocument, language: Language) -> str:
    """Return the page."""
    figures = document["indicators"]
    plots = _plots(document, language)
    overview = [_bar(words.title(language, name), each) for name, each in figures.items()]
    return page(
        "kpi.html.j2",
        language,
        document=document,
        subject=kpi_notes.subject(language, document),
        knowledge=kpi_notes.knowledge(language, document),
        downtime=kpi_notes.downtime(language, document["ingest_downtime"]),
        notes=kpi_notes.notes(language, document),
        corrections=kpi_notes.corrections(language, document),
        series=list(_series(document, language)),
        shown=partial(shown, language),
        stated=stated_words.stated(language, document),
        evidence=lambda figure: figure_words.evidence(language, figure),
        definitions=definitions.definitions(language, document),
        compared=_is_compared(document),
        overview=plots.bars(language.text("Shares of the fleet"), overview),
        groupings=[
            _Grouping(
                by,
                groups,
                {name for name in figures if _is_planned(groups, name)},
                {name: _by_group(document, groups, name, plots, language) for name in figures},
            )
            for by, groups in groups_by(document)
        ],
        called=partial(called, document),
        too_small=words.too_small(language, document["min_group_size"]),
        missing=[vehicle for vehicle in document["fleet"] if not vehicle["trackable"]],
        tracked=[vehicle for vehicle in document["fleet"] if vehicle["trackable"]],
        counted=partial(words.vehicles, language),
        reason=lambda vehicle: language.text(words.REASONS[vehicle["reason"]]),
        rules=list(_rules(document, plots, language)),
        differences=words.differences(language, len(document["disagreements"])),
        equipped=lambda found: _equipped(found, language),
    )


def _series(document: KpiDocument, language: Language) -> Iterator[_Dates]:
    found, indicators = document["series"], list(document["indicators"])
    if found:
        title = words.sentence(series_title(found, language))
        yield _Dates(title, [("", dates_table(found, indicators, language))], is_heat=False)
        for by in groupings_of(document["by"]):
            tables = [
                (words.title(language, name), table)
                for name in indicators
                for table in heat_tables(document, found, by, name, language)
            ]
            yield _Dates(f"{title}, {words.grouped(language, by)}", tables, is_heat=True)


def _is_compared(document: KpiDocument) -> bool:
    return any(figure["compared"] for figure in document["indicators"].values())


def _is_planned(groups: Iterable[Group], indicator: str) -> bool:
    return any(group["indicators"][indicator]["plan"] is not None for group in groups)


def _plots(document: KpiDocument, language: Language) -> Plots:
    then = language.date(document["comparison"]["on"]) if _is_compared(document) else None
    return Plots(language, language.date(document["on"]), then)


def _bar(label: str, figure: Figure) -> Bar:
    compared = figure["compared"]
    return Bar(label, figure["ratio"], compared and compared["ratio"], figure["plan"])


def _by_group(
    document: KpiDocument,
    groups: Iterable[Group],
    indicator: str,
    plots: Plots,
    language: Language,
) -> str:
    rows = [
        _bar(
            words.group_name(language, called(document, group["by"], group["name"])),
            group["indicators"][indicator],
        )
        for group in groups
    ]
    return plots.bars(words.title(language, indicator), rows)


def _rules(document: KpiDocument, plots: Plots, language: Language) -> Iterator[_Rule]:
    found = document["sensitivity"]
    if found is None:
        return
    title = definitions.by_window(language, found["at"], document["on"])
    windows = [(language.window(row["seconds"]), row) for row in found["windows"]]
    yield _rule(language.text("window"), title, windows, plots)
    minima = [(language.number(row["minutes"]), row) for row in found["minimum_minutes"]]
    yield _rule(language.text("minutes"), definitions.by_minimum(language), minima, plots)


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
