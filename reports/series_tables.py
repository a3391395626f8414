"""The tables of a series: its dates one below the other, and its groups date by date."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, Final

from reports import words
from reports.documents import KpiDocument, Series, SeriesPoint
from reports.groups import called, series_groups
from reports.language import Language
from reports.paper import Column, Kind, Table


def dates_table(series: Series, indicators: Sequence[str], language: Language) -> Table:
    """Return a row a date: the fleet, and each indicator's share with its plan.

    A column of plans or of official figures is there only if it holds any.
    """
    points = series["points"]
    columns = [
        Column(language.text("date"), Kind.DATE),
        Column(language.text("in the fleet"), Kind.NUMBER),
    ]
    cells = [
        [point["on"] for point in points],
        [point["vehicles"] if point["recorded"] else None for point in points],
    ]
    plan, official = language.text("plan"), language.text("official")
    for name in indicators:
        title = words.title(language, name)
        found = [point["indicators"].get(name) for point in points]
        for heading, values in (
            (title, [figure and figure["ratio"] for figure in found]),
            (f"{title}: {plan}", [figure and figure["plan"] for figure in found]),
            (
                f"{title}: {official}",
                [point["official"].get(name) for point in points],
            ),
        ):
            if heading == title or any(value is not None for value in values):
                columns.append(Column(heading, Kind.RATIO))
                cells.append(values)
    return Table(columns, list(zip(*cells, strict=True)))


def groups_table(document: KpiDocument, series: Series, by: str, language: Language) -> Table:
    """Return a row a group and indicator, a column a date."""
    days = [point["on"] for point in series["points"]]
    columns = [
        Column(words.title(language, by)),
        Column(language.text("indicator")),
        *(Column(language.date(day), Kind.RATIO) for day in days),
    ]
    rows: list[Sequence[Any]] = []
    for name in document["indicators"]:
        for group in series_groups(series, by):
            found = [point["indicators"].get(name) for point in group["points"]]
            ratios = [figure and figure["ratio"] for figure in found]
            title = words.title(language, name)
            whose = words.group_name(language, called(document, by, group["name"]))
            rows.append((whose, title, *ratios))
    return Table(columns, rows)


def heat_tables(
    document: KpiDocument, series: Series, by: str, indicator: str, language: Language
) -> Iterator[Table]:
    """Yield the shares of an indicator, a row a group, as many dates to a table as paper is wide.

    Dates without records are left out.
    """
    days = [place for place, point in enumerate(series["points"]) if point["recorded"]]
    # 13 dates are seven and six, rather than twelve and one.
    size = ceil(len(days) / ceil(len(days) / _DATES)) if days else 1
    for first in range(0, len(days), size):
        some = days[first : first + size]
        dates = [language.date(series["points"][place]["on"]) for place in some]
        rows = [
            (
                words.group_name(language, called(document, by, group["name"])),
                *(_ratio(group["points"][place], indicator) for place in some),
            )
            for group in series_groups(series, by)
        ]
        title = words.title(language, by)
        yield Table([Column(title), *(Column(date, Kind.RATIO) for date in dates)], rows)


_DATES: Final = 12


def _ratio(point: SeriesPoint, indicator: str) -> float | None:
    figure = point["indicators"].get(indicator)
    return figure and figure["ratio"]


def series_title(series: Series, language: Language) -> str:
    """Return what a series is: by month, by quarter or by year."""
    match series["every"]:
        case "month":
            return language.text("by month")
        case "quarter":
            return language.text("by quarter")
    return language.text("by year")
