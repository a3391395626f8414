"""Kinds of equipment and attributes are data: the forms take them from the document."""

import copy
import csv
import io
import re
from datetime import UTC
from pathlib import Path

import pytest

import reports
from reports import words
from reports.documents import KpiDocument, Share, ShareDocument
from reports.kpi_csv import write_csv
from reports.kpi_page import kpi_page
from reports.kpi_terminal import kpi_terminal
from reports.language import ENGLISH
from reports.share_terminal import share_terminal
from reports.tables import show
from tests.unit.reports.small_report import small_report

ROOM = Path(reports.__file__).parent


def with_more() -> KpiDocument:
    """Return a report in whose fleet there are ramps, and vehicles have a fuel."""
    found = copy.deepcopy(small_report())
    found["equipment"].append("wheelchair_ramp")
    found["attributes"].append("fuel")
    for figures in (found, *found["groups"]):
        figures["indicators"]["wheelchair_ramp"] = figures["indicators"]["cctv"]
    for vehicle in found["fleet"]:
        vehicle |= {"fuel": "biogas", "wheelchair_ramp": vehicle["cctv"]}
    return found


def test_every_form_of_a_report_shows_a_new_kind_and_a_new_attribute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Under its name, with spaces, where it has no text."""
    table = io.StringIO()
    write_csv(with_more(), table)
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    assert (rows[-1]["fuel"], rows[-4]["wheelchair_ramp_source"]) == ("biogas", "observed")
    page = kpi_page(with_more(), ENGLISH)
    assert page.count("<td>biogas</td>") == 4
    assert ">Wheelchair ramp<" in page
    assert "Vehicles with wheelchair ramp at the end" in page
    show(kpi_terminal(with_more(), ENGLISH))
    assert re.search(r"^ wheelchair ramp +2 of 4 +50.00 % ", capsys.readouterr().out, re.MULTILINE)


def test_shares_show_a_new_kind_and_a_new_grouping(capsys: pytest.CaptureFixture[str]) -> None:
    """The columns of the groups follow the document's indicators."""
    figure: Share = {"vehicles": 5, "ratio": 5 / 6}
    indicators = {"trackable": figure, "ramp": figure}
    share: ShareDocument = {
        "at": "2024-12-31T09:00:00+00:00",
        "window_seconds": 300,
        "vehicles": 6,
        "indicators": indicators,
        "equipment": ["ramp"],
        "sources": {"ramp": {"observed": 4, "declared": 1}},
        "unregistered": 1,
        "min_group_size": 5,
        "groups": [{"by": "fuel", "name": None, "vehicles": 6, "indicators": indicators}],
        "expected_out": None,
        "ingest_downtime": None,
    }
    show(share_terminal(share, ENGLISH, UTC))
    shown = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\s\s+", "  ", line.strip()) for line in shown] == [
        "6 vehicles in the fleet at 2024-12-31 09:00:00+00:00",
        "indicator  vehicles  share  window or source",
        "trackable  5 of 6  83.33 %  newest fix no older than 5m",
        "ramp  5 of 6  83.33 %  4 observed, 1 declared",
        "by fuel; no ratio for groups of fewer than 5 vehicles",
        "fuel  vehicles  trackable (5m)  ramp",
        "(none)  6  5 · 83.33 %  5 · 83.33 %",
        "unregistered: 1 vehicle reports but is not in the fleet",
    ]


def test_no_kind_and_no_attribute_is_named_in_code() -> None:
    """Their texts stand in one table."""
    names = re.compile("|".join({*words.EQUIPPED, "depot", "municipality", "vehicle_type"}))
    files = [path for kind in ("*.py", "*.j2") for path in ROOM.rglob(kind)]
    named = [path.name for path in files if names.search(path.read_text(encoding="utf-8"))]
    assert len(files) > 10
    assert named == ["words.py"]
