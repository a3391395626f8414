"""Why two reports differ: the parts make up the whole, and each vehicle has its one reason."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contribution import Part, adding_up, weights
from models.kpi import KpiReason, VehicleKpi
from models.share import EquipmentState
from models.vehicle import VehicleId
from reports.dialects import Dialect, csv_text
from reports.diff_document import Step, diff_document
from reports.diff_paper import diff_paper
from reports.documents import DiffDocument, DiffVehicle, KpiDocument
from reports.language import ENGLISH, LanguageCode, language
from reports.paper_page import paper_page
from reports.paper_terminal import paper_terminal
from reports.paper_workbook import paper_workbook
from tests.unit.reports.small_report import FLEET, HOSTILE, KPI, small_report

RUSSIAN = language(LanguageCode.RU)


def bus(number: str, reason: str | None = None, **changed: Any) -> VehicleKpi:
    """Return a vehicle that is trackable, or not for a reason."""
    seen = reason not in ("never_seen", "silent")
    vehicle = FLEET[0]._replace(
        vehicle=VehicleId("op", number),
        trackable=reason is None,
        trackable_on_route=reason is None,
        minutes=30 if reason is None else 0,
        best_day=FLEET[0].best_day if seen else None,
        reason=KpiReason(reason) if reason else None,
    )
    return vehicle._replace(**changed)


def report(*vehicles: VehicleKpi) -> KpiDocument:
    return small_report(kpi=KPI._replace(vehicles=vehicles), by=())


def compared(
    before: list[VehicleKpi], after: list[VehicleKpi], indicator: str = "trackable", **options: Any
) -> DiffDocument:
    return diff_document(report(*before), report(*after), indicators=[indicator], **options)


def only(document: DiffDocument, indicator: str = "trackable") -> DiffVehicle:
    (vehicle,) = document["indicators"][indicator]["vehicles"]
    return vehicle


STATES = st.sampled_from(["absent", "counts", "silent"])


@given(st.lists(st.tuples(STATES, STATES), min_size=1, max_size=40))
def test_the_vehicles_add_up_to_the_difference(states: list[tuple[str, str]]) -> None:
    """In vehicles and in points, whoever joins or leaves; who has not changed is not listed."""
    sides = [
        [
            bus(str(number), None if state[side] == "counts" else "silent")
            for number, state in enumerate(states)
            if state[side] != "absent"
        ]
        for side in (0, 1)
    ]
    found = compared(sides[0], sides[1])["indicators"]["trackable"]
    before, after = found["before"], found["after"]
    assert len(found["vehicles"]) == sum(state[0] != state[1] for state in states)
    for rows in (found["vehicles"], found["reasons"]):
        assert sum(row["numerator"] for row in rows) == after["vehicles"] - before["vehicles"]
        assert sum(row["denominator"] for row in rows) == after["of"] - before["of"]
    if not (before["of"] and after["of"]):
        assert found["difference_points"] is None
        return
    exact = 100 * (
        Fraction(after["vehicles"], after["of"]) - Fraction(before["vehicles"], before["of"])
    )
    parts = weights(Part(before["vehicles"], before["of"]), Part(after["vehicles"], after["of"]))
    each = [parts.points(row["numerator"], row["denominator"]) for row in found["vehicles"]]
    assert sum(each, Fraction()) == exact
    points = [Fraction(str(row["points"])) for row in found["reasons"]]
    assert sum(points, Fraction()) == Fraction(str(found["difference_points"]))


@given(st.lists(st.fractions(-100, 100), max_size=20), st.integers(0, 6))
def test_rounded_parts_add_up_to_the_rounded_whole(parts: list[Fraction], digits: int) -> None:
    """And none is rounded by more than one of its last digit."""
    rounded = [Fraction(str(number)) for number in adding_up(parts, digits)]
    unit = Fraction(1, 10**digits)
    assert sum(rounded, Fraction()) == round(sum(parts, Fraction()) / unit) * unit
    pairs = zip(rounded, parts, strict=True)
    assert all(abs(one - other) < 2 * unit for one, other in pairs)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (None, bus("1"), "registered"),
        (bus("1"), None, "ended"),
        (bus("1", "never_seen"), bus("1"), "first_seen"),
        (bus("1", "silent"), bus("1"), "back"),
        (bus("1", "no_fix"), bus("1"), "fixes_now"),
        (bus("1", "few_minutes"), bus("1"), "enough_minutes"),
        (bus("1", "late"), bus("1"), "live_again"),
        (bus("1", "bad_clock"), bus("1"), "clock_right"),
        (bus("1", "rejected"), bus("1"), "accepted"),
        *((bus("1"), bus("1", reason), str(reason)) for reason in KpiReason),
    ],
)
def test_each_vehicle_has_one_reason(
    before: VehicleKpi | None, after: VehicleKpi | None, reason: str
) -> None:
    """By what the reports say of it."""
    other = bus("2")
    sides = [[other, each] if each else [other] for each in (before, after)]
    assert only(compared(sides[0], sides[1]))["reason"] == reason


def test_routes_and_equipment_have_reasons_of_their_own() -> None:
    """What the positions name, and whether the vehicle or the registry decides."""
    off_route = bus("1", trackable_on_route=False)
    for before, after, reason in (
        (off_route, bus("1"), "route_known"),
        (bus("1"), off_route, "no_route"),
        (bus("1", "silent"), bus("1"), "back"),
        (bus("1"), bus("1", "silent"), "silent"),
    ):
        found = compared([before], [after], "trackable_on_route")
        assert only(found, "trackable_on_route")["reason"] == reason
    fitted = bus("1", equipment={"cctv": EquipmentState(True, True, None, None)})
    for state, reason in (
        (EquipmentState(False, False, True, None), "reported"),
        (EquipmentState(False, None, False, None), "declared"),
        (EquipmentState(False, None, None, None), "declared"),
    ):
        without = bus("1", equipment={"cctv": state})
        kinds = KPI.kinds._replace(names=("cctv",))
        sides = [
            small_report(kpi=KPI._replace(vehicles=[each], kinds=kinds), by=())
            for each in (fitted, without)
        ]
        assert (
            only(diff_document(sides[0], sides[1], indicators=["cctv"]), "cctv")["reason"] == reason
        )


def test_a_report_between_tells_corrections_from_changes() -> None:
    """What it has already was known later, or counts by another rule."""
    before, after = [bus("1"), bus("2", "silent")], [bus("1"), bus("2"), bus("3")]
    for steps, reasons in (
        ([], {"2": "back", "3": "registered"}),
        ([Step("corrected", report(*after)["fleet"])], {"2": "recorded_later", "3": "corrected"}),
        ([Step("corrected", report(*before)["fleet"])], {"2": "back", "3": "registered"}),
        ([Step("rule", report(bus("1"), bus("2"))["fleet"])], {"2": "rule", "3": "registered"}),
    ):
        found = compared(before, after, steps=steps)["indicators"]["trackable"]["vehicles"]
        assert {each["vehicle_id"]: each["reason"] for each in found} == reasons


def test_a_renamed_vehicle_is_the_same() -> None:
    """By its plate, if it is the only one of it; Latin letters look as Cyrillic ones do."""
    before = [bus("1", "silent", plate="А 123 ВС 37"), bus("2", plate="В 1")]
    moved = bus("9", plate="A123BC37", vehicle=VehicleId("other", "9"))
    document = compared(before, [moved, bus("3", plate="В 1")])
    vehicle = only(document)
    assert (document["renamed"], vehicle["other"], vehicle["reason"]) == (2, "op/1", "back")
    assert (vehicle["numerator"], vehicle["denominator"]) == (1, 0)
    # Of one operator's fleet it has come.
    vehicle = next(
        each
        for each in compared(before, [moved], operator_id="other")["indicators"]["trackable"][
            "vehicles"
        ]
    )
    assert (vehicle["reason"], vehicle["denominator"]) == ("moved", 1)
    twice = [bus("8", plate="А123ВС37"), bus("9", plate="А123ВС37")]
    assert compared(before[:1], twice)["renamed"] == 0


def test_every_form_names_the_vehicle() -> None:
    """In both languages; what others have written is text, and no formula and no markup."""
    document = compared([bus("1"), bus("2", plate=HOSTILE)], [bus("1")])
    for spoken in (ENGLISH, RUSSIAN):
        paper = diff_paper(document, spoken)
        assert spoken.text("left service") in paper_page(paper, spoken)
        assert "<b>" not in paper_page(paper, spoken)
        assert paper_workbook(paper, spoken) == paper_workbook(paper, spoken)
        assert len(list(paper_terminal(paper, spoken))) > 6
    (vehicles,) = [each for each in diff_paper(document, RUSSIAN).sections if "_v" in each.name]
    text = csv_text(vehicles.table, Dialect.EXCEL_RU)
    assert text.startswith("\ufeffперевозчик;автобус;")
    assert text.count("\r\n") == 2
    assert f"'{HOSTILE[:1]}" in text


def test_operators_are_named_where_they_have_names() -> None:
    """Those whose vehicles are listed, by the newer name; no column stays empty."""
    sides = [report(bus("1"), bus("2")), report(bus("1", "silent"), bus("2"))]
    unnamed = diff_document(sides[0], sides[1], indicators=["trackable"])
    assert unnamed["operators"] == {}
    for side, name in zip(sides, ("Old", "Автобусы"), strict=True):
        side["operators"] = {"op": name, "other": "Others"}
    document = diff_document(sides[0], sides[1], indicators=["trackable"])
    assert document["operators"] == {"op": "Автобусы"}
    for spoken in (ENGLISH, RUSSIAN):
        title = spoken.text("operator name").capitalize()
        page, without = (
            paper_page(diff_paper(each, spoken), spoken) for each in (document, unnamed)
        )
        assert "Автобусы" in page
        assert title in page
        assert title not in without
    of_one = diff_document(sides[0], sides[1], indicators=["trackable"], operator_id="op")
    assert "Автобусы" in diff_paper(of_one, ENGLISH).title
