"""A short cut of ``make fuzz``."""

import time
from contextlib import closing
from pathlib import Path

import pytest

from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.fuzz import decoding, through_broker
from tests.fuzz.wire import AnyBytesPublisher, Packet, text
from tests.integration.ingest.worker import running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until

RESIDENT_MIB = 200
SEED = int(time.time())
"""Another one each time; a failure shows it."""


def test_the_decoder_accounts_for_any_message() -> None:
    """No exception, no message without an outcome, none that takes a second."""
    tally = decoding.fuzz(20_000, SEED)
    assert tally.exceptions == [], SEED
    assert tally.unaccounted == 0, SEED
    assert tally.slowest_seconds < 1, (SEED, tally.slowest)


@pytest.mark.slow
def test_the_worker_accounts_for_any_message(
    mosquitto_server: MosquittoServer, timescaledb_url: str, tmp_path: Path
) -> None:
    """Whatever the broker lets through is counted, and the memory is bounded."""
    migrate(timescaledb_url)
    outcome = through_broker.fuzz(mosquitto_server, timescaledb_url, tmp_path, 4_000, SEED)
    assert outcome.holds, (SEED, outcome)
    assert outcome.peak_resident_mib < RESIDENT_MIB


@pytest.mark.slow
@pytest.mark.parametrize("size", [10, 20_000, 250_000])
def test_a_property_that_paho_rejects_does_not_stop_the_worker(
    size: int, mosquitto_server: MosquittoServer, timescaledb_url: str, tmp_path: Path
) -> None:
    """Mosquitto lets U+FEFF through; paho would hang up at each delivery, for ever."""
    migrate(timescaledb_url)
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
    }
    content_type = b"\x03" + text("\ufeff".encode())
    packet = Packet(b"fleet/op/1/position", b"x" * size, content_type)
    with (
        running_worker(tmp_path / "ingest.log", environment) as worker,
        closing(AnyBytesPublisher(mosquitto_server.port)) as publisher,
        connect(timescaledb_url, "test", autocommit=True) as connection,
    ):
        assert publisher.publish(packet)
        wait_until(
            lambda: reception.totals(connection)["rejected"] == 1, seconds=20, what="the rejection"
        )
        assert '"disconnected"' not in worker.log_text()
