"""The published JSON schema of a report: what scripts may rely on."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import jsonschema
import pytest

from models.correction import (
    Corrections,
    Entered,
    RecordedLater,
    RegistryCorrection,
    TargetCorrection,
)
from models.sensitivity import sensitivity
from models.series import Every, period_ends
from models.stated import Entry, Milestone, Note, OfficialFigure, Stated
from models.target import Scope
from reports.kpi_document import SensitivityAt
from reports.language import ENGLISH
from reports.schema import LATER, report_schema
from reports.series import SeriesFound
from reports.series_tables import heat_tables
from tests.unit.project.repository import text_of
from tests.unit.reports.small_report import FLEET, ON, small_report

PUBLISHED = json.loads(text_of("docs/report.schema.json"))
NOW = datetime(2025, 1, 3, 9, tzinfo=UTC)
ENTRY = Entry("anna", NOW)
ENTERED = Entered(NOW, "anna", "list.csv", None)


def whole_report() -> dict[str, Any]:
    """Return a report that has all that one can have, as JSON."""
    counts = {"fleet": 4, "trackable": 2}
    days = period_ends(ON, 2, Every.MONTH)
    found = small_report(
        stated=Stated(
            [(Note("trackable", date(2024, 1, 1), ON, "late"), ENTRY)],
            [(OfficialFigure("trackable", ON, 0.5, 1, 2, "report"), ENTRY)],
            [(Milestone("all", ON, None), ENTRY)],
        ),
        corrections=Corrections(
            [RegistryCorrection(ENTERED, 3)],
            [TargetCorrection(ENTERED, "trackable", Scope(), None, 0.8)],
            [RecordedLater("trackable", 2, ON)],
        ),
        sensitivity=SensitivityAt(time(12), sensitivity(FLEET, [timedelta(hours=2)])),
        series=SeriesFound(
            Every.MONTH, 2, days, [ON], {ON: {None: counts}}, {"depot": {ON: {"a": counts}}},
            {day: {Scope(): {"trackable": 0.4}} for day in days},
        ),
    )  # fmt: skip
    document: dict[str, Any] = json.loads(json.dumps(found))
    return document


def test_the_published_schema_is_that_of_the_documents() -> None:
    """`python -m reports.schema > docs/report.schema.json` makes it so."""
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)
    assert report_schema() == PUBLISHED


def test_a_report_conforms_to_it() -> None:
    """One with everything, and one of before there was all of that."""
    document = whole_report()
    jsonschema.validate(document, PUBLISHED)
    jsonschema.validate(json.loads(json.dumps(small_report(by=()))), PUBLISHED)
    for key in LATER["KpiDocument"]:
        del document[key]
    for figure in document["indicators"].values():
        for key in LATER["Figure"]:
            del figure[key]
    for vehicle in document["fleet"]:
        del vehicle["reason"], vehicle["last_day"]
    jsonschema.validate(document, PUBLISHED)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("report",), "another"),
        (("version",), 2),
        (("vehicles",), "4"),
        (("indicators", "trackable", "ratio"), "50 %"),
        (("fleet", 0, "trackable"), None),
        (("fleet", 0, "cctv", "equipped"), "yes"),
        (("series", "points", 0, "on"), None),
    ],
)
def test_what_is_no_report_does_not_conform(keys: tuple[Any, ...], value: Any) -> None:
    """A value of another kind, wherever it stands."""
    document = whole_report()
    place = document
    for key in keys[:-1]:
        place = place[key]
    assert keys[-1] in place if isinstance(place, dict) else True
    before = deepcopy(place[keys[-1]])
    place[keys[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, PUBLISHED)
    place[keys[-1]] = before
    jsonschema.validate(document, PUBLISHED)


def test_the_dates_of_a_series() -> None:
    """The ends of periods within the months, and the date itself, once."""
    on = date(2024, 5, 15)
    assert period_ends(on, 3, Every.MONTH) == [date(2024, 3, 31), date(2024, 4, 30), on]
    assert period_ends(on, 8, Every.QUARTER) == [
        *(date(2023, 12, 31), date(2024, 3, 31)),
        on,
    ]
    assert period_ends(ON, 24, Every.YEAR) == [date(2023, 12, 31), ON]
    assert period_ends(ON, 1, Every.MONTH) == [ON]


def test_a_page_has_as_many_dates_side_by_side_as_fit() -> None:
    """Of a series by group; dates without records are left out, and no table has one alone."""
    point = {"recorded": True, "vehicles": 4, "official": {},
             "indicators": {"trackable": {"vehicles": 2, "ratio": 0.5, "plan": None}}}  # fmt: skip
    points = [{**point, "on": f"2024-01-{day:02}"} for day in range(1, 14)]
    lacking = {**point, "on": "2023-12-31", "recorded": False, "indicators": {}}
    group = {"by": "depot", "name": "a", "points": [lacking, *points]}
    found: Any = {"every": "month", "months": 14, "points": [lacking, *points], "groups": [group]}
    tables = list(heat_tables(small_report(), found, "depot", "trackable", ENGLISH))
    assert [len(table.columns) for table in tables] == [1 + 7, 1 + 6]
    assert tables[0].columns[1].title == "2024-01-01"
    assert [table.rows for table in tables] == [[("a", *[0.5] * 7)], [("a", *[0.5] * 6)]]


def test_a_series_says_what_is_recorded_and_what_was_official() -> None:
    """A date without records has no figures; the official one is beside them."""
    first, last = whole_report()["series"]["points"]
    assert (first["recorded"], first["indicators"]) == (False, {})
    assert last["indicators"]["trackable"] == {"vehicles": 2, "ratio": 0.5, "plan": 0.4}
    assert last["official"] == {"trackable": 0.5}
