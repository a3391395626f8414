"""The worker's uptime on a real database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.client_id_claim import ClientIdClaim
from ingest.heartbeat import Heartbeat
from models.uptime import Span
from storage.connection import connect
from storage.migrate import migrate
from storage.worker_uptime import beat, connected_spans, downtime_at, recorded_from
from tests.integration.ingest.worker import running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until

QUICK = timedelta(milliseconds=20)
HOUR = timedelta(hours=1)
NOON = datetime(2024, 12, 31, 9, tzinfo=UTC)


def test_a_lost_connection_leaves_a_gap(embedded_url: str) -> None:
    """One row an unbroken span: the time without the broker is in none."""
    migrate(embedded_url)
    connected = True
    claim = ClientIdClaim(embedded_url, "w")
    heartbeat = Heartbeat(claim, "w", QUICK)
    with connect(embedded_url, "test", autocommit=True) as connection:
        begun = datetime.now(UTC)

        def spans() -> list[Span]:
            return connected_spans(connection, Span(begun - HOUR, begun + HOUR))

        heartbeat.start(lambda: connected)
        wait_until(lambda: len(spans()) == 1 and spans()[0].length > QUICK, seconds=9, what="beats")
        connected = False
        wait_until(lambda: heartbeat._span is None, seconds=9, what="the loss to be seen")
        connected = True
        wait_until(lambda: len(spans()) == 2, seconds=9, what="a second span")
        heartbeat.close()
        claim.release()
        first, second = spans()
        assert begun <= first.begins < first.ends < second.begins < datetime.now(UTC)


def test_a_moment_in_a_gap_is_known(embedded_url: str) -> None:
    """If the gap is longer than the limit, and reaches into the window before the moment."""
    migrate(embedded_url)
    window, limit = timedelta(minutes=5), timedelta(minutes=15)
    with connect(embedded_url, "test", autocommit=True) as connection:
        assert recorded_from(connection, NOON) is None
        assert downtime_at(connection, NOON, window, limit) is None
        beat(connection, "w", Span(NOON - 9 * HOUR, NOON - HOUR))
        beat(connection, "w", Span(NOON, NOON + HOUR))
        for minutes, is_down in ((-59, False), (-46, False), (-40, True), (4, True), (6, False)):
            found = downtime_at(connection, NOON + timedelta(minutes=minutes), window, limit)
            assert (found is not None) == is_down, minutes


def test_the_worker_beats(
    tmp_path: Path, mosquitto_server: MosquittoServer, embedded_url: str
) -> None:
    """From its start to its clean stop, without any message."""
    migrate(embedded_url)
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": embedded_url,
    }
    begun = datetime.now(UTC)
    with (
        running_worker(tmp_path / "ingest.log", environment) as worker,
        connect(embedded_url, "test", autocommit=True) as connection,
    ):
        wait_until(
            lambda: recorded_from(connection, begun + HOUR) is not None,
            seconds=9,
            what="the first beat",
        )
        assert worker.stop() == 0
        (span,) = connected_spans(connection, Span(begun, begun + HOUR))
        assert begun < span.begins < span.ends
