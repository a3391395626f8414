"""What the titles of lists mean, remembered under a name, on a real database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fleetgauge.cli import app
from fleetgauge.commands.errors import CommandError
from storage.migrate import migrate

Run = Callable[..., str]
FLEET = "Код;Номер борта;Знак;Прочее\nop;7;А1;x\n"
TITLES = ("--column", "Код=operator_id", "--column", "номер борта=vehicle_id")


@pytest.fixture
def run(embedded_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command against a fresh database; returns what it prints on either stream."""
    migrate(embedded_url)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", embedded_url)

    def invoke(*arguments: object) -> str:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_a_mapping_is_remembered(run: Run, tmp_path: Path) -> None:
    """With its history; once a list was imported by it, and not by a dry run."""
    file, mapping = tmp_path / "fleet.csv", tmp_path / "mapping.csv"
    file.write_text(FLEET)
    mapping.write_text("Заголовок;Столбец\nЗнак;plate\nПрочее;\n")
    region = ("--profile", "region")
    with pytest.raises(CommandError, match="nothing is remembered as region; known are: none"):
        run("registry", "import", file, *region)
    run("registry", "import", file, *region, *TITLES, "--dry-run")
    assert run("registry", "profiles") == "nothing is remembered\n"
    run("registry", "import", file, *region, *TITLES)
    run("registry", "import", file, *region, "--mapping", mapping, "--author", "Anna")
    said = run("registry", "import", file, *region)
    assert "Код → operator_id, Номер борта → vehicle_id, Знак → plate" in said
    assert "left out: Прочее" in said
    (now,) = json.loads(run("registry", "profiles", "--json"))
    assert (now["list"], now["name"], now["entered_by"]) == ("fleet", "region", "Anna")
    assert len(now["columns"]) == 4
    assert len(json.loads(run("registry", "profiles", "--history", "--json"))) == 2
    assert "Знак → plate" in run("registry", "profiles", "--history")


def test_targets_and_hours_are_read_by_the_same_options(run: Run, tmp_path: Path) -> None:
    """Ratios in per cent without a sign are known by those above 1."""
    fleet, plan, hours = (tmp_path / name for name in ("fleet.csv", "plan.csv", "hours.csv"))
    fleet.write_text("operator_id,vehicle_id\nop,1\n")
    run("registry", "import", fleet)
    plan.write_text("Показатель;С;По;К концу года\ntrackable;01.01.2024;31.12.2024;43,5\n")
    run("target", "import", plan, "--column", "К концу года=ratio", "--profile", "plan")
    said = run("target", "import", plan, "--profile", "plan")
    assert "0 targets set, 1 unchanged" in said
    assert "К концу года → ratio" in said
    assert "43.50 %" in run("target", "list")
    plan.write_text("indicator,from,to,ratio\ntrackable,2024-01-01,2024-12-31,43.5\ncctv,,,0.5\n")
    with pytest.raises(CommandError, match=r"'0.5' among numbers that are per cent: write 0.5% or"):
        run("target", "import", plan)
    hours.write_text("Перевозчик;Дни;С;По;Комментарий\nop;mon-sun;5:30;23:00;-\n")
    said = run("service-hours", "import", hours, "--column", "Комментарий=")
    assert "left out: Комментарий" in said


def test_lists_in_russian_are_taken_as_they_are(run: Run, tmp_path: Path) -> None:
    """Plans, hours and holidays: titles, indicators, periods, weekdays and months."""
    fleet, plan, hours, free = (tmp_path / f"{name}.csv" for name in "fphr")
    fleet.write_text("operator_id,vehicle_id\nop,1\n")
    run("registry", "import", fleet)
    plan.write_bytes(
        "Показатель;Период;План, %\r\nНа связи;IV квартал 2024 г.;79,3\r\n"
        "Видеонаблюдение;2024 год;85\r\n".encode("cp1251")
    )
    assert "2 targets set" in run("target", "import", plan)
    hours.write_text("Перевозчик;Дни недели;Начало движения;Окончание движения\n"
                     "op;будни;5:00:00;0:30:00\nop;сб, вс и праздники;6:00;23:00\n")  # fmt: skip
    free.write_text("Дата;Праздник\n1 января 2025 г.;Новый год\n08.03.2025;\n")
    said = run("service-hours", "import", hours, "--holidays", free)
    assert "service hours of 1 operators\nholidays: 2" in said
    found = json.loads(run("service-hours", "list", "--json"))
    assert len(found["hours"]) == 8
    assert found["holidays"][0] == {"day": "2025-01-01", "operator_id": None, "name": "Новый год"}
    plans = json.loads(run("target", "list", "--json"))["targets"]
    assert [(each["indicator"], each["from"], each["ratio"]) for each in plans] == [
        ("trackable", "2024-10-01", 0.793), ("cctv", "2024-01-01", 0.85),
    ]  # fmt: skip


def test_what_is_stated_is_listed_beside_the_targets(run: Run) -> None:
    """Reasons, milestones, official figures; with --history also what was taken back."""
    year = ("--from", "2024-01-01", "--to", "2024-12-31")
    run("target", "set", "на связи", "79,3%", *year)
    run("target", "note", "на связи", "the tender was late", *year)
    run("target", "milestone", "All buses", "--due", "2024-11-01")
    run("target", "actual", "cctv", "72%", "--on", "2022-12-31", "--source", "report 2022")
    shown = run("target", "list", "--on", "2024-12-31")
    for words in (
        "targets: 1", "79.30 %", "reasons for deviations: 1", "the tender was late",
        "milestones: 1", "overdue", "official figures: 1", "report 2022",
    ):  # fmt: skip
        assert words in shown
    found = json.loads(run("target", "list", "--json"))
    assert {name: len(listed) for name, listed in found.items()} == {
        "targets": 1, "notes": 1, "milestones": 1, "official": 1,
    }  # fmt: skip
    run("target", "milestone", "All buses", "--due", "2024-11-01", "--remove", "--author", "Anna")
    assert "milestones" not in run("target", "list")
    assert "Anna" in run("target", "list", "--history")
