"""Why two reports differ, as people read it."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from models.contribution import adding_up
from reports import definitions, kpi_notes, words
from reports.documents import DiffDocument, Difference, DiffReason, DiffSide
from reports.language import Language
from reports.paper import DIGITS, Column, Kind, Paper, Section, Table


def diff_paper(document: DiffDocument, language: Language) -> Paper:
    """Return the comparison of two reports: the figures, then of each its reasons and vehicles."""
    before, after = document["before"], document["after"]
    figures = _figures(document, language)
    sections = [Section("figures", language.text("Figures"), figures, is_summary=True)]
    for name, found in document["indicators"].items():
        sections += _sections(name, found, document, language)
    return Paper(
        _title(document, language),
        after["on"],
        [*_lines(before, after, language), *_renamed(document, language)],
        sections,
        document["sha256"],
    )


def _title(document: DiffDocument, language: Language) -> str:
    dates = {
        "before": _day(document["before"], language),
        "after": _day(document["after"], language),
    }
    if document["operator_id"] is None:
        return language.text("Why the figures differ: %(before)s and %(after)s", **dates)
    return language.text(
        "Why the figures of operator %(operator)s differ: %(before)s and %(after)s",
        operator=document["operators"].get(document["operator_id"], document["operator_id"]),
        **dates,
    )


def _day(side: DiffSide, language: Language) -> str:
    return language.date(side["on"])


def _lines(before: DiffSide, after: DiffSide, language: Language) -> Iterator[str]:
    for side in (before, after):
        knowledge = kpi_notes.knowledge_on(language, side["as_known_on"])
        yield f"{_day(side, language)}: {knowledge}; {definitions.tracked(language, side['rule'])}"
    yield language.text(
        "a vehicle that joins or leaves the fleet moves the share, too: the points of all vehicles "
        "add up to the difference exactly"
    )


def _renamed(document: DiffDocument, language: Language) -> Iterator[str]:
    if document["renamed"]:
        yield language.plural(
            "%(number)s vehicle has another operator or number on the same plate, and is the same",
            "%(number)s vehicles have another operator or number on the same plate, and are the "
            "same",
            document["renamed"],
        )


def _figures(document: DiffDocument, language: Language) -> Table:
    text = language.text
    vehicles, fleet, share = text("vehicles"), text("in the fleet"), text("share")
    days = [_day(side, language) for side in (document["before"], document["after"])]
    if days[0] == days[1]:
        days = [text("before"), text("after")]
    columns = [Column(text("indicator"))]
    for day in days:
        columns += [
            Column(f"{vehicles} {day}", Kind.NUMBER),
            Column(f"{fleet} {day}", Kind.NUMBER),
            Column(f"{share} {day}", Kind.RATIO),
        ]
    columns.append(Column(text("difference, points"), Kind.POINTS))
    rows = [
        (
            words.sentence(words.title(language, name)),
            *found["before"].values(),
            *found["after"].values(),
            found["difference_points"],
        )
        for name, found in document["indicators"].items()
    ]
    return Table(columns, rows)


def _sections(
    name: str, found: Difference, document: DiffDocument, language: Language
) -> Iterator[Section]:
    indicator, text = words.sentence(words.title(language, name)), language.text
    reasons = text("%(indicator)s: reasons", indicator=indicator)
    yield Section(
        f"{name}_reasons", reasons, _reasons(found, language), (4,), is_summary=True, has_total=True
    )
    vehicles = words.vehicles(language, len(found["vehicles"]))
    table = _vehicles(found, document, language)
    yield Section(f"{name}_vehicles", f"{indicator}: {vehicles}", table)


def _change_columns(language: Language, points: Kind) -> Sequence[Column]:
    text = language.text
    return (
        Column(text("counts"), Kind.CHANGE),
        Column(text("in the fleet"), Kind.CHANGE),
        Column(text("points"), points),
    )


def _reasons(found: Difference, language: Language) -> Table:
    columns = (
        Column(language.text("reason")),
        Column(language.text("vehicles"), Kind.NUMBER),
        *_change_columns(language, Kind.SHARE_OF_POINTS),
    )
    points = _adding_up(found["reasons"])
    rows: list[Sequence[Any]] = [
        (
            language.text(words.CHANGES[each["reason"]]),
            each["vehicles"],
            each["numerator"],
            each["denominator"],
            points[place],
        )
        for place, each in enumerate(found["reasons"])
    ]
    rows.append((language.text("total"), *_total(found)))
    return Table(columns, rows)


def _total(found: Difference) -> Sequence[Any]:
    reasons = found["reasons"]
    return (
        len(found["vehicles"]),
        sum(each["numerator"] for each in reasons),
        sum(each["denominator"] for each in reasons),
        found["difference_points"],
    )


def _adding_up(reasons: Sequence[DiffReason]) -> Sequence[float | None]:
    # As they are printed, or the reader who adds them up finds another sum.
    points = [each["points"] for each in reasons if each["points"] is not None]
    if len(points) < len(reasons):
        return [None] * len(reasons)
    return adding_up([Fraction(str(each)) for each in points], DIGITS[Kind.SHARE_OF_POINTS])


def _vehicles(found: Difference, document: DiffDocument, language: Language) -> Table:
    text = language.text
    minutes, names = text("minutes"), document["operators"]
    columns: Sequence[Column] = (
        Column(text("operator")),
        *([Column(text("operator name"))] if names else []),
        Column(text("vehicle")),
        Column(text("plate")),
        Column(text("reason")),
        *_change_columns(language, Kind.VEHICLE_POINTS),
        Column(f"{minutes} {_day(document['before'], language)}", Kind.NUMBER),
        Column(f"{minutes} {_day(document['after'], language)}", Kind.NUMBER),
        Column(text("last contact"), Kind.DATE),
    )
    rows: list[Sequence[Any]] = [
        (
            each["operator_id"],
            *([names.get(each["operator_id"])] if names else []),
            each["vehicle_id"],
            each["plate"],
            language.text(words.CHANGES[each["reason"]]),
            each["numerator"],
            each["denominator"],
            each["points"],
            each["minutes_before"],
            each["minutes"],
            each["last_day"],
        )
        for each in found["vehicles"]
    ]
    if document["renamed"]:
        columns = (*columns, Column(text("formerly")))
        rows = [(*row, each["other"]) for row, each in zip(rows, found["vehicles"], strict=True)]
    return Table(columns, rows)
