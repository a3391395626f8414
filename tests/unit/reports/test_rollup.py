"""Several authorities' reports, added up."""

import pytest

from models.kpi import KpiRule
from models.vehicle import VehicleId
from reports.documents import KpiDocument
from reports.language import ENGLISH, LanguageCode, language
from reports.paper_page import paper_page
from reports.paper_terminal import paper_terminal
from reports.paper_workbook import paper_workbook
from reports.rollup_document import NamedReport, Unlike, rollup_document
from reports.rollup_paper import rollup_paper
from tests.unit.reports.small_report import FLEET, KPI, small_report


def report(operator: str, number: int = 4, rule: KpiRule = KPI.rule) -> KpiDocument:
    vehicles = [
        each._replace(vehicle=VehicleId(operator, each.vehicle.vehicle_id))
        for each in FLEET[:number]
    ]
    return small_report(kpi=KPI._replace(vehicles=vehicles, rule=rule), by=())


def test_vehicles_are_added_and_never_shares() -> None:
    """Two of four and two of two are four of six."""
    found = rollup_document([NamedReport("a", report("a")), NamedReport("b", report("b", 2))])
    assert found["vehicles"] == 6
    assert found["indicators"]["trackable"] == {"vehicles": 4, "of": 6, "ratio": 4 / 6}
    shares = [part["indicators"]["trackable"]["ratio"] for part in found["parts"]]
    assert shares == [0.5, 1.0]
    assert [part["sha256"] for part in found["parts"]] == [
        report("a")["sha256"],
        report("b", 2)["sha256"],
    ]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (report("a"), "in more than one report: a/1, a/2, a/3, a/4"),
        (report("b", rule=KpiRule(5)), "different rules"),
        ({**report("b"), "on": "2023-12-31"}, "x is of 2024-12-31, y of 2023-12-31"),
    ],
)
def test_what_is_unlike_is_not_added(other: KpiDocument, words: str) -> None:
    """And it is said why."""
    with pytest.raises(Unlike, match=words):
        rollup_document([NamedReport("x", report("a")), NamedReport("y", other)])


def test_a_kind_of_equipment_that_only_some_count() -> None:
    """It is of their vehicles alone, and the others are named."""
    lacking = report("b")
    del lacking["indicators"]["cctv"]
    found = rollup_document([NamedReport("a", report("a")), NamedReport("b", lacking)])
    assert found["indicators"]["cctv"]["of"] == 4
    assert found["lacking"] == {"cctv": ["b"]}


def test_every_form_names_the_parts() -> None:
    """In both languages."""
    parts = [NamedReport("<Шуя>", report("a")), NamedReport("b", report("b"))]
    document = rollup_document(parts)
    for spoken in (ENGLISH, language(LanguageCode.RU)):
        paper = rollup_paper(document, spoken)
        page = paper_page(paper, spoken)
        assert "&lt;Шуя&gt;" in page
        assert spoken.text("total") in page
        assert paper_workbook(paper, spoken) == paper_workbook(paper, spoken)
        assert len(list(paper_terminal(paper, spoken))) > 8


def test_operators_are_named_where_they_have_names() -> None:
    """Whose report it is, where it is one operator's; and who is in two reports."""
    named = report("a")
    named["operators"] = {"a": "Автобусы"}
    with pytest.raises(Unlike, match=r"a/1 \(Автобусы\), a/2"):
        rollup_document([NamedReport("x", named), NamedReport("y", report("a"))])
    named["operator_id"] = "a"
    document = rollup_document([NamedReport("x", named), NamedReport("y", report("b"))])
    assert [part["operator"] for part in document["parts"]] == ["Автобусы", None]
    for spoken in (ENGLISH, language(LanguageCode.RU)):
        assert "Автобусы" in paper_page(rollup_paper(document, spoken), spoken)
