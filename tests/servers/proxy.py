"""A TCP proxy on loopback that can be cut off or stalled: the network's faults."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from tests.servers.ports import LOOPBACK, free_port

CHUNK_BYTES: Final = 65_536
CONNECT_S: Final = 10.0


class TcpProxy:
    """Forwards connections from `url_port` on loopback to a target, from any thread's orders.

    `cut` is a broken cable that the other side notices; `stall` is one that nobody notices.
    """

    def __init__(self, target_host: str, target_port: int) -> None:
        self._target = (target_host, target_port)
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # By number: a port that the kernel chose for port 0 would be lost by a cut.
        self.url_port = free_port()
        self._listener.bind((LOOPBACK, self.url_port))
        self._listening = False
        self.restore()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def through(self, url: str) -> str:
        """Return a URL of the target that leads through this proxy."""
        parts = urlsplit(url)
        user, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{user}{at}{LOOPBACK}:{self.url_port}").geturl()

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        with self._lock:
            return sum(1 for end in self._sockets if end.getsockname()[1] == self.url_port)

    def cut(self) -> None:
        """Close every connection and refuse new ones; ends a stall too."""
        with self._lock:
            if self._listening:
                self._listening = False
                # On Linux this ends listening, not binding: the port stays ours until `restore`.
                self._listener.shutdown(socket.SHUT_RDWR)
            for end in self._sockets:
                _hang_up(end)
        self._flowing.set()  # stalled threads notice
        self._join()

    def restore(self) -> None:
        """Take connections again after a cut."""
        with self._lock:
            if self._listening:
                return
            self._listener.listen()
            self._listening = True
        self._spawn(self._accept)

    def stall(self) -> None:
        """Keep all connections open, and take new ones, but forward nothing either way."""
        self._flowing.clear()

    def resume(self) -> None:
        """Forward again after a stall, beginning with what was held back."""
        self._flowing.set()

    def close(self) -> None:
        """Cut for good."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # cut
                return
            if self._keep(client):
                self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        self._flowing.wait()
        target = self._connect()
        if target is None:
            self._drop(client)
            return
        back = self._spawn(self._forward, target, client)
        self._forward(client, target)
        back.join()
        self._drop(client)
        self._drop(target)

    def _connect(self) -> socket.socket | None:
        if not self._listening:  # cut while stalled
            return None
        try:
            target = socket.create_connection(self._target, timeout=CONNECT_S)
        except OSError:
            return None
        target.settimeout(None)
        return target if self._keep(target) else None

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while chunk := source.recv(CHUNK_BYTES):
                self._flowing.wait()
                sink.sendall(chunk)
            self._flowing.wait()
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            _hang_up(source)
            _hang_up(sink)

    def _keep(self, end: socket.socket) -> bool:
        with self._lock:
            if self._listening:
                self._sockets.add(end)
                return True
        end.close()
        return False

    def _drop(self, end: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(end)
        end.close()

    def _spawn(self, work: Callable[..., None], *arguments: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, name="proxy", daemon=True)
        with self._lock:
            self._threads = {each for each in self._threads if each.is_alive()} | {thread}
            thread.start()
        return thread

    def _join(self) -> None:
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
