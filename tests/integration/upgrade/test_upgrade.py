"""A filled database is upgraded while ingest works: nothing is lost, and ingest is the new one."""

import json
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from storage.connection import connect
from storage.schema import check_schema
from storage.writing import reception
from tests.integration.ingest.publishing import position
from tests.integration.ingest.worker import running_worker
from tests.integration.upgrade.installed import Installed
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until


@pytest.fixture
def installed(timescaledb_url: str, tmp_path: Path) -> Installed:
    """An older version, with its schema in the database."""
    installed = Installed(tmp_path / "site", timescaledb_url)
    installed.downgrade()
    migrated = installed.run("migrate")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    return installed


class Publisher:
    """Publishes one position after another until it is stopped; QoS 1."""

    def __init__(self, broker: MosquittoServer) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", broker.port)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.published = 0

    def __enter__(self) -> "Publisher":
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            topic, payload = position(str(self.published % 7), -0.001 * self.published)
            self._client.publish(topic, json.dumps(payload), qos=1).wait_for_publish(30)
            self.published += 1


def test_upgrade_while_ingest_works(
    installed: Installed, timescaledb_url: str, mosquitto_server: MosquittoServer, tmp_path: Path
) -> None:
    """The process goes on as the new version, and what only the old one used is removed."""
    environment = installed.environment | {"FLEETGAUGE_MQTT_URL": mosquitto_server.url}
    with (
        running_worker(tmp_path / "ingest.log", environment) as worker,
        connect(timescaledb_url, "test", autocommit=True) as database,
    ):
        with Publisher(mosquitto_server) as publisher:
            wait_until(lambda: publisher.published > 50, seconds=30, what="some positions")
            waits = installed.run("migrate", "--status")
            assert waits.stdout.splitlines()[-1] == "nothing to do"
            installed.upgrade()
            wanted = installed.run("migrate", "--status").stdout
            assert "functions and views to replace: 50_kpi, 60_grafana" in wanted
            assert "services of another version: 1" in wanted
            migrated = installed.run("migrate")
            assert (migrated.returncode, migrated.stderr) == (0, "")
            assert "older_rule()" in migrated.stdout
            wait_until(
                lambda: worker.log_text().count('"subscribed"') == 2,
                seconds=30,
                what="the worker to begin again",
            )
            before = publisher.published
            wait_until(lambda: publisher.published > before + 50, seconds=30, what="some more")
        wait_until(
            lambda: reception.totals(database)["stored"] >= publisher.published,
            seconds=30,
            what="every position",
        )
        assert reception.totals(database)["rejected"] == 0
        assert reception.totals(database)["stored"] == publisher.published
        assert '"restarting"' in worker.log_text()
        assert worker.returncode is None
        status = json.loads(installed.run("migrate", "--status", "--json").stdout)
        assert worker.stop() == 0
    assert (status["is_up_to_date"], status["older_services"]) == (True, 0)
    check_schema(timescaledb_url)


def test_what_is_somebody_elses_is_named_and_kept(
    installed: Installed, timescaledb_url: str
) -> None:
    """A view of theirs on one that has to be recreated stops the migration, whole."""
    installed.upgrade()
    with connect(timescaledb_url, "test", autocommit=True) as database:
        database.execute("create schema own")
        database.execute("create view own.buses as select colour from grafana.operator")
        stopped = installed.run("migrate")
        assert stopped.returncode == 1
        assert stopped.stderr.startswith("fleetgauge: own.buses rests on a function or a view")
        assert database.execute("select from own.buses").fetchall() == []
        assert database.execute("select older_rule()").fetchone() == (7,)
        database.execute("drop view own.buses")
        assert installed.run("migrate").returncode == 0
        overloads = "select count(*) from pg_proc where proname = 'reading_on'"
        assert database.execute(overloads).fetchone() == (1,)
        left = "select count(*) from pg_proc where proname in ('reasons_of', 'older_rule')"
        assert database.execute(left).fetchone() == (0,)
        granted = "select has_table_privilege('fleetgauge_reader', 'grafana.operator', 'select')"
        assert database.execute(granted).fetchone() == (True,)
    check_schema(timescaledb_url)


def test_a_database_of_before_there_was_a_record(
    installed: Installed, timescaledb_url: str
) -> None:
    """What was made then is not on record, and goes with what it rests on."""
    installed.upgrade()
    with connect(timescaledb_url, "test", autocommit=True) as database:
        database.execute("delete from schema_script where kind = 'object'")
        migrated = installed.run("migrate")
        assert (migrated.returncode, migrated.stderr) == (0, "")
    check_schema(timescaledb_url)


def test_a_lock_is_waited_for_by_trying_again(installed: Installed, timescaledb_url: str) -> None:
    """Nobody waits for a migration that waits for a long query."""
    installed.upgrade()
    with connect(timescaledb_url, "test") as reader:
        reader.execute("select from grafana.operator")
        thread = threading.Thread(target=lambda: results.append(installed.run("migrate")))
        results: list[object] = []
        thread.start()
        with connect(timescaledb_url, "test", autocommit=True) as other:
            waiting = (
                "select count(*) from pg_stat_activity where application_name = "
                "'fleetgauge migrate' and wait_event_type = 'Lock'"
            )
            for _ in range(2):
                wait_until(
                    lambda: other.execute(waiting).fetchone() == (1,), seconds=30, what="a wait"
                )
                wait_until(
                    lambda: other.execute(waiting).fetchone() == (0,), seconds=30, what="its end"
                )
            other.execute("select from grafana.operator")
        reader.rollback()
        thread.join()
    check_schema(timescaledb_url)
