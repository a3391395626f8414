"""The HTTP server on a real socket."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse

import pytest
from prometheus_client import CollectorRegistry, Gauge

from metrics import http as our_http
from metrics.http import Answer, CannotListen, Check, HttpServer, Request, Route, service_routes
from tests.servers.half_open import half_open


@contextmanager
def serving(
    checks: dict[str, Check] | None = None, more: dict[str, Route] | None = None
) -> Iterator[HttpServer]:
    registry = CollectorRegistry()
    Gauge("buses", "Buses.", registry=registry).set(3)
    routes = service_routes(registry, checks or {}) | (more or {})
    with HttpServer("127.0.0.1", 0, routes) as server:
        yield server


def asked(
    server: HttpServer, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[HTTPResponse, str]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def test_metrics_are_text_unless_openmetrics_is_preferred() -> None:
    """The client's Accept header decides on the format."""
    with serving() as server:
        response, body = asked(server, "/metrics")
        assert (response.status, "buses 3.0" in body) == (200, True)
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        wanted = {"Accept": "application/openmetrics-text; version=1.0.0"}
        response, body = asked(server, "/metrics", headers=wanted)
        assert response.headers["Content-Type"].startswith("application/openmetrics-text")
        assert body.endswith("# EOF\n")


def test_alive_whatever_is_not_reachable() -> None:
    """A process that lives is not restarted because the database is away."""
    with serving({"database": lambda: "away"}) as server:
        assert asked(server, "/healthz")[0].status == 200


def test_readiness_names_what_is_missing() -> None:
    """Each check is named; one that fails makes it 503."""
    with serving({"database": lambda: None, "broker": lambda: "connection refused"}) as server:
        response, body = asked(server, "/readyz")
        assert response.status == 503
        assert body == "database: ok\nbroker: connection refused\n"
    with serving({"database": lambda: None}) as server:
        assert asked(server, "/readyz")[0].status == 200


def test_unknown_path_is_not_found() -> None:
    """A slash more is another path."""
    with serving() as server:
        assert asked(server, "/metrics/")[0].status == 404


def test_head_is_get_without_the_body() -> None:
    """The length is given all the same."""
    with serving() as server:
        response, body = asked(server, "/metrics", "HEAD")
        assert (response.status, body) == (200, "")
        assert int(response.headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(method: str) -> None:
    """And the answer says which are."""
    with serving() as server:
        response, _ = asked(server, "/metrics", method)
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


def test_routes_can_be_added_and_see_the_query() -> None:
    """A route answers bytes of any type."""

    def vehicles(request: Request) -> Answer:
        return Answer(request.query["operator"][0].encode(), "application/x-protobuf")

    with serving(more={"/vehicles.pb": vehicles}) as server:
        response, body = asked(server, "/vehicles.pb?operator=12")
        assert (response.headers["Content-Type"], body) == ("application/x-protobuf", "12")


def test_route_that_fails_is_an_answer_and_the_next_one_works() -> None:
    """A bug in one route ends neither the connection without a word nor the server."""

    def broken(_request: Request) -> Answer:
        raise ZeroDivisionError

    with serving(more={"/broken": broken}) as server:
        assert asked(server, "/broken")[0].status == 500
        assert asked(server, "/healthz")[0].status == 200


def test_taken_address_is_said_in_words() -> None:
    """The message names the address."""
    with serving() as server, pytest.raises(CannotListen, match=f"127.0.0.1:{server.port}: "):
        HttpServer("127.0.0.1", server.port, {})


def test_address_that_is_not_ours_is_said_in_words() -> None:
    """A name that resolves to nothing, too."""
    with pytest.raises(CannotListen, match=r"no\.such\.host\.invalid:0: "):
        HttpServer("no.such.host.invalid", 0, {})


def test_slow_client_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sends nothing keeps its thread only for a while."""
    monkeypatch.setattr(our_http._Handler, "timeout", 0.2)
    with serving() as server, socket.create_connection((server.host, server.port)) as client:
        client.sendall(b"GET /metr")
        client.settimeout(5)
        assert client.recv(1) == b""


def test_dripping_client_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sends a byte now and then does not keep it for ever."""
    monkeypatch.setattr(our_http, "ANSWER_SECONDS", 0.2)
    with serving() as server, socket.create_connection((server.host, server.port)) as client:
        client.sendall(b"GET /metr")
        client.settimeout(5)
        assert client.recv(1) == b""


def test_a_further_client_takes_the_place_of_who_asks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one that has been silent for longest is dropped."""
    monkeypatch.setattr(our_http, "MAX_CONNECTIONS", 2)
    with serving() as server:
        where = (server.host, server.port)
        with socket.create_connection(where, 5) as first, socket.create_connection(where) as second:
            assert asked(server, "/healthz")[0].status == 200
            assert first.recv(1) == b""
            second.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert second.recv(12) == b"HTTP/1.0 200"


def test_a_further_client_is_turned_away_while_all_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When one is done, there is room."""
    monkeypatch.setattr(our_http, "MAX_CONNECTIONS", 1)
    entered, go_on = threading.Event(), threading.Event()

    def slow(_request: Request) -> Answer:
        entered.set()
        go_on.wait(20)
        return Answer(b"done")

    with serving(more={"/slow": slow}) as server:
        where = (server.host, server.port)
        with socket.create_connection(where, 20) as first:
            first.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
            assert entered.wait(20)
            with socket.create_connection(where, 20) as further:
                assert further.recv(1) == b""
            go_on.set()
            assert first.recv(12) == b"HTTP/1.0 200"
        assert asked(server, "/healthz")[0].status == 200


def test_half_open_requests_delay_nobody() -> None:
    """2,000 clients that never finish a request; the next one waits for none of them.

    It waited for all of them once, 11 s on an idle machine and more on a busy one.
    """
    with serving() as server, half_open(server.port, 2_000):
        waits = []
        for _ in range(5):
            started = time.monotonic()
            assert asked(server, "/healthz")[0].status == 200
            waits.append(time.monotonic() - started)
        assert min(waits) < 5
