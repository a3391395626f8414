"""The web server's own thread: uvicorn, on a socket that was bound before it began."""

import gc
import socket
import sys
import threading
from typing import Any, Final, Self

import uvicorn
import uvloop

from web.app import application
from web.impatient import Impatient
from web.options import Options
from web.reports import Reports

GRACE_SECONDS: Final = 5
"""For answers under way, when it stops."""
BACKLOG: Final = 2048
KEEP_ALIVE_SECONDS: Final = 30

COLLECT_AFTER: Final = 50_000
"""New objects, before the collector looks for cycles; Python's own figure is 700. With it, a look
through all that 2,000 event streams are made of kept every answer waiting for 0.3 s, several times
a minute."""

SWITCH_SECONDS: Final = 0.0005
"""How long a thread that reads or encodes may keep Python's lock from the one that answers;
Python's own figure is 5 ms."""


class CannotListen(Exception):
    """The address cannot be listened on: it is in use, not this host's, or not allowed."""


def have_the_process() -> None:
    """Set Python up for answering at once, in a process that does nothing else."""
    # What is imported by now stays.
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    sys.setswitchinterval(SWITCH_SECONDS)


class WebServer:
    """Serve the pages and the feeds."""

    def __init__(self, host: str, port: int, url: str, options: Options, reports: Reports) -> None:
        """Listen; answering begins with ``start``.

        Args:
            host: a name or an address.
            port: 0 takes a free one; the property ``port`` has it then.
            url: the database's.
            reports: what makes the KPI reports.

        Raises:
            CannotListen: the address cannot be used; the message names it.
        """
        self._socket = _bound(host, port)
        self._stopping = threading.Event()
        config = uvicorn.Config(
            application(url, options, reports, self._stopping),
            log_config=None,
            access_log=False,
            # Whom to trust to say where a request is from is for the staff pages to decide.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            lifespan="on",
            http=Impatient,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="web")

    @property
    def host(self) -> str:
        """The address listened on."""
        return str(self._socket.getsockname()[0])

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop, giving answers under way some seconds; streams end at once."""
        self._stopping.set()
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _serve(self) -> None:
        uvloop.run(self._server.serve(sockets=[self._socket]))


def _bound(host: str, port: int) -> socket.socket:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        found: Any = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(found[0], socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(found[4])
            bound.listen(BACKLOG)
        except OSError:
            bound.close()
            raise
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotListen(f"cannot listen on {where}: {reason}") from error
    return bound
