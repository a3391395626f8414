"""The command ``fleetgauge operator``, and ``registry dismiss``, on a real database."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fleetgauge.cli import app
from models.report import Report
from models.vehicle import VehicleId
from storage.migrate import migrate
from storage.operators import UnknownOperator
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

Run = Callable[..., str]
NOW = datetime.now(UTC)


@pytest.fixture
def run(embedded_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command against a fresh database; returns what it prints on either stream."""
    migrate(embedded_url)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", embedded_url)

    def invoke(*arguments: object, code: int = 0) -> str:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return invoke


def heard(url: str, *vehicles: VehicleId) -> None:
    batch = Batch()
    for each in vehicles:
        batch.add(Message(b"t", b"{}", NOW), [Report(each, NOW)], [])
    with Writer(url, "test", "Europe/Moscow") as writer:
        writer.write(batch)


def test_an_operator_is_described_and_renamed(run: Run, tmp_path: Path) -> None:
    """Each step is listed; a list that still has the former id is taken for its own."""
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("operator_id,vehicle_id\nold,1\n")
    run("registry", "import", fleet)
    run("operator", "set", "old", "--name", "Автолайн", "--time-zone", "Asia/Omsk")
    assert "old is new from now on: 1 vehicle " in run("operator", "rename", "old", "new")
    (operator,) = json.loads(run("operator", "list", "--json"))
    assert operator == {
        "operator_id": "new",
        "name": "Автолайн",
        "time_zone": "Asia/Omsk",
        "contact": None,
        "vehicles": 1,
        "formerly": ["old"],
    }
    listed = run("operator", "list", "--history")
    assert listed.count("\n") == 4
    assert "from (Europe/Moscow)" in listed
    imported = run("registry", "import", fleet)
    assert "operators read as: old → new" in imported
    assert "0 vehicles added, 0 changed, 0 ended, 1 unchanged" in imported


def test_wrong_ids_and_zones_are_named(run: Run) -> None:
    """Before the database is asked, where that is possible."""
    for zone, problem in (("Mars/Dom", "an IANA time zone"), ("EET", "is an abbreviation")):
        assert problem in run("operator", "set", "op", "--time-zone", zone, code=2)
    assert "at least one" in run("operator", "set", "op", code=2)
    assert "not a valid id" in run("operator", "rename", "op", "a/b", code=2)
    assert "reserved" in run("operator", "rename", "op", "fleetgauge", code=2)
    with pytest.raises(UnknownOperator, match="there is no operator op"):
        run("operator", "rename", "op", "other")


def test_times_are_local_to_the_operator(run: Run, embedded_url: str) -> None:
    """Where the operators' zones differ, each time has its offset; dismissing is listed too."""
    heard(embedded_url, VehicleId("omsk", "1"), VehicleId("msk", "1"))
    assert "last contact (Europe/Moscow)" in run("registry", "inbox")
    run("operator", "set", "omsk", "--time-zone", "Asia/Omsk")
    omsk, msk = (
        next(line for line in run("registry", "inbox").splitlines() if line.startswith(operator))
        for operator in ("omsk", "msk")
    )
    assert ("+06:00" in omsk, "+03:00" in msk) == (True, True)
    run("registry", "dismiss", "omsk/1", "--reason", "a test device", "--author", "Anna")
    assert "omsk" not in run("registry", "inbox")
    (found,) = json.loads(run("registry", "inbox", "--dismissed", "--json"))
    assert (found["operator_id"], found["dismissed_by"]) == ("omsk", "Anna")
    assert "a test device" in run("registry", "inbox", "--dismissed")
    assert "omsk/1 is dismissed no more" in run("registry", "dismiss", "omsk/1", "--undo")
