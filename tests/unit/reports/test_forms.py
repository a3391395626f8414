"""The forms of a report, made from one document."""

import csv
import hashlib
import io
import json
import xml.etree.ElementTree as ElementTree
from datetime import UTC, date, datetime, time, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from models.correction import (
    Corrections,
    Entered,
    RecordedLater,
    RegistryCorrection,
    TargetCorrection,
)
from models.kpi import KpiRule, year_before
from models.sensitivity import MINIMA, WINDOWS, sensitivity
from models.target import Scope
from reports import kpi_notes
from reports.kpi_csv import write_csv
from reports.kpi_document import Compared, RuleSetting, SensitivityAt, digest
from reports.kpi_page import kpi_page
from reports.kpi_terminal import kpi_terminal
from reports.language import ENGLISH
from reports.plots import Bar, Plots, Point
from tests.unit.reports.small_report import FLEET, HOSTILE, KPI, ON, small_report

COLUMNS = (
    "row,on,as_known_on,sha256,by,group,indicator,rule,note,vehicles,fleet,ratio,plan,"
    "difference_points,of_plan,compared_on,compared_vehicles,compared_fleet,compared_ratio,"
    "change_points,growth,"
    "operator_id,vehicle_id,plate,route_id,depot,trackable,trackable_on_route,only_late,"
    "motionless,minutes,best_day,live_minutes,route_minutes,moved_m,reason,last_day,"
    "cctv,cctv_source,cctv_observed,cctv_declared,cctv_working,"
    "cashless,cashless_source,cashless_observed,cashless_declared,cashless_working"
)
PLOTS = Plots(ENGLISH, "a", "b")


def test_the_figures_of_a_small_fleet() -> None:
    """Numerators, denominators and differences, by hand."""
    found = small_report()
    trackable, cctv = found["indicators"]["trackable"], found["indicators"]["cctv"]
    assert (found["vehicles"], trackable["vehicles"], trackable["ratio"]) == (4, 2, 0.5)
    assert (trackable["plan"], trackable["difference_points"]) == (0.793, -29.3)
    assert trackable["compared"] == {"vehicles": 0, "of": 2, "ratio": 0.0}
    assert trackable["change_points"] == 50
    assert (cctv["vehicles"], cctv["observed"], cctv["declared"]) == (2, 1, 1)
    assert (trackable["only_late"], trackable["motionless"]) == (1, 1)
    assert found["indicators"]["trackable_on_route"]["vehicles"] == 0
    assert [each["vehicle_id"] for each in found["disagreements"]] == ["1", "3"]


def test_the_digest_is_of_all_the_data() -> None:
    """Whatever changes, it does; it can be computed again from the JSON."""
    found = small_report()
    assert digest(json.loads(json.dumps(found))) == found["sha256"] == small_report()["sha256"]
    changes: list[dict[str, Any]] = [
        {"by": ()},
        {"min_group_size": 5},
        {"targets": {}},
        {"compared": Compared(year_before(ON), None)},
        {"settings": {}},
    ]
    for changed in changes:
        assert small_report(**changed)["sha256"] != found["sha256"]


def test_the_digest_can_be_computed_in_any_language() -> None:
    """Canonical JSON (RFC 8785): this one, and its digest, are those of another implementation."""
    text = r'{"": 1e21, "\u20ac": [4.50, 2e-3, 1e-7, -0.0], "\ud83d\ude02": null, "1": "\u000f"}'
    canonical = '{"":1e+21,"1":"\\u000f","€":[4.5,0.002,1e-7,0],"😂":null}'
    assert digest(json.loads(text)) == hashlib.sha256(canonical.encode()).hexdigest()


def test_what_was_entered_afterwards_is_named() -> None:
    """With its author, the server's clock, and the time that is claimed for it."""
    entered = Entered(
        datetime(2025, 2, 3, 9, tzinfo=UTC), "anna", "list.csv", datetime(2024, 6, 3, 9, tzinfo=UTC)
    )
    removed = Entered(datetime(2025, 2, 4, 9, tzinfo=UTC), "boris", "", None)
    found = small_report(
        corrections=Corrections(
            [RegistryCorrection(entered, 3)],
            [TargetCorrection(removed, "trackable", Scope("op"), 0.8, None)],
            [RecordedLater("cctv", 2, date(2025, 2, 3))],
        )
    )
    assert [each["claimed_at"] for each in found["corrections"]] == [
        "2024-06-03T09:00:00+00:00",
        None,
    ]
    lines = kpi_notes.corrections(ENGLISH, found)
    assert lines == [
        "the registry changed 3 vehicles, entered after the date by anna on 2025-02-03 "
        "09:00:00+00:00 (list.csv, claimed date 2024-06-03 09:00:00+00:00)",
        "the plan for trackable (op), 80.00 %, was removed, entered after the date by boris on "
        "2025-02-04 09:00:00+00:00 (removed)",
        "CCTV: 2 vehicles count otherwise than by what was recorded until the date; what differs "
        "was recorded later, last on 2025-02-03",
    ]
    page = kpi_page(found, ENGLISH)
    table = io.StringIO()
    write_csv(found, table)
    for line in lines:
        assert line[1:] in page
        assert line in table.getvalue()


def test_the_rule_is_printed_where_it_is_another() -> None:
    """What was given for this report alone, and the rule that the date compared with had."""
    rule = KpiRule(minimum_live=2)
    then = KPI._replace(on=year_before(ON), rule=KpiRule(5))
    found = small_report(
        kpi=KPI._replace(rule=rule),
        compared=Compared(year_before(ON), then),
        settings={
            "tracked_minutes": RuleSetting("10", datetime(2024, 1, 1, tzinfo=UTC), given=False),
            "live_minutes": RuleSetting("2", None, given=True),
        },
    )
    assert (
        "10 distinct minutes of a day, in the operator's time zone, at least 2 of them received"
        in (found["definitions"]["trackable"])
    )
    given, compared = found["notes"]
    assert given.endswith("but as given for this report: live_minutes = 2")
    assert compared.startswith(
        "2023-12-31 is counted by its own rule: in the last 7 days, fixes in"
    )


def test_an_attribute_may_be_called_as_a_figure_is() -> None:
    """It is kept under a name of its own, in JSON and in CSV."""
    attributes = {"minutes": "many", "note": "old"}
    found = small_report(kpi=KPI._replace(vehicles=[FLEET[0]._replace(attributes=attributes)]))
    (vehicle,) = found["fleet"]
    assert found["attributes"] == ["plate", "registry.minutes", "note"]
    assert (vehicle["minutes"], vehicle["registry.minutes"]) == (30, "many")
    table = io.StringIO()
    write_csv(found, table)
    *_, row = csv.DictReader(io.StringIO(table.getvalue()))
    assert (row["minutes"], row["registry.minutes"]) == ("30", "many")
    assert (row["note"], row["registry.note"]) == ("", "old")


def test_the_fleet_can_be_grouped_in_several_ways_at_once() -> None:
    """Each grouping by itself, in every form; one alone is named as it always was."""
    assert small_report()["by"] == "depot"
    found = small_report(by=("depot", "operator"))
    assert found["by"] == ["depot", "operator"]
    assert [(group["by"], group["name"]) for group in found["groups"]] == [
        ("depot", HOSTILE),
        ("operator", "op"),
    ]
    page = kpi_page(found, ENGLISH)
    assert [f"<h2>{title}</h2>" in page for title in ("By depot", "By operator")] == [True, True]
    table = io.StringIO()
    write_csv(found, table)
    rows = csv.DictReader(io.StringIO(table.getvalue()))
    assert {row["by"] for row in rows} == {"", "depot", "operator"}
    shown = [str(part) for part in kpi_terminal(found, ENGLISH)]
    assert [any(part.startswith(f"by {name};") for part in shown) for name in found["by"]] == [
        True,
        True,
    ]


def test_operators_go_by_their_names() -> None:
    """Where they have one; files keep the id beside it."""
    found = small_report(by=("operator",), operator_names={"op": "АТП «Юг»", "else": "x"})
    assert found["operators"] == {"op": "АТП «Юг»"}
    assert found["groups"][0]["name"] == "op"
    page = kpi_page(found, ENGLISH)
    assert '<th scope="row">АТП «Юг»</th>' in page
    assert "<td>op</td>" not in page
    alone = small_report(operator_id="op", operator_names={"op": "АТП «Юг»"})
    assert kpi_notes.subject(ENGLISH, alone) == "KPI report: operator АТП «Юг», 2024-12-31"


def test_vehicles_that_miss_the_figure_are_listed_apart() -> None:
    """With the reason and the last contact, before the others."""
    page = kpi_page(small_report(), ENGLISH)
    _, appendix = page.split('<section class="appendix">')
    missing, tracked = appendix.split("<h3>Trackable: 2 vehicles</h3>")
    assert "<h3>Not trackable: 2 vehicles</h3>" in missing
    assert "<td>too few minutes</td><td>9</td><td>2024-12-31</td>" in missing
    assert "<td>never heard</td><td>0</td><td>–</td>" in missing
    assert tracked.count("<tr><td>op</td>") == missing.count("<tr><td>op</td>") == 2


def test_a_group_under_the_minimum_has_no_ratio() -> None:
    """Of the fleet itself there always is one, unless it is an operator's alone."""
    found = small_report(min_group_size=5)
    (group,) = found["groups"]
    assert (group["vehicles"], group["indicators"]["cctv"]["ratio"]) == (4, None)
    assert found["indicators"]["cctv"]["ratio"] == 0.5
    assert small_report(min_group_size=5, operator_id="op")["indicators"]["cctv"]["ratio"] is None


def test_sensitivity_counts_by_each_rule() -> None:
    """The rule of the report is one of them."""
    counted = sensitivity(FLEET, [timedelta(seconds=90), timedelta(hours=2)])
    assert dict(counted.by_minimum) == {
        minimum: 3 if minimum < 10 else 2 if minimum == 10 else 1 if minimum <= 30 else 0
        for minimum in MINIMA
    }
    windows = dict(counted.by_window)
    assert [windows[timedelta(seconds=s)] for s in (60, 90, 3600, 7200, 86400)] == [0, 1, 1, 2, 2]
    assert (WINDOWS[0], WINDOWS[-1]) == (timedelta(seconds=60), timedelta(hours=24))


class Page(HTMLParser):
    """Collects what a page refers to, and checks that its tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.references += [value or "" for name, value in attributes if name in {"src", "href"}]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"line", "rect", "circle", "polyline"} and self.open[-1] != tag:
            return
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    """What others have written is text in it, and no markup."""
    counted = sensitivity(FLEET, [])
    text = kpi_page(small_report(sensitivity=SensitivityAt(time(12), counted)), ENGLISH)
    page = Page()
    page.feed(text)
    assert (page.open, page.references) == ([], [])
    assert "<b>" not in text


def test_csv_has_a_row_a_vehicle() -> None:
    """What a spreadsheet would take for a formula is made a text."""
    table = io.StringIO()
    write_csv(small_report(), table)
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    assert ",".join(rows[0]) == COLUMNS
    kinds = [row["row"] for row in rows]
    assert kinds == ["report"] + ["figure"] * 8 + ["note"] + ["vehicle"] * 4
    assert rows[-4]["depot"] == f"'{HOSTILE}"
    assert [row["cctv_source"] for row in rows[-4:]] == ["observed", "declared", "observed", ""]


@pytest.mark.parametrize(
    "plot",
    [
        PLOTS.bars(HOSTILE, [Bar(HOSTILE * 9, None, None, 0.5), Bar("b", 1, 0, None)]),
        PLOTS._replace(before=None).bars("none", []),
        PLOTS.steps(HOSTILE, [Point(HOSTILE, None)]),
        PLOTS.steps("two", [Point("1m", 0), Point("24h", 1)]),
    ],
)
def test_plots_are_well_formed(plot: str) -> None:
    """With nothing to show, too."""
    ElementTree.fromstring(plot)  # noqa: S314 (our own)


@pytest.mark.parametrize(
    ("difference", "text"),
    [(51.140351, "+51.1 points"), (-0.04, "0.0 points"), (-2.25, "−2.2 points"), (None, "–")],
)
def test_points_have_their_sign(difference: float | None, text: str) -> None:
    """A minus that is none, −0.0, is not shown."""
    assert ENGLISH.points(difference) == text


def test_a_year_before_a_29th_of_february() -> None:
    """It is the 28th."""
    assert year_before(date(2024, 2, 29)) == date(2023, 2, 28)
    assert year_before(ON) == date(2023, 12, 31)
