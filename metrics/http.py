"""A small HTTP server: `/metrics`, `/healthz`, `/readyz`, and the routes added to them."""

import contextlib
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self, cast
from urllib.parse import parse_qs, urlsplit

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from models.errors import Unavailable

IDLE_SECONDS: Final = 10
"""A client that sends or receives nothing for this long is dropped."""

ANSWER_SECONDS: Final = 60
"""A client that is not done by then is dropped, even if it keeps sending."""

MAX_CONNECTIONS: Final = 64
"""A flood must not become as many threads. For a further client the one is dropped that has owed
the rest of its request for longest; where none does, the further one is turned away."""


class CannotListen(Unavailable):
    """The address cannot be listened on: it is in use, not this host's, or not allowed."""


class Request(NamedTuple):
    """What a route may look at."""

    query: Mapping[str, list[str]]
    headers: Message


class Answer(NamedTuple):
    """What a route gives back."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = MappingProxyType({})


Route = Callable[[Request], Answer]
Check = Callable[[], str | None]
"""Returns None, or why it is not ready; called from many threads."""


def metrics_route(registry: CollectorRegistry) -> Route:
    """Return the route of a registry's metrics, in the format that the client prefers."""

    def metrics(request: Request) -> Answer:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Answer(encode(registry), content_type)

    return metrics


def readiness_route(checks: Mapping[str, Check]) -> Route:
    """Return the route that tells whether everything is reachable, each by its name."""

    def readiness(_request: Request) -> Answer:
        problems = {name: check() for name, check in checks.items()}
        lines = [f"{name}: {problem or 'ok'}\n" for name, problem in problems.items()]
        ready = not any(problems.values())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer("".join(lines).encode(), status=status)

    return readiness


def service_routes(registry: CollectorRegistry, checks: Mapping[str, Check]) -> dict[str, Route]:
    """Return the routes that every service has."""
    return {
        "/metrics": metrics_route(registry),
        "/healthz": lambda _request: Answer(b"ok\n"),
        "/readyz": readiness_route(checks),
    }


class HttpServer:
    """Answer GET and HEAD by path, in threads of its own."""

    def __init__(self, host: str, port: int, routes: Mapping[str, Route]) -> None:
        """Listen; answering begins with ``start``.

        Args:
            host: a name or an address; the empty one is every interface.
            port: 0 takes a free one; the property ``port`` has it then.
            routes: by path, without query.

        Raises:
            CannotListen: the address cannot be used; the message names it.
        """
        try:
            self._server = _Server(host, port, dict(routes))
        except (OSError, OverflowError) as error:
            where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            reason = getattr(error, "strerror", None) or error
            raise CannotListen(f"cannot listen on {where}: {reason}") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="http"
        )

    @property
    def host(self) -> str:
        """The address listened on."""
        return str(self._server.server_address[0])

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening, without waiting for answers under way."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, host: str, port: int, routes: Mapping[str, Route]) -> None:
        self.routes = routes
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._lock = threading.Lock()
        self._asking: dict[socket.socket, None] = {}
        family, *_, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        self.address_family = family
        super().__init__(address[:2], _Handler)  # type: ignore[arg-type]

    def server_bind(self) -> None:
        # Not HTTPServer's, which looks up the host's name and may wait long for it.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False) or self._free_the_slowest():
            with self._lock:
                self._asking[request] = None
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def asked(self, request: socket.socket) -> None:
        """Hear that a client has sent its whole request."""
        with self._lock:
            self._asking.pop(request, None)

    def _free_the_slowest(self) -> bool:
        with self._lock:
            if slowest := next(iter(self._asking), None):
                del self._asking[slowest]
                _hang_up(slowest)
        return self._free.acquire(timeout=0.5)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        deadline = threading.Timer(ANSWER_SECONDS, _hang_up, [request])
        deadline.daemon = True
        deadline.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            deadline.cancel()
            self.asked(request)
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up half-way is not an error of ours.
        error = sys.exception()
        if not isinstance(error, OSError):
            structlog.get_logger().error("http_request_failed", exc_info=error)


class _Handler(BaseHTTPRequestHandler):
    timeout = IDLE_SECONDS
    server_version = "fleetgauge"
    sys_version = ""

    def parse_request(self) -> bool:
        whole = super().parse_request()
        cast("_Server", self.server).asked(self.connection)
        return whole

    def do_GET(self) -> None:
        self._send(self._answer(), with_body=True)

    def do_HEAD(self) -> None:
        self._send(self._answer(), with_body=False)

    def do_POST(self) -> None:
        answer = _text("only GET and HEAD are answered", HTTPStatus.METHOD_NOT_ALLOWED)
        self._send(answer, with_body=True)

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_POST  # noqa: N815 (http.server's)

    def log_message(self, *_arguments: Any) -> None:
        """Log no requests."""

    def _answer(self) -> Answer:
        parts = urlsplit(self.path)
        route = cast("_Server", self.server).routes.get(parts.path)
        if route is None:
            return _text(f"not found: {parts.path[:200]}", HTTPStatus.NOT_FOUND)
        try:
            return route(Request(parse_qs(parts.query), self.headers))
        except Exception:  # noqa: BLE001 (a thread's top: the next request may be answered)
            structlog.get_logger().exception("http_request_failed", path=parts.path)
            return _text("internal error", HTTPStatus.INTERNAL_SERVER_ERROR)

    def _send(self, answer: Answer, *, with_body: bool) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)


def _text(text: str, status: HTTPStatus) -> Answer:
    return Answer(f"{text}\n".encode(), status=status)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
