"""What the year of Ivanovo stands when its lists are changed afterwards: nothing changes unseen."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from storage.migrate import migrate
from tests.acceptance.simulated_past import load_day, load_registry
from tests.servers.embedded import EmbeddedServer

THEN = ("--on", "2024-12-31", "--compare", "2023-12-31")
LASTING = timedelta(minutes=11)
"""Enough for the ten minutes of a tracked day."""


@pytest.fixture(scope="module")
def url(embedded_server: EmbeddedServer) -> Iterator[str]:
    """Both years, a year apart."""
    url = embedded_server.create_database()
    migrate(url)
    load_registry(url, "ivanovo-2023", datetime(2023, 1, 9, 9, tzinfo=UTC))
    load_day(url, "ivanovo-2023", date(2023, 12, 31), LASTING)
    load_registry(url, "ivanovo-2024", datetime(2024, 6, 3, 9, tzinfo=UTC))
    load_day(url, "ivanovo-2024", date(2024, 12, 31), LASTING)
    yield url
    embedded_server.drop_database(url)


def fleetgauge(url: str, *arguments: object, code: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "fleetgauge", *map(str, arguments)],
        env={"FLEETGAUGE_DATABASE_URL": url, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def shares(url: str) -> tuple[str, str]:
    document = json.loads(fleetgauge(url, "report", *THEN, "--json")[0])
    trackable = document["indicators"]["trackable"]
    return f"{trackable['ratio']:.2%}", f"{trackable['compared']['ratio']:.2%}"


def test_the_year_keeps_its_figures(url: str, tmp_path: Path) -> None:
    """Through a rename, buses that moved, a list cut short, one with a total, and a late entry.

    The difference of the two dates is still 583 vehicles, and a claim's 12 wrong buses are found.
    """
    assert shares(url) == ("85.96%", "34.82%")
    fleetgauge(url, "operator", "rename", "ivgortrans", "ivgor")
    assert shares(url) == ("85.96%", "34.82%")

    exported = fleetgauge(url, "registry", "export")[0]
    header, *lines = exported.splitlines()
    full, short, total = (tmp_path / name for name in ("full.csv", "short.csv", "total.csv"))
    full.write_text("\n".join([header, *lines]).replace("ivgor,", "ivgortrans,"))
    short.write_text("\n".join([header, *lines[:600]]))
    total.write_text("\n".join([header, *lines, "Итого" + "," * header.count(",")]))
    assert "operators read as: ivgortrans → ivgor" in fleetgauge(url, "registry", "import", full)[1]
    assert "more than 10% of a fleet" in fleetgauge(url, "registry", "import", short, code=1)[1]
    assert "looks like a total" in fleetgauge(url, "registry", "import", total, code=1)[1]

    moved = tmp_path / "moved.csv"
    buses = dict.fromkeys(line.split(",")[1] for line in lines if line.startswith("ivgor,"))
    moves = [f"МУП «Ивгортранс»;{bus};Шуя" for bus in list(buses)[:30]]
    moved.write_text("\n".join(["Перевозчик;Гаражный номер;Муниципалитет", *moves]))
    fleetgauge(url, "operator", "set", "ivgor", "--name", 'МУП "Ивгортранс"')
    backdated = ("registry", "import", moved, "--partial", "--effective", "01.12.2024")
    assert "pass --yes to confirm" in fleetgauge(url, *backdated, code=1)[1]
    assert "30 changed" in fleetgauge(url, *backdated, "--yes")[0]
    assert shares(url) == ("85.96%", "34.82%")

    new = tmp_path / "new.csv"
    new.write_text("operator_id,vehicle_id,in_service_from\nivgor,new-1,2019-10-02\n")
    said = fleetgauge(url, "registry", "import", new, "--partial", code=1)[1]
    figure = "2024-12-31 fleet trackable 85.96% (980 of 1,140) 85.89% (980 of 1,141) −0.08"
    assert figure in " ".join(said.split())
    assert "pass --yes to confirm" in said
    assert shares(url) == ("85.96%", "34.82%")

    year = ("report", "diff", "2023-12-31", "2024-12-31", "--json")
    difference = json.loads(fleetgauge(url, *year)[0])["indicators"]["trackable"]
    assert (len(difference["vehicles"]), difference["difference_points"]) == (583, 51.140351)
    check_claim(url, tmp_path / "claim.csv")


def check_claim(url: str, claim: Path) -> None:
    """Hold a list with 12 wrong buses, by the id that the operator had, against the figures."""
    fleet = json.loads(fleetgauge(url, "report", *THEN, "--json")[0])["fleet"]
    own = [each for each in fleet if each["operator_id"] == "ivgor"]
    missing = [each["vehicle_id"] for each in own if not each["trackable"]]
    assert missing
    wrong = [*missing, *(f"90{number:02}" for number in range(12 - len(missing)))]
    listed = [*(each["vehicle_id"] for each in own if each["trackable"]), *wrong]
    claim.write_text("\n".join(["Гаражный номер", *listed]), encoding="utf-8")
    options = ("--claim", claim, "--on", "2024-12-31", "--operator", "ivgortrans", "--json")
    found = json.loads(fleetgauge(url, "report", "reconcile", *options)[0])
    assert found["outcomes"]["agreed"] == len(listed) - 12
    differing = [each for each in found["vehicles"] if each["outcome"] != "agreed"]
    assert sorted(each["vehicle_id"] for each in differing) == sorted(wrong)


def test_a_backdated_move_says_what_it_alters(url: str) -> None:
    """Of the whole fleet nothing, of two municipalities both; undone, all is as it was."""
    before = json.loads(fleetgauge(url, "registry", "list", "--on", "2024-12-31", "--json")[0])
    bus = next(each for each in before if each["municipality"] == "Иваново")
    name = f"{bus['operator_id']}/{bus['vehicle_id']}"
    move = ("registry", "set", name, "municipality=Шуя", "--from", "01.12.2024")
    dry = json.loads(fleetgauge(url, *move, "--dry-run", "--json")[0])
    december = [each for each in dry["alterations"] if each["on"] == "2024-12-31"]
    assert {each["municipality"] for each in december} == {"Иваново", "Шуя"}
    changes = json.loads(fleetgauge(url, "registry", "changes", "--json")[0])
    fleetgauge(url, *move, code=1)
    said = fleetgauge(url, *move, "--yes")[1]
    assert "past reports that change:" in said
    now = json.loads(fleetgauge(url, "registry", "changes", "--json")[0])
    assert now[0]["change_id"] == changes[0]["change_id"] + 1
    assert (
        "past reports that change:"
        in fleetgauge(url, "registry", "undo", now[0]["change_id"], "--yes")[1]
    )
    assert before == json.loads(
        fleetgauge(url, "registry", "list", "--on", "2024-12-31", "--json")[0]
    )
