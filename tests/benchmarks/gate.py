"""A broker held back until a subscriber stands before it: so the start costs nobody anything."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until


@contextmanager
def held_back(broker: MosquittoServer) -> Iterator[None]:
    """Freeze the broker for a `with` block: who connects waits for its answer."""
    pid = broker.pid
    if pid is None:
        raise RuntimeError("the broker does not run")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def wait_for_connection(pid: int, port: int) -> None:
    """Return once a process has a connection to a port."""
    process = psutil.Process(pid)
    wait_until(lambda: _connected(process, port), seconds=20, what="connection to the broker")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has taken, its threads together."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _connected(process: psutil.Process, port: int) -> bool:
    return any(
        peer.raddr and peer.raddr.port == port and peer.status == psutil.CONN_ESTABLISHED
        for peer in process.net_connections("tcp")
    )
