"""What a service tells systemd: that it is ready, that it is alive, that it stops (sd_notify(3)).

Without systemd, or in a unit that does not ask for it, nothing is sent.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_LOOK_SECONDS: Final = 0.2
_FOR_EVER: Final = 3600.0


@contextmanager
def announced(
    is_ready: Callable[[], bool] = lambda: True,
    *,
    is_alive: Callable[[], bool],
    goes_on: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Tell the service manager of this service while the context lasts.

    Args:
        is_ready: tells whether it has begun to work; asked until it has.
        is_alive: asked twice in the watchdog's time; where it is not, systemd restarts the service.
        goes_on: tells whether the service, at the end, begins again in the same process.
    """
    notify = _Notifier(os.environ.get("NOTIFY_SOCKET"))
    ending = threading.Event()
    told = (notify, is_ready, is_alive, ending)
    thread = threading.Thread(target=_tell, args=told, name="systemd", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        if not goes_on():
            notify("STOPPING=1")
        thread.join(timeout=1)
        notify.close()


class _Notifier:
    def __init__(self, address: str | None) -> None:
        self._socket = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            # A name that begins with @ is an abstract one, which begins with a zero byte.
            self._socket.connect("\0" + address[1:] if address.startswith("@") else address)

    def __call__(self, state: str) -> None:
        if self._socket is not None:
            self._socket.send(state.encode())

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


def _tell(
    notify: _Notifier,
    is_ready: Callable[[], bool],
    is_alive: Callable[[], bool],
    ending: threading.Event,
) -> None:
    while not is_ready():
        if ending.wait(_LOOK_SECONDS):
            return
    notify("READY=1")
    while not ending.wait(_watchdog_seconds() / 2):
        if is_alive():
            notify("WATCHDOG=1")


def _watchdog_seconds() -> float:
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() else _FOR_EVER
