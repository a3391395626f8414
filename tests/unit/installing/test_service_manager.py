"""A service tells systemd when it is ready, that it is alive, and that it stops."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetgauge.service_manager import announced


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket on which systemd listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        path = str(tmp_path / "notify")
        listening.bind(path)
        listening.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield listening


def test_ready_comes_first_and_a_service_that_hangs_is_silent(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watchdog is notified as long as the service answers."""
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    ready, alive = threading.Event(), threading.Event()
    alive.set()
    with announced(ready.is_set, is_alive=alive.is_set):
        manager.settimeout(0.3)
        with pytest.raises(TimeoutError):
            manager.recv(100)
        manager.settimeout(20)
        ready.set()
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        alive.clear()
        manager.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            for _ in range(1000):
                manager.recv(100)
            raise AssertionError("the watchdog is notified of a service that hangs")
        manager.settimeout(20)
    assert manager.recv(100) == b"STOPPING=1"


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is anything in the way."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    with announced(is_alive=lambda: False):
        pass


@pytest.mark.parametrize("command", ["metrics", "web"])
def test_a_service_tells(manager: socket.socket, command: str) -> None:
    """Ready while the database is away, since it says so by itself; stopping at SIGTERM."""
    environment = os.environ | {
        "WATCHDOG_USEC": "200000",
        "FLEETGAUGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "FLEETGAUGE_PROBE_INTERVAL": "0",
        f"FLEETGAUGE_{command.upper()}_ADDRESS": "127.0.0.1:0",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "fleetgauge", command], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        process.send_signal(signal.SIGTERM)
        said = manager.recv(100)
        while said == b"WATCHDOG=1":
            said = manager.recv(100)
        assert said == b"STOPPING=1"
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
