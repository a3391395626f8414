"""A claim held against a report of four buses."""

from datetime import date

import pytest

from models.claim import claim_of
from models.lists.table import Line
from models.vehicle import VehicleId
from reports.documents import ReconcileDocument
from reports.language import ENGLISH, LanguageCode, language
from reports.paper_page import paper_page
from reports.paper_terminal import paper_terminal
from reports.paper_workbook import paper_workbook
from reports.reconcile_document import ClaimFile, match, reconcile_document
from reports.reconcile_paper import reconcile_paper
from storage.kpi.outside_fleet import OutsideFleet
from tests.unit.reports.small_report import FLEET, HOSTILE, KPI, ON, small_report

PLATES = ("А 123 ВС 37", "В 1", None, None)
REPORT = small_report(
    kpi=KPI._replace(
        vehicles=[
            vehicle._replace(plate=plate) for vehicle, plate in zip(FLEET, PLATES, strict=True)
        ]
    )
)
"""Of the operator op: 1 and 2 are trackable, 3 and 4 are not."""


def reconciled(
    *lines: dict[str, str], outside: dict[VehicleId, OutsideFleet] | None = None
) -> ReconcileDocument:
    placed = [Line(f"line {place}", line) for place, line in enumerate(lines, 2)]
    claim = claim_of(placed, {"vehicle_id": {"Гаражный номер"}}, "")
    assert claim.faults == []
    matched = match(REPORT, claim.lines)
    return reconcile_document(REPORT, claim, matched, ClaimFile("c.csv", "0"), outside or {})


def line(vehicle: str, operator: str = "op", **more: str) -> dict[str, str]:
    return {"operator_id": operator, "vehicle_id": vehicle, **more}


def test_each_vehicle_has_one_outcome() -> None:
    """They add up to the claim, and to the fleet."""
    found = reconciled(line("1"), line("3"), line("9"), line("1"), line("4", trackable="нет"))
    outcomes = {each["vehicle_id"]: each["outcome"] for each in found["vehicles"]}
    assert outcomes == {"1": "agreed", "2": "theirs_not", "3": "ours_not", "9": "not_registered"}
    assert found["claimed"] == {"vehicles": 3, "of": 4, "ratio": 0.75}
    assert found["ours"] == {"vehicles": 2, "of": 4, "ratio": 0.5}
    assert (found["neither"], found["claim"]["repeated"], found["claim"]["not_claimed"]) == (
        1,
        1,
        1,
    )
    (ours_not,) = [each for each in found["vehicles"] if each["outcome"] == "ours_not"]
    assert (ours_not["reason"], ours_not["minutes"], ours_not["place"]) == (
        "few_minutes", 9, "line 3",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "listed_as"),
    [
        (line("1"), None),
        (line("01", "ОР"), "ОР/01"),
        (line("", plate="A123BC37"), "A123BC37"),
        (line("77", plate="а123вс37"), "op/77"),
    ],
)
def test_a_vehicle_is_found_as_people_write_it(
    written: dict[str, str], listed_as: str | None
) -> None:
    """By its name, by one that looks the same, by its plate; what it was called is kept."""
    found = reconciled(written)
    (agreed,) = [each for each in found["vehicles"] if each["outcome"] == "agreed"]
    assert (agreed["vehicle_id"], agreed["listed_as"]) == ("1", listed_as)


def test_who_is_not_in_the_fleet_has_a_reason() -> None:
    """By the registry, by what it sends, by its plate."""
    day, later = date(2024, 11, 30), date(2025, 2, 1)
    outside = {
        VehicleId("op", "ended"): OutsideFleet(0, day, None, day, True),
        VehicleId("op", "future"): OutsideFleet(0, None, later, None, True),
        VehicleId("op", "unknown"): OutsideFleet(12, ON, None, None, False),
        VehicleId("op", "silent"): OutsideFleet(0, None, None, None, False),
    }
    names = ("ended", "future", "unknown", "silent", "nobody")
    moved = line("8", "other", plate="А123ВС37")
    found = reconciled(*map(line, names), moved, outside=outside)
    reasons = {
        each["vehicle_id"]: (each["reason"], each["hint"])
        for each in found["vehicles"]
        if each["outcome"] == "not_registered"
    }
    assert reasons == {
        "ended": ("ended", "2024-11-30"),
        "future": ("not_yet", "2025-02-01"),
        "unknown": ("unregistered", None),
        "silent": ("unknown", None),
        "nobody": ("unknown", None),
        "8": ("other_operator", "op/1"),
    }


def test_lines_that_are_no_buses_are_named() -> None:
    """A total is left out; what cannot be taken is a fault of its line."""
    lines = [
        Line("line 2", line("Итого: 12")),
        Line("line 3", {"vehicle_id": "1"}),
        Line("line 4", line("", plate="")),
        Line("line 5", line("1", trackable="maybe")),
        Line("line 6", line("nan")),
        Line("line 7", "plate: field missing"),
    ]
    claim = claim_of(lines, {}, "")
    assert claim.skipped == ["line 2"]
    assert [each.split(":")[0] for each in claim.faults] == [f"line {n}" for n in range(3, 8)]


def test_every_form_names_the_vehicles() -> None:
    """In both languages; what others have written is text."""
    document = reconciled(line("1"), line("4"), line(HOSTILE))
    for spoken in (ENGLISH, language(LanguageCode.RU)):
        paper = reconcile_paper(document, spoken)
        assert spoken.text("never heard") in paper_page(paper, spoken)
        assert "<b>" not in paper_page(paper, spoken)
        assert paper_workbook(paper, spoken) == paper_workbook(paper, spoken)
        assert len(list(paper_terminal(paper, spoken))) > 8
