"""pytest fixtures: the servers, and a fresh database for each test.

`FLEETGAUGE_TEST_DATABASE_URL` and `FLEETGAUGE_TEST_MQTT_URL` name servers to use instead of our
own; what needs to stop or kill one skips then. A server that cannot be had fails the test under
CI=true and skips it otherwise.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from subprocess import CompletedProcess
from typing import Final, NoReturn, Protocol, TypeVar

import pytest

from tests.servers.alertmanager import AlertmanagerServer, amtool
from tests.servers.databases import Databases
from tests.servers.embedded import EmbeddedServer
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgresql import PostgresServer
from tests.servers.prometheus import PrometheusServer, promtool
from tests.servers.proxy import TcpProxy
from tests.servers.rabbitmq import RabbitMqServer
from tests.servers.scripted_broker import ScriptedBroker
from tests.servers.userland import Unavailable, Userland, provide

DATABASE_URL: Final = "FLEETGAUGE_TEST_DATABASE_URL"
MQTT_URL: Final = "FLEETGAUGE_TEST_MQTT_URL"
DATABASES: Final = {"timescaledb": "timescaledb_url", "postgresql": "embedded_url"}

T = TypeVar("T")
Tool = Callable[..., CompletedProcess[str]]


class Server(Protocol):
    """What every server of ours can do."""

    def start(self) -> None: ...
    def close(self) -> None: ...


S = TypeVar("S", bound=Server)


def unavailable(reason: object) -> NoReturn:
    """Fail under CI=true, skip otherwise, saying why."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"server unavailable: {reason}", pytrace=False)
    pytest.skip(f"server unavailable: {reason}")


def obtain(make: Callable[[], T]) -> T:
    """Return what `make` makes, or end the test with the reason why it cannot be had."""
    try:
        return make()
    except Unavailable as error:
        unavailable(error)


@contextmanager
def started(server: S) -> Iterator[S]:
    """Run a server for the length of a `with` block."""
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def userland() -> Userland:
    """The Debian userland with the servers, built if need be."""
    return obtain(provide)


@pytest.fixture(scope="session")
def timescaledb_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A PostgreSQL with TimescaleDB for the session; who stops it starts it again."""
    _skip_if_named(DATABASE_URL)
    with started(PostgresServer(userland=request.getfixturevalue("userland"))) as server:
        yield server


@pytest.fixture(scope="session")
def timescaledb_databases(request: pytest.FixtureRequest) -> Databases:
    """The databases of our TimescaleDB, or of the one that the environment names."""
    if url := os.environ.get(DATABASE_URL):
        databases = Databases(url)
        if not databases.offers("timescaledb"):
            unavailable(f"{DATABASE_URL} names a server without TimescaleDB")
        return databases
    server: PostgresServer = request.getfixturevalue("timescaledb_server")
    return server


@pytest.fixture
def timescaledb_url(timescaledb_databases: Databases) -> Iterator[str]:
    """A fresh database with the extension timescaledb."""
    if isinstance(timescaledb_databases, PostgresServer) and not timescaledb_databases.running:
        timescaledb_databases.start()
    url = timescaledb_databases.create_database(extension="timescaledb")
    yield url
    timescaledb_databases.drop_database(url)


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[EmbeddedServer]:
    """The PostgreSQL of the installed Python packages, without TimescaleDB, for the session."""
    server = obtain(EmbeddedServer)
    yield server
    server.close()


@pytest.fixture
def embedded_url(embedded_server: EmbeddedServer) -> Iterator[str]:
    """A fresh database without TimescaleDB."""
    url = embedded_server.create_database()
    yield url
    embedded_server.drop_database(url)


@pytest.fixture(params=list(DATABASES))
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database, once with TimescaleDB and once without."""
    url: str = request.getfixturevalue(DATABASES[request.param])
    return url


@pytest.fixture
def mosquitto_server(request: pytest.FixtureRequest) -> Iterator[MosquittoServer]:
    """A broker for this test alone: no session and no retained message of another's."""
    _skip_if_named(MQTT_URL)
    with started(MosquittoServer(userland=request.getfixturevalue("userland"))) as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_server(userland: Userland) -> Iterator[RabbitMqServer]:
    """A RabbitMQ for the session: who uses it has topics and client ids of its own."""
    with started(RabbitMqServer(userland=userland)) as server:
        yield server


@pytest.fixture
def scripted_broker() -> Iterator[Callable[..., ScriptedBroker]]:
    """Brokers that answer each connection by its script, closed after the test."""
    with ExitStack() as brokers:
        yield lambda *scripts: brokers.enter_context(started(ScriptedBroker(*scripts)))


@pytest.fixture
def mqtt_url(request: pytest.FixtureRequest) -> str:
    """The URL of a broker: this test's own, or the one that the environment names."""
    if url := os.environ.get(MQTT_URL):
        return url
    server: MosquittoServer = request.getfixturevalue("mosquitto_server")
    return server.url


@pytest.fixture(scope="session")
def prometheus_server(userland: Userland) -> Iterator[PrometheusServer]:
    """A Prometheus that scrapes nothing."""
    with started(PrometheusServer(userland=userland)) as server:
        yield server


@pytest.fixture(scope="session")
def alertmanager_server(userland: Userland) -> Iterator[AlertmanagerServer]:
    """An Alertmanager that tells nobody."""
    with started(AlertmanagerServer(userland=userland)) as server:
        yield server


@pytest.fixture(scope="session", name="promtool")
def promtool_fixture(userland: Userland) -> Tool:
    """promtool as a function of its arguments and its input."""

    def run(arguments: Sequence[str], text: str | None = None) -> CompletedProcess[str]:
        return promtool(arguments, text, userland=userland)

    return run


@pytest.fixture(scope="session", name="amtool")
def amtool_fixture(userland: Userland) -> Tool:
    """amtool as a function of its arguments and its input."""

    def run(arguments: Sequence[str], text: str | None = None) -> CompletedProcess[str]:
        return amtool(arguments, text, userland=userland)

    return run


@pytest.fixture
def proxy_to(request: pytest.FixtureRequest) -> Callable[[str, int], TcpProxy]:
    """Proxies to a host and port, closed after the test."""

    def make(host: str, port: int) -> TcpProxy:
        proxy = TcpProxy(host, port)
        request.addfinalizer(proxy.close)
        return proxy

    return make


def _skip_if_named(variable: str) -> None:
    if os.environ.get(variable):
        pytest.skip(f"{variable} names a server that the tests may not stop")
