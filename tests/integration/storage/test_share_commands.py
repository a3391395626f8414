"""`share` and `untrackable` as their users run them, on real databases."""

import json
import os
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from fleetgauge.cli import app
from fleetgauge.commands.errors import CommandError
from models.attribute import GROUPINGS
from models.equipment import Flag
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from reports.language import ENGLISH
from reports.untrackable_terminal import local_time
from storage.migrate import migrate
from tests.integration.metrics.exporting import exporting
from tests.integration.storage.fleet_history import History, RejectedReport, flags, live
from tests.servers.ports import free_port

MINUTE = timedelta(minutes=1)
FIX = Fix(57.0, 41.0, route_id="7")
EAST = [VehicleId("east", f"[red]{number}") for number in range(5)]
WEST = [VehicleId("west", "1")]


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    migrate(database_url)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", database_url)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")  # the tables are looked at in English
    return database_url


def write_fleet(url: str, now: datetime) -> None:
    """Write five buses in the east, one in the west; four have a fix of two minutes ago.

    One of the four had none ten minutes ago; the fifth's clock is wrong, the west's was silent.
    """
    entries = [
        RegistryEntry(bus, attributes={"depot": "A", "tyres": "winter"}, equipment={"cctv": True})
        for bus in EAST
    ]
    entries += [RegistryEntry(bus, equipment={"cashless": True}) for bus in WEST]
    fixes = [
        live(Report(bus, now - 2 * MINUTE, FIX, flags(cctv=Flag(True, True)))) for bus in EAST[:4]
    ]
    earlier = [live(Report(bus, now - 11 * MINUTE, FIX)) for bus in EAST[:3]]
    clock = RejectedReport(EAST[4], now - MINUTE, RejectReason.IN_FUTURE)
    silent = live(Report(WEST[0], now - 60 * MINUTE))
    History(entries, [*fixes, *earlier, clock, silent]).write(url)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def document(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def test_share_is_the_document_of_the_contract(url: str, now: datetime) -> None:
    """Numerator and ratio of each indicator, the denominator once, no groups unless asked."""
    write_fleet(url, now)
    share = document("share")
    assert datetime.fromisoformat(share.pop("at")) >= now
    expected = {
        "window_seconds": 300,
        "vehicles": 6,
        "indicators": {
            "trackable": {"vehicles": 4, "ratio": 4 / 6},
            "trackable_on_route": {"vehicles": 4, "ratio": 4 / 6},
            "cctv": {"vehicles": 5, "ratio": 5 / 6},
            "cashless": {"vehicles": 1, "ratio": 1 / 6},
        },
        "unregistered": 0,
        "groups": [],
    }
    assert {name: share[name] for name in expected} == expected


def test_share_by_groups(url: str, now: datetime) -> None:
    """A group under the minimum has counts and no ratio; one without a name comes last."""
    write_fleet(url, now)
    groups = document("share", "--by", "depot")["groups"]
    told = [(g["by"], g["name"], g["vehicles"], g["indicators"]["trackable"]) for g in groups]
    assert told == [
        ("depot", "A", 5, {"vehicles": 4, "ratio": 0.8}),
        ("depot", None, 1, {"vehicles": 0, "ratio": None}),
    ]


def test_share_at_a_past_moment(url: str, now: datetime) -> None:
    """What came later does not count; the moment is given back as it was asked for."""
    write_fleet(url, now)
    moment = (now - 10 * MINUTE).isoformat()
    share = document("share", "--at", moment, "--window", "90s")
    assert (share["at"], share["window_seconds"]) == (moment, 90)
    assert share["indicators"]["trackable"]["vehicles"] == 3


def test_untrackable_names_each_vehicle_and_why(url: str, now: datetime) -> None:
    """Now and then: one reason each; reasons and trackable make the fleet."""
    write_fleet(url, now)
    listed = document("untrackable")
    found = {entry["vehicle_id"]: entry["reason"] for entry in listed["untrackable"]}
    assert found == {"[red]4": "bad_clock", "1": "silent"}
    assert listed["trackable"] + sum(listed["reasons"].values()) == listed["vehicles"] == 6
    clock, _silent = listed["untrackable"]
    assert (clock["since"], clock["rejected_reason"]) == (None, "in_future")
    assert clock["rejected_at"] == (now - MINUTE).isoformat()

    then = document("untrackable", "--at", (now - 10 * MINUTE).isoformat())
    assert [entry["reason"] for entry in then["untrackable"]] == [
        "never_seen",
        "never_seen",
        "silent",
    ]


@pytest.mark.parametrize("by", GROUPINGS)
def test_tables_are_for_people(url: str, now: datetime, by: str) -> None:
    """Counts and window stand beside each ratio; brackets in an id are not markup."""
    write_fleet(url, now)
    shown = run("share", "--by", by)
    assert shown.exit_code == 0
    assert "4 of 6" in shown.stdout
    assert "66.67 %" in shown.stdout
    assert "5m" in shown.stdout
    assert "[red]4" in run("untrackable").stdout


def test_local_times_say_how_far_they_are_from_utc(
    url: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for all; and JSON is in UTC."""
    write_fleet(url, now)
    monkeypatch.setenv("FLEETGAUGE_TIME_ZONE", "Asia/Yekaterinburg")
    shown = run("untrackable").stdout
    assert "times in Asia/Yekaterinburg, +05:00" in shown
    assert f"{now - MINUTE + 5 * 60 * MINUTE:%Y-%m-%d %H:%M:%S} in_future" in shown
    assert {each["rejected_at"][-6:] for each in document("untrackable")["untrackable"][:1]} == {
        "+00:00"
    }


def test_the_language_is_a_setting(
    url: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds for every table, as for the pages, before the locale; the option before it."""
    write_fleet(url, now)
    monkeypatch.setenv("FLEETGAUGE_LANGUAGE", "ru")
    assert "в парке 6 автобусов" in run("share").stdout.replace("\xa0", " ")
    assert "in the fleet" in run("share", "--language", "en").stdout
    monkeypatch.setenv("FLEETGAUGE_LANGUAGE", "fi")
    refused = run("share")
    assert refused.exit_code == 2
    assert "FLEETGAUGE_LANGUAGE" in refused.stderr


def test_a_time_before_the_clocks_were_changed_has_its_own_offset() -> None:
    """The heading's is that of the moment asked about."""
    at = datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert local_time(datetime(2026, 6, 1, tzinfo=UTC), at, ENGLISH) == "2026-06-01 02:00:00"
    winter = local_time(datetime(2026, 3, 1, tzinfo=UTC), at, ENGLISH)
    assert winter == "2026-03-01 01:00:00+01:00"


def test_empty_fleet_is_no_error(url: str) -> None:
    """There is no ratio of nothing."""
    share = document("share")
    assert (share["vehicles"], share["indicators"]["cctv"]) == (0, {"vehicles": 0, "ratio": None})
    assert run("share").exit_code == 0
    assert document("untrackable")["untrackable"] == []


@pytest.mark.parametrize("command", ["share", "untrackable"])
@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--at", "noon", "is not a date or a time"),
        ("--window", "5 buses", "is not a window"),
        ("--window", "0s", "above 0"),
        ("--window", "99999999999999d", "is not a window"),
        ("--window", "400d", "up to"),
    ],
)
def test_wrong_usage_is_said_in_words(command: str, option: str, value: str, words: str) -> None:
    """Exit 2, and what would have been right."""
    result = run(command, option, value)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_moment_that_nothing_is_known_of_is_said(url: str, now: datetime) -> None:
    """The future, the time before the first record, and a database without any."""
    long_ago = "2020-01-01T00:00:00Z"
    for moment, words in (
        ("2100-01-01T00:00:00Z", "is in the future"),
        (long_ago, "nothing is recorded yet"),
    ):
        error = run("share", "--at", moment).exception
        assert isinstance(error, CommandError)
        assert words in str(error)
    write_fleet(url, now)
    error = run("untrackable", "--at", long_ago).exception
    assert isinstance(error, CommandError)
    assert "the records begin" in str(error)


@pytest.mark.parametrize("command", ["share", "untrackable", "metrics"])
def test_a_database_without_our_schema_is_told(embedded_url: str, command: str) -> None:
    """One line that says what to do, and exit 1."""
    ended = subprocess.run(
        [sys.executable, "-m", "fleetgauge", command],
        env=os.environ | {"FLEETGAUGE_DATABASE_URL": embedded_url},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("fleetgauge: the database's schema is missing")
    assert line.endswith("run `fleetgauge migrate`")


def test_the_exporter_waits_for_a_database_that_is_away(tmp_path: Path) -> None:
    """It starts all the same, and says of the figures that there are none."""
    address = f"127.0.0.1:{free_port()}"
    environment = {
        "FLEETGAUGE_DATABASE_URL": "postgresql://postgres@127.0.0.1:1/none",
        "FLEETGAUGE_METRICS_ADDRESS": address,
    }
    with (
        exporting(tmp_path / "log", environment),
        urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer,
    ):
        assert "\nfleet_shares_up 0.0\n" in answer.read().decode()
