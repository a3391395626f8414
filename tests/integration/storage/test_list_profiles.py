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
