"""`vehicle` as its users run it, on real databases."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from fleetgauge.cli import app
from models.equipment import Flag
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.migrate import migrate
from tests.integration.storage.fleet_history import Event, History, RejectedReport, flags, live

MINUTE = timedelta(minutes=1)
BUS = VehicleId("east", "[red]1")
OTHER = VehicleId("east", "2")


@pytest.fixture
def now(database_url: str, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """A bus that went dark twelve minutes ago, and one that nobody registered."""
    migrate(database_url)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", database_url)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    now = datetime.now(UTC)
    entry = RegistryEntry(
        BUS, plate="A001AA37", attributes={"depot": "North"}, equipment={"cctv": False}
    )
    fix = Fix(57.0, 41.0, speed_mps=10.0, route_id="7")
    events: list[Event] = [
        *(live(Report(BUS, now - turn * MINUTE, fix)) for turn in range(40, 30, -1)),
        live(Report(BUS, now - 12 * MINUTE, fix, flags(cctv=Flag(True, False)))),
        live(Report(OTHER, now - MINUTE, fix)),
        RejectedReport(BUS, now - 11 * MINUTE, RejectReason.NULL_ISLAND),
    ]
    History([entry], events).write(database_url)
    return now


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["vehicle", *arguments])


def test_all_that_is_known_of_a_vehicle(now: datetime) -> None:
    """Its state and why, what it sent, its gaps, its equipment, the list's word on it."""
    document = json.loads(run(str(BUS), "--json").stdout)
    assert (document["operator_id"], document["vehicle_id"]) == tuple(BUS)
    assert (document["in_fleet"], document["trackable"]) == (True, False)
    assert document["reason"] == "silent"
    assert document["fix_at"] == (now - 12 * MINUTE).isoformat()
    assert len(document["reports"]) == 11
    lengths = [round(gap["seconds"] / 60) for gap in document["gaps"]]
    assert lengths == [320, 19, 12]
    assert document["equipment"]["cctv"]["declared"] is False
    assert document["equipment"]["cctv"]["fitted"] is True
    assert document["equipment"]["cctv"]["working"] is False
    assert [change["kind"] for change in document["equipment_changes"]] == ["cctv"]
    assert document["registry"][0]["plate"] == "A001AA37"


def test_a_window_and_hours_can_be_chosen(now: datetime) -> None:
    """Within a quarter of an hour it is trackable, and sent one report."""
    document = json.loads(run(str(BUS), "--window", "15m", "--hours", "0.25", "--json").stdout)
    assert document["trackable"] is True
    assert len(document["reports"]) == 1
    assert document["gaps"] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("silent: ", "Last hours", "not trackable since", "A001AA37", "east/[red]1")),
        ("ru", ("Последние часы", "не на связи с", "парк: North", "A001AA37", "east/[red]1")),
    ],
)
def test_people_read_it_in_their_language(
    now: datetime, language: str, words: tuple[str, ...]
) -> None:
    """With names as they are, whatever a terminal would make of them."""
    shown = run(str(BUS), "--language", language).stdout
    for word in words:
        assert word.lower() in shown.lower(), shown


def test_who_is_not_in_the_fleet_is_shown_all_the_same(now: datetime) -> None:
    """A bus that publishes and is not registered has no state, and says so."""
    document = json.loads(run(str(OTHER), "--json").stdout)
    assert (document["in_fleet"], document["trackable"], document["reason"]) == (False, None, None)
    assert len(document["reports"]) == 1
    assert "not in the fleet" in run(str(OTHER)).stdout


def test_a_vehicle_of_which_nothing_is_known_is_an_error(now: datetime) -> None:
    """One line, and no empty tables; a name without a slash is wrong usage."""
    unknown = run("east/nobody")
    assert unknown.exit_code == 1
    assert str(unknown.exception) == "east/nobody is not known: neither registered nor heard"
    assert run("nobody").exit_code == 2
