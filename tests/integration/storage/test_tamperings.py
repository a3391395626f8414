"""What somebody may do to a published figure: it stays, or the report names what was done.

Each row is one of the table in docs/report.md, What can be changed afterwards.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql
from typer.testing import CliRunner, Result

from fleetgauge.cli import app
from models.equipment import Flag
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.rules import record
from storage.targets import set_targets
from storage.writing.batch import Batch, Message
from storage.writing.keys import learn_kinds
from storage.writing.writer import Writer
from tests.integration.storage.fleet_history import flags
from tests.integration.storage.test_corrections import PLAN, enter, fleet, known_before

NOON = datetime(2024, 12, 31, 9, tzinfo=UTC)
ON = ("report", "--on", "2024-12-31", "--json")
PUBLISHED = (*ON, "--as-known-on", "2025-01-15", "--by", "operator", "--sensitivity")
BUSES = ("a", "b", "c")

Document = dict[str, Any]


class Database(NamedTuple):
    """Where it is done."""

    url: str
    connection: Connection
    file: Path
    """Where one may be put."""

    def keep(self, bus: str, received_at: datetime) -> None:
        """Keep twelve minutes of a bus at noon, its flags among them."""
        batch = Batch()
        for minute in range(12):
            at = NOON + timedelta(minutes=minute)
            report = Report(VehicleId("op", bus), at, Fix(57.0 + minute / 500, 41.0), CCTV)
            batch.add(Message(b"t", b"p", received_at + (at - NOON)), [report], [])
        with Writer(self.url, "test", "Europe/Moscow") as writer:
            writer.write(batch)


CCTV = flags(cctv=Flag(True, True))


@pytest.fixture
def database(
    embedded_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Database]:
    """Three buses on the last day of 2024, of which two were tracked; all known by then."""
    migrate(embedded_url)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", embedded_url)
    with connect(embedded_url, "test", autocommit=True) as connection:
        found = Database(embedded_url, connection, tmp_path / "file.csv")
        enter(connection, fleet(*BUSES), "first")
        set_targets(connection, [PLAN], set_by="anna", source="plan.csv")
        rule = {"tracked_minutes": "10", "trailing_days": "7", "time_zone": "Europe/Moscow"}
        record(connection, rule, "ingest")
        known_before(connection)
        for table in ("rule_setting", "operator_history"):
            before = sql.SQL("update {} set known_from = '2024-01-01'")
            connection.execute(before.format(sql.Identifier(table)))
        for bus in BUSES[:2]:
            found.keep(bus, NOON)
        yield found


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output or result.exception
    return result


def _import_backdated(to: Database) -> None:
    enter(to.connection, fleet("a", "b"), "claimed", correct=True)


def _replace_target(to: Database) -> None:
    lower = PLAN._replace(ratio=0.1)
    claimed_at = datetime(2024, 1, 1, tzinfo=UTC)
    set_targets(to.connection, [lower], set_by="boris", source="plan.csv", claimed_at=claimed_at)


def _remove_target(to: Database) -> None:
    period = ("--from", f"{PLAN.period_from}", "--to", f"{PLAN.period_to}")
    run("target", "remove", "trackable", *period)


def _change_settings(to: Database) -> None:
    record(to.connection, {"tracked_minutes": "1", "trailing_days": "300"}, "boris")


def _change_zone(to: Database) -> None:
    run("operator", "set", "op", "--time-zone", "Asia/Kamchatka")


def _rename_operator(to: Database) -> None:
    run("operator", "rename", "op", "other")


def _deliver_again(to: Database) -> None:
    to.keep("a", datetime.now(UTC))


def _deliver_late(to: Database) -> None:
    to.keep("c", datetime.now(UTC))


def _backfill(to: Database) -> None:
    # A file claims that all of it was received in time: a bus without a camera, and a new one.
    lines = ["operator_id,vehicle_id,observed_at,received_at,latitude,longitude,cctv"]
    for bus, fitted in (("a", "false"), ("c", "true")):
        for minute in range(12):
            at = (NOON + timedelta(hours=3, minutes=minute)).isoformat()
            lines.append(f"op,{bus},{at},{at},{57.0 + minute / 500},41.0,{fitted}")
    to.file.write_text("\n".join(lines))
    run("backfill", str(to.file))


def _add_a_kind(to: Database) -> None:
    learn_kinds(to.connection, ["air_conditioning"])


def _throw_positions_away(to: Database) -> None:
    to.connection.execute("delete from report")


def _change_hours(to: Database) -> None:
    to.connection.execute("insert into service_hours values ('op', 1, 300, 1320)")


STAYS: list[Callable[[Database], None]] = [
    _change_settings,
    _change_zone,
    _deliver_again,
    _change_hours,
]
NAMED: list[Callable[[Database], None]] = [_import_backdated, _replace_target, _remove_target]


@pytest.mark.parametrize(
    "tampering", [*STAYS, *NAMED, _deliver_late, _backfill, _add_a_kind, _rename_operator]
)
def test_a_report_as_known_on_a_date_stays_byte_for_byte(
    database: Database, tampering: Callable[[Database], None]
) -> None:
    """Whatever is entered, claimed, delivered or set afterwards."""
    published = run(*PUBLISHED).stdout
    assert json.loads(published)["indicators"]["trackable"]["vehicles"] == 2
    tampering(database)
    assert run(*PUBLISHED).stdout == published


@pytest.mark.parametrize("tampering", [*STAYS, _throw_positions_away])
def test_the_figures_as_known_now_stay(
    database: Database, tampering: Callable[[Database], None]
) -> None:
    """What is set or delivered again is about no past date; days are counted for ever."""
    before = json.loads(run(*ON).stdout)
    tampering(database)
    after = json.loads(run(*ON).stdout)
    for part in ("indicators", "rule", "fleet", "corrections"):
        assert after[part] == before[part]


def test_what_is_thrown_away_and_who_is_renamed_change_no_count(database: Database) -> None:
    """A report as known on a date rests on its days; a new id is the same fleet."""
    known = (*ON, "--as-known-on", "2025-01-15")
    published, now = run(*known).stdout, json.loads(run(*ON).stdout)
    _throw_positions_away(database)
    assert run(*known).stdout == published
    _rename_operator(database)
    renamed = json.loads(run(*ON).stdout)
    assert renamed["indicators"] == now["indicators"]
    assert {vehicle["operator_id"] for vehicle in renamed["fleet"]} == {"other"}


@pytest.mark.parametrize("tampering", NAMED)
def test_what_makes_the_figures_others_is_named(
    database: Database, tampering: Callable[[Database], None]
) -> None:
    """With when it was entered by the server's clock, whatever it claims, and by whom."""
    before = json.loads(run(*ON).stdout)
    tampering(database)
    after = json.loads(run(*ON).stdout)
    assert after["indicators"] != before["indicators"]
    (named,) = after["corrections"]
    assert named["entered_by"]
    entered_at = datetime.fromisoformat(named["entered_at"])
    assert datetime.now(UTC) - entered_at < timedelta(hours=1)


def test_what_came_late_is_counted_beside_the_figure(database: Database) -> None:
    """A backlog makes a tracked day of a bus that had none, and the report says on what."""
    _deliver_late(database)
    trackable = json.loads(run(*ON).stdout)["indicators"]["trackable"]
    assert (trackable["vehicles"], trackable["only_late"]) == (3, 1)


def test_what_a_file_claims_to_have_been_received_in_time_is_named(database: Database) -> None:
    """By the server's clock it was recorded after the date, whatever the file says."""
    assert json.loads(run(*ON).stdout)["recorded_later"] == []
    _backfill(database)
    found = json.loads(run(*ON).stdout)
    assert [found["indicators"][name]["vehicles"] for name in ("trackable", "cctv")] == [3, 2]
    today = {"last_on": datetime.now(ZoneInfo("Europe/Moscow")).date().isoformat()}
    assert found["recorded_later"] == [
        {"indicator": "trackable", "vehicles": 1, **today},
        {"indicator": "cctv", "vehicles": 2, **today},
    ]
    assert json.loads(run(*PUBLISHED).stdout)["recorded_later"] == []
    assert "trackable: 1 vehicle counts" in run("report", "--on", "2024-12-31").stdout


def test_rows_that_are_altered_by_hand_are_found_by_the_published_file(
    database: Database, tmp_path: Path
) -> None:
    """The database gives another report than the one that was published, and says in what."""
    file = tmp_path / "report.json"
    file.write_text(run(*PUBLISHED).stdout)
    run("report", "verify", str(file))
    database.connection.execute("update vehicle_day set minutes = 0::bit(16384)")
    ended = CliRunner().invoke(app, ["report", "verify", str(file)])
    assert ended.exit_code != 0
    assert "indicators" in str(ended.exception)
    document: Document = json.loads(file.read_text())
    document["indicators"]["trackable"]["vehicles"] = 3
    file.write_text(json.dumps(document))
    assert "altered" in str(CliRunner().invoke(app, ["report", "verify", str(file)]).exception)
