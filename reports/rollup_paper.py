"""Several authorities' reports added up, as people read it."""

from collections.abc import Iterator, Sequence
from typing import Any

from reports import definitions, words
from reports.documents import RollupDocument
from reports.language import Language
from reports.paper import Column, Kind, Paper, Section, Table


def rollup_paper(document: RollupDocument, language: Language) -> Paper:
    """Return the sums, then of each indicator the parts."""
    text = language.text
    title = text("Roll-up of reports: %(date)s", date=language.date(document["on"]))
    sums = Section("figures", text("Figures"), _sums(document, language), (3,), is_summary=True)
    parts = [_parts(name, document, language) for name in document["indicators"]]
    sections = [sums, *parts, Section("reports", text("Reports"), _reports(document, language))]
    lines = list(_lines(document, language))
    return Paper(title, document["on"], lines, sections, document["sha256"])


def _lines(document: RollupDocument, language: Language) -> Iterator[str]:
    text = language.text
    yield text("trackable: %(rule)s", rule=definitions.tracked(language, document["rule"]))
    yield text("vehicles are added up, never shares; a vehicle counts once")
    for name, lacking in document["lacking"].items():
        yield text(
            "%(indicator)s is not in: %(names)s, whose vehicles it leaves out",
            indicator=words.title(language, name),
            names=", ".join(lacking),
        )


def _columns(first: str, language: Language) -> Sequence[Column]:
    return (
        Column(first),
        Column(language.text("vehicles"), Kind.NUMBER),
        Column(language.text("in the fleet"), Kind.NUMBER),
        Column(language.text("share"), Kind.RATIO),
    )


def _sums(document: RollupDocument, language: Language) -> Table:
    rows = [
        (words.sentence(words.title(language, name)), *figure.values())
        for name, figure in document["indicators"].items()
    ]
    return Table(_columns(language.text("indicator"), language), rows)


def _parts(name: str, document: RollupDocument, language: Language) -> Section:
    rows: list[Sequence[Any]] = [
        (part["name"], *part["indicators"][name].values())
        for part in document["parts"]
        if name in part["indicators"]
    ]
    rows.append((language.text("total"), *document["indicators"][name].values()))
    title = words.sentence(words.title(language, name))
    table = Table(_columns(language.text("report"), language), rows)
    return Section(name, title, table, (3,), is_summary=False, has_total=True)


def _reports(document: RollupDocument, language: Language) -> Table:
    # Of a report of all operators there is nothing to say.
    by_operator = any(part["operator"] for part in document["parts"])
    columns = (
        Column(language.text("report")),
        *([Column(language.text("operator"))] if by_operator else []),
        Column(language.text("vehicles"), Kind.NUMBER),
        Column(language.text("as known on"), Kind.DATE),
        Column("SHA-256"),
    )
    rows = [
        (
            part["name"],
            *([part["operator"]] if by_operator else []),
            part["vehicles"],
            part["as_known_on"],
            part["sha256"],
        )
        for part in document["parts"]
    ]
    return Table(columns, rows)
