"""Clients that connect and never finish their request."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def half_open(port: int, clients: int, first: bytes = b"GET / HTTP/1.1\r\n") -> Iterator[None]:
    """Keep so many connections open that have sent the beginning of a request."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Both ends may be in this process.
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], limits[1]), limits[1]))
    try:
        with ExitStack() as stack:
            for _ in range(clients):
                client = socket.create_connection(("127.0.0.1", port), timeout=10)
                stack.enter_context(client)
                with suppress(ConnectionError):  # it has been dropped already
                    client.sendall(first)
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
