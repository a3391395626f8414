"""The messages between a worker process and its supervisor, over a socket pair.

The supervisor asks for metrics; the worker answers, and says why if it has to end. Each notices
the other's death by the end of the stream.
"""

import json
import socket
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

METRICS_WANTED: Final = b"metrics"
METRICS: Final = "metrics"
FAILED: Final = "failed"
FAILED_AT_START: Final = "failed at start"


class Message(NamedTuple):
    """What a worker sends."""

    kind: str
    text: str


def pair() -> tuple[Connection, socket.socket]:
    """Return the supervisor's end, and the one whose descriptor the worker inherits."""
    ours, theirs = socket.socketpair()
    return Connection(ours.detach()), theirs


def send(connection: Connection, kind: str, text: str) -> None:
    """Send the supervisor a message.

    Raises:
        OSError: it is gone.
    """
    connection.send_bytes(json.dumps([kind, text]).encode())


def receive(connection: Connection) -> Message:
    """Wait for a worker's message.

    Raises:
        EOFError: it is gone.
    """
    return Message(*json.loads(connection.recv_bytes()))
