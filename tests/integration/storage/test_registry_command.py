"""The command ``fleetgauge registry`` on a real database."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.registry import app
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.errors import StorageError
from storage.migrate import migrate
from storage.registry.editing import NotRegistered
from storage.registry.file import RegistryFileError
from storage.registry.importing import FleetWouldShrink
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

Run = Callable[..., Result]
SAVED = Path(__file__).parents[2] / "unit" / "models" / "data" / "lists"


@pytest.fixture
def run(embedded_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command against a fresh database; what main would turn into a line is raised."""
    migrate(embedded_url)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", embedded_url)

    def invoke(*arguments: object, code: int = 0) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.csv"
    lines = [f"op,{number},North,C" for number in range(10)]
    file.write_text("\n".join(["operator_id,vehicle_id,depot,Цвет", *lines, lines[0]]))
    return file


def test_an_import_says_what_it_did(run: Run, fleet: Path) -> None:
    """In words for people, or as one JSON document."""
    dry = run("import", fleet, "--dry-run").stdout
    assert dry.startswith("fleet.csv: 10 vehicles would be added, 0 changed, 0 ended, 0 unchanged")
    assert "no start date: 10 vehicles added as always in service" in dry
    assert "repeated: 1 line repeats" in dry
    document = json.loads(
        run("import", fleet, "--json", "--author", "Anna", "--column", "Цвет=").stdout
    )
    assert document["added"] == document["without_start"] == 10
    assert (document["repeated"], document["ignored"]) == (1, ["Цвет"])
    assert document["understood"] == {
        "form": "CSV in UTF-8, separated by commas",
        "header": "line 1",
        "columns": {
            "operator_id": "operator_id",
            "vehicle_id": "vehicle_id",
            "depot": "depot",
            "Цвет": "",
        },
    }
    (change,) = json.loads(run("changes", "--json").stdout)
    assert (change["changed_by"], change["source"], change["opened"]) == ("Anna", "fleet.csv", 10)
    assert change["claimed_at"] is None
    assert "Anna" in run("changes").stdout


def test_further_kinds_and_attributes_need_nothing_but_a_setting_and_a_column(
    run: Run, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column of a kind in FLEETGAUGE_EQUIPMENT declares it; any other is kept as text."""
    monkeypatch.setenv("FLEETGAUGE_EQUIPMENT", "cctv,cashless,lift")
    fleet.write_text("operator_id,vehicle_id,lift,Класс,depot\nop,1,yes,II,North\nop,2,no,I,\n")
    run("import", fleet)
    first, second = json.loads(run("list", "--json").stdout)
    assert (first["lift"], first["Класс"], first["depot"]) == (True, "II", "North")
    assert (second["lift"], second["Класс"], second["depot"]) == (False, "I", None)

    def listed(*arguments: str) -> list[str]:
        found = json.loads(run("list", "--json", *arguments).stdout)
        return [row["vehicle_id"] for row in found]

    assert listed("--where", "Класс=II") == ["1"]
    assert listed("--where", "depot=", "--where", "Класс=I") == ["2"]
    assert listed("--depot", "North") == ["1"]
    assert listed("--vehicle-type", "bus") == []
    assert "no vehicles match" in run("list", "--service-kind", "city").stdout
    run("list", "--where", "Класс", code=2)


def test_how_a_file_was_understood_is_shown_first(run: Run, tmp_path: Path) -> None:
    """Its form, which titles mean which columns, what is an attribute, and what is left out."""
    file = tmp_path / "реестр.csv"
    lines = ["Реестр;;;", "Перевозчик;Гаражный номер;Цвет;", "op;1;синий;?"]
    file.write_bytes("\r\n".join(lines).encode("cp1251"))
    dry = run("import", file, "--dry-run")
    assert dry.stderr.splitlines() == [
        "реестр.csv: CSV in Windows-1251, separated by semicolons, header in line 2",
        "  read as: Перевозчик → operator_id, Гаражный номер → vehicle_id",
        "  kept as attributes: Цвет",
        "  left out: (column 4, without a title)",
    ]
    run("import", file, "--column", "цвет=color")
    assert json.loads(run("list", "--json").stdout)[0]["color"] == "синий"
    run("import", file, "--column", "цвет", code=2)
    with pytest.raises(RegistryFileError, match="no column 'Размер'; it has: 'Перевозчик'"):
        run("import", file, "--column", "Размер=size")


def test_a_workbook_is_imported(run: Run) -> None:
    """By the sheet that has the list, or the one that is named."""
    result = run("import", SAVED / "libreoffice.ods")
    assert result.stdout.startswith("libreoffice.ods: 4 vehicles added")
    selection = ("--operator", "ivpat-1", "--vehicle", "101")
    (first,) = json.loads(run("list", "--json", *selection).stdout)
    assert (first["plate"], first["in_service_from"]) == ("А 101 ВС 37", "2019-10-02")
    assert (first["cctv"], first["cashless"], first["Мест"]) == (True, True, "24")
    assert "4 unchanged" in run("import", SAVED / "libreoffice.xlsx", "--sheet", "Реестр").stdout


def test_odd_lines_stop_an_import(run: Run, tmp_path: Path) -> None:
    """Each is named with what to do; they can be taken as they are."""
    file = tmp_path / "fleet.csv"
    file.write_text("operator_id,vehicle_id\nop,1\nИтого,1\n")
    with pytest.raises(RegistryFileError, match="1 odd line, nothing was imported; --accept-odd"):
        run("import", file)
    assert "2 vehicles added" in run("import", file, "--accept-odd").stdout
    file.write_text("operator_id,vehicle_id\nоp,1\n")
    with pytest.raises(RegistryFileError, match="1 odd line"):
        run("import", file)


def test_every_bad_line_is_named(run: Run, tmp_path: Path) -> None:
    """Each on a line of its own, and one line for the file."""
    file = tmp_path / "bad.csv"
    file.write_text("operator_id,vehicle_id,cctv\n1,2,x\n,3,\n")
    with pytest.raises(RegistryFileError, match=r"bad\.csv: 2 bad lines, nothing was imported$"):
        run("import", file)
    with pytest.raises(RegistryFileError, match="none: cannot be read: No such file"):
        run("import", tmp_path / "none")


def test_a_truncated_file_needs_a_yes(run: Run, fleet: Path) -> None:
    """Not asked for where there is no terminal."""
    run("import", fleet)
    fleet.write_text("operator_id,vehicle_id\nop,1\n")
    with pytest.raises(FleetWouldShrink, match="9 of 10 vehicles of operator op"):
        run("import", fleet)
    assert "9 ended" in run("import", fleet, "--yes").stdout


def test_an_empty_list_ends_a_fleet_only_by_name(run: Run, fleet: Path) -> None:
    """A list of nobody is nobody's."""
    run("import", fleet)
    fleet.write_text("operator_id,vehicle_id\n")
    with pytest.raises(CommandError, match="lists no vehicles"):
        run("import", fleet)
    assert "10 ended" in run("import", fleet, "--operator", "op", "--yes").stdout


@pytest.mark.parametrize("name", ["out.csv", "out.json"])
def test_an_export_comes_back_unchanged(run: Run, fleet: Path, tmp_path: Path, name: str) -> None:
    """The format is what the file's name says; standard output has the same."""
    run("import", fleet)
    assert "10 lines" in run("export", tmp_path / name).stdout
    assert "10 unchanged" in run("import", tmp_path / name).stdout
    printed = run("export", "--format", name.rpartition(".")[2]).stdout
    assert printed == (tmp_path / name).read_text()


def test_a_list_shows_the_fleet_of_a_day_as_known_on_a_day(run: Run, fleet: Path) -> None:
    """Today as known now, unless asked otherwise."""
    run("import", fleet, "--recorded-at", "2024-01-10T12:00:00+03:00")
    fleet.write_text("operator_id,vehicle_id,depot\nop,1,South\n")
    run("import", fleet, "--yes", "--recorded-at", "2024-03-10")

    def listed(*arguments: str) -> list[str]:
        return [row["depot"] for row in json.loads(run("list", "--json", *arguments).stdout)]

    assert listed() == ["South"]
    assert listed("--on", "2024-03-09") == ["North"] * 10
    newest, oldest = json.loads(run("changes", "--json").stdout)
    assert newest["claimed_at"] == "2024-03-09T21:00:00+00:00"
    shown = run("changes").stdout
    assert "claimed (Europe/Moscow)" in shown
    assert "2024-03-10 00:00" in shown
    # What is claimed to have been known in the past is known since it was entered.
    assert listed("--on", "2024-03-10", "--as-known-on", oldest["entered_at"]) == ["North"] * 10
    assert listed("--on", "2024-03-10", "--as-known-on", newest["entered_at"]) == ["South"]
    assert listed("--as-known-on", "2024-03-10") == []
    assert len(listed("--all")) == 11
    assert listed("--depot", "North") == []
    lines = [line.split() for line in run("list").stdout.splitlines()]
    assert lines == [
        ["operator_id", "vehicle_id", "depot", "in_service_from", "Цвет"],
        ["op", "1", "South", "2024-03-10", "C"],
    ]
    run("list", "--all", "--on", "2024-03-09", code=2)
    run("list", "--on", "someday", code=2)


def test_the_inbox_is_listed_and_accepted(run: Run, embedded_url: str) -> None:
    """Control sequences in an id do not reach the terminal."""
    at = datetime(2024, 1, 10, 9, tzinfo=UTC)
    unregistered = VehicleId("op", "1\x9b31m")
    assert run("inbox").stdout == "every vehicle that publishes is registered\n"
    with Writer(embedded_url, "test", "Europe/Moscow") as writer:
        batch = Batch()
        batch.add(Message(b"t", b"{}", at), [Report(unregistered, at, Fix(57.0, 40.9))], [])
        writer.write(batch)
    (found,) = json.loads(run("inbox", "--json").stdout)
    assert (found["operator_id"], found["fix_minutes"], found["latitude"]) == ("op", 1, 57.0)
    assert "1\\x9b31m" in run("inbox").stdout
    run("accept", "a/b/c", code=2)
    run("accept", "op", "--csv", code=2)
    dry = json.loads(run("accept", "op", "--dry-run", "--json").stdout)
    assert (dry["accepted"], dry["dry_run"], len(dry["differences"])) == ([], True, 1)
    assert dry["differences"][0]["from"] == "2024-01-10"
    assert run("accept", "op", "--dry-run").stdout.startswith("1 vehicle would be accepted\n")
    assert run("accept", "op", "--dry-run", "--from", "01.02.2024", "--csv").stdout == (
        "operator_id,vehicle_id,change,from,to,column,before,after\n"
        "op,1\x9b31m,added,2024-02-01,,in service,False,True\n"
    )
    assert run("accept", "op").stdout == "op/1\\x9b31m is in service from 2024-01-10\n"
    assert json.loads(run("inbox", "--json").stdout) == []


def test_the_inbox_says_whom_a_vehicle_looks_like(
    run: Run, embedded_url: str, tmp_path: Path
) -> None:
    """By its letters' alphabet, since on a screen the two are one."""
    file = tmp_path / "fleet.csv"
    file.write_text("operator_id,vehicle_id\nhg,А101\n")
    run("import", file)
    at = datetime(2024, 1, 10, 9, tzinfo=UTC)
    with Writer(embedded_url, "test", "Europe/Moscow") as writer:
        batch = Batch()
        reports = [Report(VehicleId("hg", name), at) for name in ("A101", "B7")]
        batch.add(Message(b"t", b"{}", at), reports, [])
        writer.write(batch)
    first, second = json.loads(run("inbox", "--json").stdout)
    assert first["looks_like"] == {"operator_id": "hg", "vehicle_id": "А101"}
    assert second["looks_like"] is None
    assert "hg/А101 (Cyrillic А)" in run("inbox").stdout
    dry = run("match", "hg/A101", "hg/А101", "--dry-run").stdout.splitlines()
    assert dry[0] == "hg/A101 would be registered in place of hg/А101"
    assert [line.split()[:3] for line in dry[2:]] == [
        ["hg", "A101", "added"],
        ["hg", "А101", "ended"],
    ]
    looked = json.loads(run("match", "hg/A101", "hg/А101", "--dry-run", "--json").stdout)
    assert looked["in_place_of"] == {"operator_id": "hg", "vehicle_id": "А101"}
    assert [each["change"] for each in looked["differences"]] == ["added", "ended"]
    assert "hg/A101 is registered in place of hg/А101" in run("match", "hg/A101", "hg/А101").stdout
    assert [each["vehicle_id"] for each in json.loads(run("inbox", "--json").stdout)] == ["B7"]


def test_a_dry_run_lists_what_would_change(run: Run, fleet: Path) -> None:
    """For people, as CSV, or in the JSON document."""
    run("import", fleet)
    fleet.write_text("operator_id,vehicle_id,depot\nop,1,South\nop,new,North\n")
    today = datetime.now(ZoneInfo("Europe/Moscow")).date().isoformat()
    dry = run("import", fleet, "--partial", "--dry-run").stdout.splitlines()
    assert dry[0] == "fleet.csv: 1 vehicle would be added, 1 changed, 0 ended, 0 unchanged"
    rows = [line.split() for line in dry[2:]]
    assert rows == [
        ["operator", "vehicle", "change", "from", "to", "column", "before", "after"],
        ["op", "1", "changed", today, "depot", "North", "South"],
        ["op", "new", "added", today, "in", "service", "no", "yes"],
    ]
    lines = run("import", fleet, "--partial", "--dry-run", "--csv").stdout.splitlines()
    assert lines[1] == f"op,1,changed,{today},,depot,North,South"
    document = json.loads(run("import", fleet, "--partial", "--dry-run", "--json").stdout)
    assert document["differences"][1] == {
        "operator_id": "op",
        "vehicle_id": "new",
        "change": "added",
        "from": today,
        "to": None,
        "column": "in service",
        "before": False,
        "after": True,
    }
    assert len(json.loads(run("list", "--json").stdout)) == 10
    run("import", fleet, "--csv", code=2)


def test_operators_that_are_not_in_the_file_are_named_or_ended(run: Run, fleet: Path) -> None:
    """They keep their fleets unless --whole-registry is given."""
    run("import", fleet)
    fleet.write_text("operator_id,vehicle_id\nelse,1\n")
    told = run("import", fleet).stdout
    assert "operators not in the file, left as they are: op; --whole-registry ends them" in told
    with pytest.raises(FleetWouldShrink, match="10 of 10 vehicles of operator op"):
        run("import", fleet, "--whole-registry")
    assert "10 ended, 1 unchanged" in run("import", fleet, "--whole-registry", "--yes").stdout
    run("import", fleet, "--whole-registry", "--partial", code=2)


def test_a_vehicle_is_set_ended_and_a_change_undone(run: Run, fleet: Path) -> None:
    """By titles in either language; each is a change on record, with its author."""
    run("import", fleet, "--recorded-at", "2024-01-10")

    def listed(day: str) -> dict[str, object]:
        found = run("list", "--json", "--vehicle", "1", "--on", day).stdout
        return dict(*json.loads(found))

    arguments = ("Парк=South", "cctv=да", "Класс=II", "--from", "2024-03-01", "--author", "Anna")
    assert "1 changed" in run("set", "op/1", *arguments).stdout
    assert [listed("2024-02-29")[name] for name in ("depot", "cctv")] == ["North", None]
    after = listed("2024-03-01")
    assert [after[name] for name in ("depot", "cctv", "Класс")] == ["South", True, "II"]
    assert "1 ended" in run("end", "op/1", "--on", "2024-04-01", "--dry-run").stdout
    assert "1 ended" in run("end", "op/1", "--on", "2024-04-01").stdout
    assert listed("2024-04-02") == {}
    newest, before, *_ = json.loads(run("changes", "--json").stdout)
    assert (newest["source"], before["changed_by"]) == ("end, op/1", "Anna")
    assert "is undone by change" in run("undo", newest["change_id"]).stdout
    assert listed("2024-04-02")["depot"] == "South"
    for wrong in ("in_service_to=2024-01-01", "depot", "cctv=maybe"):
        run("set", "op/1", wrong, code=2)
    run("end", "op", code=2)
    with pytest.raises(NotRegistered):
        run("end", "op/none")


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("2999-01-01", "nothing was recorded at 2999-01-01T.*: that is in the future"),
        ("0001-01-02T00:00:00Z", "nothing was recorded at 0001-01-02T.*: before 1970"),
        ("1969-12-31", "before 1970"),
    ],
)
def test_what_was_known_was_known_in_the_past(
    run: Run, fleet: Path, moment: str, says: str
) -> None:
    """And in the age of databases: any other moment is a slip."""
    with pytest.raises(StorageError, match=says):
        run("import", fleet, "--recorded-at", moment)
    assert "10 vehicles added" in run("import", fleet, "--recorded-at", "2020-01-01").stdout
    assert "1 vehicle added" in run("import", _with_one_more(fleet)).stdout


def _with_one_more(fleet: Path) -> Path:
    fleet.write_text(fleet.read_text() + "\nop,another,North,C\n")
    return fleet


@pytest.mark.parametrize("command", ["list", "export"])
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01T00:00:00+03:00"])
def test_a_day_at_the_calendar_s_end_is_wrong_usage(run: Run, command: str, day: str) -> None:
    """A time without a moment in UTC is an error that says so."""
    says = run(command, "--as-known-on", day, code=2).output
    assert "outside the years 1 to 9999" in " ".join(says.replace("│", " ").split())
