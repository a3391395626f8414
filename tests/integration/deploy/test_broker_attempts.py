"""Each attempt on the broker is refused or harmless; what was acknowledged is stored."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from fleetgauge.broker_accounts import broker_accounts
from storage.broker_session import installation
from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.integration.deploy.broker_attempts import FILTERS, PUBLISHES, Filter, Publish
from tests.integration.deploy.compose_broker import (
    NOT_AUTHORIZED,
    TAKEN,
    WAIT_S,
    Client,
    ComposeBroker,
    Login,
    compose_broker,
)
from tests.integration.ingest.worker import running_worker
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

SERVICES: Final = {"ingest": "ingest", "simulator": "simulator", "fleetgauge": "metrics",
                   "access": "admin"}  # fmt: skip
"""Whose accounts' secrets are under which service's name."""
REPORTS: Final = 1_000
FLOODED: Final = 100
"""Messages."""


class Accounts:
    """The broker with one account of each kind."""

    def __init__(self, broker: ComposeBroker) -> None:
        self.broker = broker
        self._logins: dict[str, Login] = {
            user: broker.login(service) for user, service in SERVICES.items()
        }
        for name in ("ivpat-1", "ivpat-2", "ivpat-1/101", "traccar"):
            self._logins[name] = broker.add(name)
        self._logins["hfp"] = broker.add("hfp", "0018")

    def client(self, who: str, client_id: str = "", *, session_s: int = 0) -> Client:
        """Return a connected client, at the listener for it."""
        port = self.broker.inner_port if who in SERVICES else self.broker.port
        return Client(self._logins[who], client_id).open(port, session_s=session_s)


@pytest.fixture(scope="module")
def accounts(userland: Userland, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    with compose_broker(userland, tmp_path_factory.mktemp("secrets")) as broker:
        yield Accounts(broker)
        assert broker.running


@pytest.fixture
def environment(accounts: Accounts, timescaledb_url: str) -> dict[str, str]:
    """Of the real worker, on this broker."""
    migrate(timescaledb_url)
    return {
        "FLEETGAUGE_MQTT_URL": accounts.broker.url_of(accounts.broker.login("ingest")),
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
    }


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: str(each.attempt))
def test_subscription(accounts: Accounts, each: Filter) -> None:
    """The SUBACK says no."""
    client = accounts.client(each.attempt.who)
    assert client.listen(each.topic_filter) == NOT_AUTHORIZED
    client.close()


@pytest.mark.parametrize("each", PUBLISHES, ids=lambda each: str(each.attempt))
def test_publish(accounts: Accounts, each: Publish) -> None:
    """The PUBACK says no, and the connection goes on."""
    client = accounts.client(each.attempt.who)
    assert client.send(each.topic, b"{}") == NOT_AUTHORIZED
    assert client.lost == 0
    client.close()


@pytest.mark.parametrize("login", [("", ""), ("ivpat-1", "a guess"), ("ingest", "a guess")])
def test_no_password(accounts: Accounts, login: Login) -> None:
    """NO_PASSWORD and WRONG_PASSWORD, at both listeners."""
    for port in accounts.broker.ports.values():
        client = Client(login).open(port)
        client.close()
        assert client.connected[0] == NOT_AUTHORIZED


def test_last_will(accounts: Accounts) -> None:
    """LAST_WILL: what it leaves for itself comes, what it leaves for another does not."""
    worker = accounts.client("ingest")
    worker.listen("fleet/#")
    for operator in ("ivpat-2", "ivpat-1"):
        client = Client(accounts.broker.add(f"ivpat-1/{operator}"))
        client.will_set(
            f"fleet/{operator}/{'101' if operator == 'ivpat-2' else operator}/status",
            operator,
            qos=1,
        )
        client.open(accounts.broker.port)
        sock: Any = client.socket()
        client.loop_stop()
        sock.close()
    wait_until(lambda: bool(worker.payloads), seconds=WAIT_S, what="the will of its own")
    assert worker.payloads == [b"ivpat-1"]
    worker.close()


@pytest.mark.parametrize("ends", [False, True], ids=["THEFT", "ENDING"])
def test_session(
    accounts: Accounts, environment: dict[str, str], tmp_path: Path, ends: bool
) -> None:
    """THEFT and ENDING: the session is the worker's whatever client id another gives."""
    with running_worker(tmp_path / "worker.log", environment) as worker:
        assert worker.stop() == 0
    _publish_reports(accounts)
    with connect(environment["FLEETGAUGE_DATABASE_URL"], "test", autocommit=True) as connection:
        client_id = installation(connection).client_id
    thief = accounts.client("ivpat-1", client_id, session_s=0 if ends else 3600)
    assert thief.payloads == []
    thief.close()
    with running_worker(tmp_path / "worker.log", environment) as worker:
        _wait_until_stored(environment)
        assert worker.stop() == 0
    assert "session_lost" not in worker.log_text()


def test_throwing_out(accounts: Accounts) -> None:
    """THROWING_OUT: the one who tries is known by his own name."""
    other = accounts.client("ivpat-2", "gateway-2")
    accounts.client("ivpat-1", "gateway-2").close()
    accounts.client("ivpat-1", "ivpat-2").close()
    assert other.send("fleet/ivpat-2/1/position", b"{}") in TAKEN
    assert other.lost == 0
    other.close()


def test_share(accounts: Accounts, environment: dict[str, str], tmp_path: Path) -> None:
    """SHARE: two workers store all of it between them."""
    with running_worker(tmp_path / "workers.log", environment, workers=2):
        with connect(environment["FLEETGAUGE_DATABASE_URL"], "test", autocommit=True) as connection:
            group = installation(connection).share_group
        thief = accounts.client("ivpat-1")
        assert thief.listen(f"$share/{group}/fleet/#") == NOT_AUTHORIZED
        _publish_reports(accounts)
        _wait_until_stored(environment)
        assert thief.payloads == []
        thief.close()


def test_revoked(accounts: Accounts) -> None:
    """REVOKED: the connection is cut, and the password of no use."""
    login = accounts.broker.add("ivpat-3/1")
    client = Client(login).open(accounts.broker.port)
    with broker_accounts(accounts.broker.access("admin")) as managed:
        managed.remove("ivpat-3/1")
    wait_until(lambda: client.lost > 0, seconds=WAIT_S, what="the connection to be cut")
    client.close()
    again = Client(login).open(accounts.broker.port)
    again.close()
    assert again.connected[0] == NOT_AUTHORIZED


def test_oversize(accounts: Accounts) -> None:
    """OVERSIZE: no PUBACK."""
    client = accounts.client("ivpat-1")
    info = client.publish("fleet/ivpat-1/101/position", b"x" * 4_194_304, qos=1)
    wait_until(lambda: client.lost > 0, seconds=WAIT_S, what="the end of the connection")
    client.close()
    assert info.mid not in client.published


def test_flood(broker: ComposeBroker) -> None:
    """FLOOD, with 25 MB: nothing that was acknowledged is lost, and others publish meanwhile."""
    login, other = broker.add("ivpat-1"), broker.add("ivpat-2")
    worker = Client(broker.login("ingest"), "worker").open(broker.inner_port, session_s=3600)
    worker.listen("fleet/#")
    worker.close()
    gateway = Client(login).open(broker.port)
    for number in range(FLOODED):
        assert gateway.send(f"fleet/ivpat-1/{number}/position", bytes(255 * 1024)) == 0
    neighbour = Client(other).open(broker.port)
    assert neighbour.send("fleet/ivpat-2/1/position", b"{}") == 0
    worker = Client(broker.login("ingest"), "worker").open(broker.inner_port, session_s=3600)
    wait_until(lambda: len(worker.payloads) == FLOODED + 1, seconds=60, what="all acknowledged")
    for client in (gateway, neighbour, worker):
        client.close()
    assert worker.lost <= 1


def _publish_reports(accounts: Accounts) -> None:
    gateway = accounts.client("ivpat-2")
    at = datetime.now(UTC).timestamp()
    for number in range(REPORTS):
        report = {"observed_at": at, "latitude": 57.0, "longitude": 41.0}
        gateway.publish(f"fleet/ivpat-2/{number}/position", json.dumps(report), qos=1)
    wait_until(
        lambda: list(gateway.published.values()).count(0) == REPORTS,
        seconds=30,
        what="all acknowledged",
    )
    gateway.close()


def _wait_until_stored(environment: dict[str, str]) -> None:
    with connect(environment["FLEETGAUGE_DATABASE_URL"], "test", autocommit=True) as connection:
        wait_until(
            lambda: reception.totals(connection)["stored"] == REPORTS,
            seconds=30,
            what="all of them stored",
        )
