"""``fleetgauge report diff``: why a figure is another than before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge.commands.database import database_snapshot
from fleetgauge.commands.dates import parse_date
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.forms import AsCsv, DialectOption, Form, Html, TableName, Xlsx, give
from fleetgauge.commands.kpi_report import (
    EmptyFleet,
    OfOperator,
    Request,
    check_dates,
    check_known_on,
    kpi_report,
)
from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.printing import AsJson
from fleetgauge.commands.report_file import whole_report
from fleetgauge.settings import load_settings
from models.indicator import TRACKABLE
from reports.dialects import Dialect
from reports.diff_document import Step, diff_document
from reports.diff_paper import diff_paper
from reports.documents import DiffDocument, KpiDocument, Rule, Vehicle
from reports.kpi_document import report_document
from storage.connection import Connection


class Side:
    """One of the two reports."""


@dataclass(frozen=True)
class Dated(Side):
    """A report to be made from the database."""

    on: date
    known_on: date | None


@dataclass(frozen=True)
class Filed(Side):
    """A report that was made before."""

    path: Path


def _side(text: str) -> Side:
    path = Path(text)
    if path.suffix == ".json" or path.is_file():
        return Filed(path)
    day, at, known_on = text.partition("@")
    return _checked(Dated(parse_date(day), parse_date(known_on) if at else None))


def _checked(side: Dated) -> Dated:
    check_known_on(side.known_on, side.on)
    return side


def diff(
    before: Annotated[
        Side, typer.Argument(parser=_side, metavar="A", help="DATE, DATE@KNOWN-ON or FILE.")
    ],
    after: Annotated[
        Side, typer.Argument(parser=_side, metavar="B", help="The same, of the other report.")
    ],
    indicator: Annotated[
        list[str] | None,
        typer.Option(
            help="trackable (the default), trackable_on_route, or a kind of equipment. May be "
            "given several times."
        ),
    ] = None,
    operator: OfOperator = None,
    as_known_on: Annotated[
        date | None,
        typer.Option(
            parser=parse_date,
            metavar="DATE",
            help="For both dates, where they name none: with what was known when this day ended.",
        ),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    table: TableName = None,
    dialect: DialectOption = Dialect.RFC4180,
    html: Html = None,
    xlsx: Xlsx = None,
    language: LanguageOption = None,
) -> None:
    """List the vehicles by which a figure is another in B than in A, each with its one reason.

    A and B are dates, files of `report --json`, or one of each; 2024-12-31@2025-01-15 is a date
    with what was known on another. The points of all vehicles add up to the difference exactly.
    Two files need no database.
    """
    form = Form(as_json, as_csv, table, dialect, html, xlsx)
    form.check()
    first, second = (_known(side, as_known_on) for side in (before, after))
    indicators = list(dict.fromkeys(indicator or [TRACKABLE]))
    document = _compared(first, second, indicators, operator)
    give(document, partial(diff_paper, document), form, chosen_language(language))


def _known(side: Side, known_on: date | None) -> Side:
    if isinstance(side, Dated) and side.known_on is None:
        return _checked(replace(side, known_on=known_on))
    return side


def _compared(
    before: Side, after: Side, indicators: Sequence[str], operator: str | None
) -> DiffDocument:
    steps: list[Step] = []
    if isinstance(before, Filed) and isinstance(after, Filed):
        first, second = whole_report(before.path), whole_report(after.path)
    else:
        settings = load_settings()
        check_dates(settings, _days(before, after))
        with database_snapshot(settings, "report diff") as connection:
            first, second = (_document(connection, side) for side in (before, after))
            if isinstance(before, Dated) and isinstance(after, Dated):
                steps += _steps(connection, before, after, (first, second))
    _check(first, second, indicators, operator)
    return diff_document(first, second, steps, indicators=indicators, operator_id=operator)


def dated_difference(
    connection: Connection, before: Dated, after: Dated, indicators: Sequence[str]
) -> DiffDocument:
    """Return why the figures of the second date are others.

    Args:
        connection: a view of the database in which nothing changes meanwhile.

    Raises:
        CommandError: nothing is known of one of them.
        StorageError: the database cannot be asked.
    """
    first, second = (_document(connection, side) for side in (before, after))
    steps = list(_steps(connection, before, after, (first, second)))
    return diff_document(first, second, steps, indicators=indicators)


def _days(*sides: Side) -> Iterator[date]:
    for side in sides:
        if isinstance(side, Dated):
            yield from filter(None, (side.on, side.known_on))


def _document(connection: Connection, side: Side) -> KpiDocument:
    if isinstance(side, Filed):
        return whole_report(side.path)
    if not isinstance(side, Dated):
        raise TypeError(f"{side!r} is neither a date nor a file")
    return _made(connection, side, {})


def _made(connection: Connection, side: Dated, overridden: Mapping[str, str]) -> KpiDocument:
    request = Request(side.on, None, side.known_on, overridden, (), None, None)
    return report_document(kpi_report(connection, request))


def _steps(
    connection: Connection, before: Dated, after: Dated, made: tuple[KpiDocument, KpiDocument]
) -> Iterator[Step]:
    """Yield the report of the first date as it is now known, then by the second's rule."""
    known_then = after.known_on is None or after.known_on >= before.on
    side = replace(before, known_on=after.known_on) if known_then else before
    if side != before:
        yield Step("corrected", _fleet(connection, side, {}))
    given, rule = (_settings(document["rule"]) for document in made)
    if rule != given:
        yield Step("rule", _fleet(connection, side, rule))


def _settings(rule: Rule) -> dict[str, str]:
    return {
        "tracked_minutes": str(rule["minimum_minutes"]),
        "trailing_days": str(rule["trailing_days"]),
        "live_minutes": str(rule["minimum_live"]),
    }


def _fleet(connection: Connection, side: Dated, overridden: Mapping[str, str]) -> Sequence[Vehicle]:
    try:
        return _made(connection, side, overridden)["fleet"]
    except EmptyFleet:
        return []


def _check(
    first: KpiDocument, second: KpiDocument, indicators: Sequence[str], operator: str | None
) -> None:
    for name in indicators:
        common = [each for each in first["indicators"] if each in second["indicators"]]
        if name not in common:
            raise typer.BadParameter(
                f"{name!r} is not in both reports; there are: {', '.join(common)}.",
                param_hint="--indicator",
            )
    if first["operator_id"] != second["operator_id"]:
        raise CommandError("the reports are of different fleets: of one operator, and of another")
    if first.get("only") != second.get("only"):
        raise CommandError("the reports are of different fleets: --only was not the same for both")
    fleets = (*first["fleet"], *second["fleet"])
    if operator is not None and not any(each["operator_id"] == operator for each in fleets):
        raise CommandError(f"there is no operator {operator} in either report")
