"""A broker that answers SUBSCRIBE only once what it has in flight is acknowledged, as rumqttd."""

import json
from pathlib import Path

from fleetgauge.embedded.broker import EmbeddedBroker
from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.brokers.clients import publish
from tests.integration.ingest.publishing import position
from tests.integration.ingest.worker import running_worker
from tests.servers.waiting import wait_until

REPORTS = 150
"""More than it has in flight, which is 100."""


def test_a_session_s_messages_are_acknowledged_before_suback(
    embedded_url: str, tmp_path: Path
) -> None:
    """A worker that waited for SUBACK first would wait for ever: it could never start again."""
    migrate(embedded_url)
    with (
        EmbeddedBroker(tmp_path / "broker") as broker,
        connect(embedded_url, "test", autocommit=True) as connection,
    ):
        environment = {
            "FLEETGAUGE_MQTT_URL": broker.url,
            "FLEETGAUGE_DATABASE_URL": embedded_url,
        }
        with running_worker(tmp_path / "log", environment) as worker:
            assert worker.stop() == 0
            found = [position(str(number), number) for number in range(REPORTS)]
            publish(broker.url, "5", [(topic, json.dumps(sent).encode()) for topic, sent in found])
            worker.start()
            wait_until(
                lambda: reception.totals(connection)["stored"] == REPORTS,
                seconds=20,
                what="what waited to be stored",
            )
