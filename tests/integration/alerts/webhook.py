"""A receiver of Alertmanager's messages, on a real socket."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.servers.ports import LOOPBACK


class Webhook:
    """Keeps every alert it receives, newest last."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.messages = 0
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, name="webhook")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where Alertmanager is to send."""
        return f"http://{LOOPBACK}:{self._server.server_port}/"

    def is_told(self, alertname: str, status: str, **labels: str) -> bool:
        """Whether an alert was received as ``firing`` or ``resolved``."""
        wanted = {"alertname": alertname, **labels}.items()
        return any(
            alert["status"] == status and wanted <= alert["labels"].items() for alert in self.told
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.told.extend(json.loads(body)["alerts"])
                webhook.messages += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
