"""What a worker process and its supervisor say to each other, over a socket pair.

The supervisor asks for metrics; the worker answers, and says why where it has to end. Either
learns of the other's death by the end of the stream.
"""

import json
import socket
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

METRICS_WANTED: Final = b"metrics"
METRICS: Final = "metrics"
FAILED: Final = "failed"
FAILED_AT_START: Final = "failed at start"


class Said(NamedTuple):
    """One message of a worker."""

    what: str
    text: str


def pair() -> tuple[Connection, socket.socket]:
    """Return the supervisor's end, and the one whose descriptor the worker inherits."""
    ours, theirs = socket.socketpair()
    return Connection(ours.detach()), theirs


def say(connection: Connection, what: str, text: str) -> None:
    """Tell the supervisor something.

    Raises:
        OSError: it is gone.
    """
    connection.send_bytes(json.dumps([what, text]).encode())


def hear(connection: Connection) -> Said:
    """Wait for what a worker says.

    Raises:
        EOFError: it is gone.
    """
    return Said(*json.loads(connection.recv_bytes()))
