"""A figure of a period, in every form of the report."""

import csv
import io
import zipfile
from datetime import date
from typing import Any

import jsonschema
import pytest

from models.period import parse_period_rules
from reports.kpi_csv import write_csv
from reports.kpi_document import RuleSetting
from reports.kpi_page import kpi_page
from reports.kpi_terminal import kpi_terminal
from reports.kpi_workbook import kpi_workbook
from reports.language import LanguageCode, language
from reports.periods import Periods
from reports.rollup_document import NamedReport, rollup_document
from reports.schema import report_schema
from reports.tables import show
from tests.unit.reports.small_report import HOSTILE, ON, small_report

RULES = "cctv=minimum:year,trackable=mean:month"
COUNTS = {
    date(2024, 12, 30): {"fleet": 3, "trackable": 1, "cctv": 1},
    ON: {"fleet": 4, "trackable": 2, "cctv": 2},
}
"""The report's four vehicles, and a day before with three."""


def period_report() -> Any:
    """Return the small report with a rule for two of its figures."""
    periods = Periods(
        ON,
        parse_period_rules(RULES),
        date(2024, 12, 30),
        {day: {None: counts} for day, counts in COUNTS.items()},
        {"depot": {day: {HOSTILE: counts} for day, counts in COUNTS.items()}},
    )
    settings = {"period_rules": RuleSetting(RULES, None, given=True)}
    return small_report(periods=periods, settings=settings)


def test_csv_has_its_denominator_and_rule() -> None:
    """Of a figure of the date the rule's cell stays empty."""
    file = io.StringIO()
    write_csv(period_report(), file)
    rows = [row for row in csv.DictReader(io.StringIO(file.getvalue())) if row["row"] == "figure"]
    found = {
        row["indicator"]: (row["vehicles"], row["fleet"], row["rule"])
        for row in rows
        if not row["by"]
    }
    assert found == {
        "trackable": ("3", "7", "mean of the days of the month"),
        "trackable_on_route": ("0", "4", ""),
        "cctv": ("1", "3", "minimum of the days of the year"),
        "cashless": ("0", "4", ""),
    }


@pytest.mark.parametrize(
    ("code", "mean", "lowest", "end"),
    [
        ("en", "3 of 7 vehicle-days", "1 of 3 on 2024-12-30", "at the end of the date 50.00"),
        ("ru", "3 из 7 автобусо-дней", "1 из 3, 30.12.2024", "на конец даты 50,00"),
    ],
)
def test_people_read_of_which_days_it_is(code: str, mean: str, lowest: str, end: str) -> None:
    """On a terminal, a page and in a workbook, with the figure of the date beside it."""
    document, spoken = period_report(), language(LanguageCode(code))
    printed = io.StringIO()
    show(kpi_terminal(document, spoken), printed)
    page = kpi_page(document, spoken)
    for text in (mean, lowest, end):
        assert text in printed.getvalue()
        assert text in page
    with zipfile.ZipFile(io.BytesIO(kpi_workbook(document, spoken))) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
    assert end in texts


def test_it_conforms_to_the_schema_and_is_added_up_as_of_the_date() -> None:
    """A mean of one report and a minimum of another have no sum."""
    document = period_report()
    jsonschema.validate(document, report_schema())
    figure = rollup_document([NamedReport("a", document)])["indicators"]["trackable"]
    assert figure == {"vehicles": 2, "of": 4, "ratio": 0.5}
