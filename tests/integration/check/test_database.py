"""What `fleetgauge check` finds out about a database, on both engines."""

import json
from collections.abc import Iterable
from datetime import timedelta

import psycopg
import pytest

from fleetgauge.checking.run import findings_of
from fleetgauge.settings import load_settings
from models.finding import Finding, Level
from storage.connection import connect
from storage.health.growth import growth_findings
from storage.health.ingest import ingest_findings
from storage.health.server import server_findings
from storage.health.tasks import task_findings
from storage.health.upkeep import upkeep_findings
from storage.migrate import migrate
from storage.upkeep import ARCHIVE, BACKUP, MAINTENANCE, upkeep_done
from tests.acceptance.command import fleetgauge
from tests.servers.ports import LOOPBACK, free_port

_STORED = """
insert into reception (hour, worker, received, stored, duplicate, contact, rejected)
values (now() - interval '48 hours', 'test', 2 * %(n)s, 2 * %(n)s, 0, 0, 0)
"""
_REPORTS = """
insert into report (observed_at, received_at, equipment, vehicle_key, latitude, longitude,
                    journey_key, speed, bearing, hdop, satellites)
select at, at, 0, 1, 570000000, 410000000, 1, 1, 1, 1, 1
from generate_series(1, %(n)s) as number,
     lateral (select now() - number * interval '1 second' as at) as moment
"""


def codes(found: Iterable[Finding]) -> set[str]:
    """Return what was found, without the good news."""
    return {each.code for each in found if each.level is not Level.OK}


def test_growth_is_what_was_stored_times_what_a_report_takes(database_url: str) -> None:
    """And the forecast is of the room that is left."""
    migrate(database_url)
    with connect(database_url, "test", autocommit=True) as connection:
        assert [each.code for each in growth_findings(connection, 10**9)] == [
            "database.growth_unknown",
            "database.disk_free",
        ]
        connection.execute(_STORED, {"n": 20_000})
        connection.execute(_REPORTS, {"n": 20_000})
        connection.execute("analyze report")
        growth, room = growth_findings(connection, 10**9)
        (_, full) = growth_findings(connection, 10**7)
        seen_host = connection.info.host
        (_, seen) = growth_findings(connection)
    assert growth.values["reports_a_day"] == pytest.approx(20_000, rel=0.05)
    assert 100 < float(str(growth.values["report_bytes"])) < 150
    day_bytes = float(str(growth.values["day_bytes"]))
    assert room.values["days"] == int(10**9 / day_bytes)
    assert (room.level, full.level) == (Level.OK, Level.FAULT)
    # The embedded server's data is in a folder of this machine, the other's in a userland's.
    assert seen.code == ("database.disk" if "/" in seen_host else "database.disk_unseen")


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("synchronous_commit=off", "database.synchronous_commit"),
        ("default_transaction_read_only=on", "database.read_only"),
    ],
)
def test_a_setting_that_loses_data_is_a_fault(embedded_url: str, option: str, code: str) -> None:
    """As it holds for our session, wherever it was set."""
    with connect(embedded_url, "test", autocommit=True) as connection:
        connection.execute(f"set {option}".encode())
        found = list(server_findings(connection))
    assert (code, Level.FAULT) in {(each.code, each.level) for each in found}


def test_a_transaction_that_holds_vacuum_back_is_named(embedded_url: str) -> None:
    """With its role and program, and no longer once it has ended."""
    with connect(embedded_url, "test", autocommit=True) as connection:
        with psycopg.connect(embedded_url, application_name="a forgotten window") as forgotten:
            forgotten.execute("select from pg_class")
            forgotten.execute("declare open_cursor cursor for select from pg_class")
            (found,) = upkeep_findings(connection, timedelta())
            assert found.code == "database.long_snapshot"
            assert found.values["application"] == "a forgotten window"
        assert codes(upkeep_findings(connection, timedelta())) == set()


def test_dead_rows_that_vacuum_leaves_are_told(embedded_url: str) -> None:
    """By the server's own counts."""
    with connect(embedded_url, "test", autocommit=True) as connection:
        connection.execute("create table heap (n integer) with (autovacuum_enabled = off)")
        connection.execute("insert into heap select generate_series(1, 30000)")
        connection.execute("delete from heap")
        connection.execute("select pg_stat_force_next_flush()")
        (found,) = upkeep_findings(connection)
    assert found.code == "database.dead_rows"
    assert (found.values["table_name"], found.values["dead"]) == ("heap", 30_000)


def test_a_worker_that_has_gone_is_a_fault(embedded_url: str) -> None:
    """One that is not there yet is a warning, one that is there is in order."""
    migrate(embedded_url)
    with connect(embedded_url, "test", autocommit=True) as connection:
        assert codes(ingest_findings(connection)) == {
            "ingest.never_connected",
            "ingest.nothing_received",
        }
        span = (
            "insert into worker_uptime values ('w', now() - interval '1 day', now() - %s::interval)"
        )
        connection.execute(span, ["1 hour"])
        connection.execute(_STORED, {"n": 1})
        assert codes(ingest_findings(connection)) == {"ingest.not_connected", "ingest.silent"}
        connection.execute("update worker_uptime set last_seen_at = now()")
        assert codes(ingest_findings(connection)) == {"ingest.silent"}


def test_a_task_that_is_overdue_is_told(embedded_url: str) -> None:
    """Not before it was due for the first time; the time it was done last is always given."""
    migrate(embedded_url)
    with connect(embedded_url, "test", autocommit=True) as connection:
        assert list(task_findings(connection)) == []
        connection.execute(_STORED, {"n": 1})
        assert codes(task_findings(connection)) == {"tasks.no_maintenance"}
        connection.execute("update reception set hour = hour - interval '30 days'")
        assert codes(task_findings(connection)) == {"tasks.no_backup", "tasks.no_maintenance"}
        upkeep_done(connection, BACKUP)
        upkeep_done(connection, MAINTENANCE)
        upkeep_done(connection, ARCHIVE)
        assert codes(task_findings(connection)) == set()
        connection.execute("update upkeep set done_at = done_at - interval '4 days'")
        assert codes(task_findings(connection)) == {"tasks.maintenance", "tasks.archive"}


def test_a_role_that_may_read_nothing_is_told(timescaledb_url: str) -> None:
    """And what becomes of the rest does not end in a bug."""
    migrate(timescaledb_url)
    with connect(timescaledb_url, "test", autocommit=True) as connection:
        connection.execute("create role reads_nothing login")
        try:
            other = timescaledb_url.replace("postgres@", "reads_nothing@")
            settings = load_settings(
                database_url=other, mqtt_url=f"mqtt://{LOOPBACK}:{free_port()}"
            )
            found = codes(findings_of(settings))
        finally:
            connection.execute("drop role reads_nothing")
    assert "database.unreadable" in found


def test_a_demo_that_fails_says_what_is_wrong(embedded_url: str) -> None:
    """Before its one line; a broker that is not there is named by both."""
    environment = {
        "FLEETGAUGE_DATABASE_URL": embedded_url,
        "FLEETGAUGE_MQTT_URL": f"mqtt://{LOOPBACK}:{free_port()}",
    }
    ended = fleetgauge("demo", "--seconds", "10", "--vehicles", "20", environment=environment)
    broker = environment["FLEETGAUGE_MQTT_URL"]
    found = [line for line in ended.stderr.splitlines() if " fault " in line]
    assert ended.returncode == 1
    assert len(found) == 1
    assert f"{broker}: Connection refused" in found[0]
    assert ended.stderr.splitlines()[-1].startswith("fleetgauge: ingest exited: ")


def test_nothing_answers() -> None:
    """Exit 1, one JSON document that names both, in the language of the reader."""
    port = free_port()
    environment = {
        "FLEETGAUGE_DATABASE_URL": f"postgresql://nobody@{LOOPBACK}:{port}/none",
        "FLEETGAUGE_MQTT_URL": f"mqtt://{LOOPBACK}:{port}",
    }
    ended = fleetgauge("check", "--json", "--language", "ru", environment=environment)
    document = json.loads(ended.stdout)
    faults = {each["code"] for each in document["findings"] if each["level"] == "fault"}
    assert faults == {"broker.unreachable", "database.failed"}
    assert document["findings"][0]["message"] == "все переменные известны, необычных значений нет"
    assert (ended.returncode, ended.stderr, document["level"]) == (1, "", "fault")
