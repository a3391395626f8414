"""What waited in the broker while the worker was down lets no wrong clock in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.writing import reception
from tests.integration.ingest.publishing import publish
from tests.integration.ingest.worker import Worker, running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until


def position(vehicle: str, seconds_ahead: float) -> tuple[str, bytes]:
    at = datetime.now(UTC) + timedelta(seconds=seconds_ahead)
    payload: dict[str, Any] = {"observed_at": at.isoformat(), "latitude": 57.0, "longitude": 41.0}
    return f"fleet/op/{vehicle}/position", json.dumps(payload).encode()


def booked(connection: Connection, received: int) -> Callable[[], bool]:
    return lambda: reception.totals(connection)["received"] >= received


def test_our_downtime_lets_no_wrong_clock_in(
    tmp_path: Path, mosquitto_server: MosquittoServer, timescaledb_url: str
) -> None:
    """Neither one that was refused before, however old its reports seem, nor one caught up with.

    For a clock 90 s ahead whose reports have waited stands one that is that much less ahead.
    """
    migrate(timescaledb_url)
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
    }
    with (
        running_worker(tmp_path / "ingest.log", environment) as worker,
        connect(timescaledb_url, "test", autocommit=True) as connection,
    ):
        # Whose clock is within a minute is taken while the worker is up; one 90 s ahead is not.
        publish(mosquitto_server, [position("right", -1), position("ahead", -1)])
        _wait(connection, 2)
        publish(mosquitto_server, [position("ahead", 90)])
        _wait(connection, 3)
        assert worker.stop() == 0
        waited = [
            *(position("ahead", seconds) for seconds in (-200, -100, 30)),
            *(position("new", seconds) for seconds in (30, 40, 59)),
            *(position("right", seconds) for seconds in (-20, -10, -0.1)),
        ]
        publish(mosquitto_server, waited)
        worker.start()
        _wait(connection, 12)
        totals = reception.totals(connection)
        assert (totals["stored"], totals["rejected"]) == (5, 7)
        newest = connection.execute("select max(fix_at) <= now() from vehicle_state").fetchone()
        assert newest == (True,)
        # What comes now is judged as ever.
        _await_caught_up(worker, mosquitto_server, connection)


def _wait(connection: Connection, received: int) -> None:
    wait_until(booked(connection, received), seconds=20, what=f"{received} reports to be booked")


def _await_caught_up(worker: Worker, broker: MosquittoServer, connection: Connection) -> None:
    before = reception.totals(connection)
    publish(broker, [position("right", 30), position("ahead", -1)])
    _wait(connection, before["received"] + 2)
    assert reception.totals(connection)["stored"] == before["stored"] + 2
    assert worker.returncode is None
