"""Each attempt on the services is refused or harmless, and they go on."""

import http.client
import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.registry import RegistryEntry
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.registry.export import write_csv
from storage.writing import reception
from tests.integration.deploy.compose_broker import Client, compose_broker
from tests.integration.deploy.service_attempts import REQUESTS, HttpRequest
from tests.integration.ingest.worker import running_worker
from tests.integration.storage.test_newcomers import register
from tests.servers.embedded import EmbeddedServer
from tests.servers.half_open import half_open
from tests.servers.ports import free_port
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until
from tests.servers.web_site import fill, serving
from web.server import WebServer

HOSTILE = "'; drop table report; --"


@pytest.fixture(scope="module")
def site(embedded_server: EmbeddedServer) -> Iterator[WebServer]:
    """The pages with a password, and a proxy that nobody here is."""
    url = embedded_server.create_database()
    fill(url)
    with serving(url, password="of the staff", user_header="X-Remote-User") as server:
        yield server
        assert ask(server, "/healthz")[0] == 200
    embedded_server.drop_database(url)


def ask(
    server: WebServer,
    path: str,
    method: str = "GET",
    headers: tuple[tuple[str, str], ...] = (),
    body: str | None = None,
) -> tuple[int, str]:
    """Return status and body."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


@pytest.mark.parametrize("each", REQUESTS, ids=lambda each: str(each.attempt))
def test_request(site: WebServer, each: HttpRequest) -> None:
    """The status says no, and the answer has nothing of the fleet or the server."""
    status, body = ask(site, each.path, each.method, each.headers, each.body)
    assert status == each.status
    assert "root:" not in body
    assert "ВС37" not in body


def test_half_open(site: WebServer) -> None:
    """HALF_OPEN."""
    with half_open(site.port, 2_000):
        started = time.monotonic()
        assert ask(site, "/healthz")[0] == 200
        assert time.monotonic() - started < 2


def test_plates(site: WebServer) -> None:
    """PLATES."""
    features = json.loads(ask(site, "/vehicles.geojson")[1])["features"]
    assert {feature["properties"]["plate"] for feature in features} == {None}
    assert "ВС37" not in ask(site, "/gtfs-rt/vehicle-positions.pb?format=json")[1]


def test_address() -> None:
    """ADDRESS."""
    port = free_port()
    with serving(f"postgresql://web:secret@127.0.0.1:{port}/fleetgauge") as server:
        assert ask(server, "/readyz") == (503, "database: unavailable\n")


def traccar(operator: str) -> bytes:
    """Return a position of an operator's bus, as Traccar forwards it."""
    now = datetime.now(UTC).isoformat()
    fix = {"fixTime": now, "deviceTime": now, "valid": True, "latitude": 57.0, "longitude": 41.0,
           "speed": 0, "course": 0, "attributes": {}}  # fmt: skip
    device = {"uniqueId": "1", "attributes": {"operatorId": operator}}
    return json.dumps({"position": fix, "device": device}).encode()


def test_published(userland: Userland, timescaledb_url: str, tmp_path: Path) -> None:
    """INVENTED, GARBAGE, PERSONAL, QUERY: one worker takes it all, and loses nothing of others."""
    migrate(timescaledb_url)
    with (
        compose_broker(userland, tmp_path / "secrets") as broker,
        connect(timescaledb_url, "test", autocommit=True) as database,
    ):
        for vehicle in ("ivpat-1/1", "ivpat-2/1"):
            register(database, vehicle)
        environment = {
            "FLEETGAUGE_MQTT_URL": broker.url_of(broker.login("ingest")),
            "FLEETGAUGE_DATABASE_URL": timescaledb_url,
        }
        with running_worker(tmp_path / "worker.log", environment) as worker:
            feed, ours, other = (
                Client(broker.add(name)).open(broker.port)
                for name in ("traccar", "ivpat-1", "ivpat-2")
            )
            sent = [("traccar/positions", traccar(f"invented-{n}")) for n in range(3_000)]
            publish(feed, sent)
            phone = b'{"driverPhone": 1, "phone": "+79001234567", "lat'
            publish(ours, [("fleet/ivpat-1/1/equipment", phone)])
            garbage = b"{" + b"x" * 100_000
            publish(ours, [("fleet/ivpat-1/1/position", b"%d" % n + garbage) for n in range(300)])
            now = datetime.now(UTC).isoformat()
            report = {"observed_at": now, "latitude": 57.0, "longitude": 41.0}
            position = json.dumps(report).encode()
            publish(ours, [(f"fleet/ivpat-1/{HOSTILE}/position", position)])
            publish(other, [("fleet/ivpat-2/new/position", position)])
            publish(other, [("fleet/ivpat-2/1/position", b"no JSON")])
            wait_until(lambda: received(database) == 3_304, seconds=60, what="all of it")
            for client in (feed, ours, other):
                client.close()
            assert worker.stop() == 0
        check_kept(database)


def publish(client: Client, messages: list[tuple[str, bytes]]) -> None:
    """Publish, and wait until the broker has acknowledged all."""
    infos = [client.publish(topic, payload, qos=1) for topic, payload in messages]
    wait_until(
        lambda: all(info.mid in client.published for info in infos), seconds=60, what="all PUBACKs"
    )


def received(database: Connection) -> int:
    """Return how many reports the worker has accounted for."""
    return reception.totals(database)["received"]


def check_kept(database: Connection) -> None:
    """Hold what is in the tables against the rows of the table."""

    def one(query: str) -> object:
        row = database.execute(query.encode()).fetchone()
        return row and row[0]

    assert one("select count(*) from operator where operator_id like 'invented-%'") == 100
    assert reception.totals(database)["stored"] == 100 + 2
    kept = "select sum(octet_length(payload)) from rejected_message where operator_id = 'ivpat-1'"
    assert 3_000_000 < int(str(one(kept))) <= 4_000_000
    assert one("select count(*) from rejected_message where operator_id = 'ivpat-2'") == 1
    minutes = "select count(*) filter (where minute > now() - interval '5 minutes') from rejection"
    assert 1 <= int(str(one(minutes))) <= 10  # of three buses, of 304 rejected messages
    named = "select count(*) from vehicle where vehicle_id = '''; drop table report; --'"
    assert one(named) == 1
    assert one("select count(*) from vehicle where vehicle_id = 'new'") == 1
    leaked = "select count(*) from rejected_message where payload like '%+79001234567%'::bytea"
    assert one(leaked) == 0
    masked = "select count(*) from rejected_message where payload like '%************%'::bytea"
    assert one(masked) == 1


def test_formula() -> None:
    """FORMULA."""
    written = io.StringIO()
    write_csv([RegistryEntry(VehicleId("ivpat-1", "=HYPERLINK(1)"), "+1+1")], written)
    assert ",'=HYPERLINK(1)," in written.getvalue()
    assert ",'+1+1," in written.getvalue()
