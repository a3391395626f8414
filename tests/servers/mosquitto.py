"""A Mosquitto broker that keeps its port and its sessions over a stop or a kill."""

import shutil
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.servers.ports import LOOPBACK, free_port
from tests.servers.process import ServerProcess
from tests.servers.userland import Userland, provide
from tests.servers.waiting import wait_until

USER: Final = "mosquitto"
SAVE_S: Final = 30.0

# What Mosquitto 2.0.21 does (mosquitto.conf(5); src/database.c, src/property_broker.c):
NOTHING_DROPPED: Final = (
    "allow_anonymous true",
    # The default of 1000 drops what is over it without telling the publisher; 0 is no limit, of
    # messages here and of bytes by default (max_queued_bytes 0).
    "max_queued_messages 0",
    # 20 by default. 0 (and 65535, which is read as 0) is no limit, and then a session of MQTT
    # 3.1.1 with more than 65,535 unacknowledged messages has packet ids used twice. An MQTT 5
    # client's Receive Maximum replaces this, even by a larger number.
    "max_inflight_messages 60000",
    "set_tcp_nodelay true",
)

# A broker saves its sessions when it stops, and else every 1800 s. With these lines it does so
# after every turn of its loop that queued a message or changed a subscription: a rewrite of the
# whole file with an fsync, so for few messages only. Not counted as a change, and so lost by a
# kill: a message sent to a connected client that has not acknowledged it yet.
SAVED_ON_CHANGE: Final = ("autosave_on_changes true", "autosave_interval 1")

# An MQTT 3.1.1 CONNECT, clean session, keep alive 10 s, client id "waiting".
CONNECT: Final = b"\x10\x13\x00\x04MQTT\x04\x02\x00\x0a\x00\x07waiting"


class MosquittoServer:
    """A broker of its own on a free loopback port.

    `config_lines` come after the ones above. With `config_path`, that file is used instead of the
    lines above: its listeners move to free loopback ports (`ports` tells which), its logging and
    its data come here, and an option in `overrides` takes that value, or goes if it is None.
    `files` are put beside the configuration; `{folder}` in a line or an override is their folder.
    """

    def __init__(
        self,
        config_lines: Sequence[str] = (),
        *,
        persistence: bool = True,
        config_path: Path | None = None,
        overrides: Mapping[str, str | None] | None = None,
        files: Mapping[str, str] | None = None,
        userland: Userland | None = None,
    ) -> None:
        userland = userland or provide()
        self._workspace = userland.workspace("mosquitto")
        data = self._workspace.folder("data", owner=userland.user(USER))
        self._database = data / "mosquitto.db"
        for name, text in (files or {}).items():
            self._workspace.write(name, text)
        inside = str(self._workspace.inside)
        ours: dict[str, str | None] = {
            "persistence": str(persistence).lower(),
            "persistence_location": f"{inside}/data/",
            "log_dest": "stdout",
            "pid_file": None,
            "user": None,
            **(overrides or {}),
        }
        shipped = config_path.read_text().splitlines() if config_path else []
        self.ports = _free_ports(shipped)
        lines = [*_moved(shipped, self.ports, replaced=set(ours)), *config_lines]
        if not config_path:
            self.ports = {1883: free_port()}
            lines = [f"listener {self.ports[1883]} {LOOPBACK}", *NOTHING_DROPPED, *config_lines]
        lines += [f"{option} {value}" for option, value in ours.items() if value is not None]
        self.port = next(iter(self.ports.values()))
        config = self._workspace.write(
            "mosquitto.conf", "\n".join(lines).replace("{folder}", inside) + "\n"
        )
        command = userland.command("/usr/sbin/mosquitto", "-c", str(config), user=USER)
        self._process = ServerProcess(command, self._workspace.path / "log")

    @property
    def url(self) -> str:
        """The URL of its first listener."""
        return f"mqtt://{LOOPBACK}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.running

    @property
    def pid(self) -> int | None:
        """The process id, None while not running."""
        return self._process.pid

    def log_text(self) -> str:
        """Return everything the broker has logged since its first start."""
        return self._process.log_text()

    def start(self) -> None:
        """Start the broker and return once it answers."""
        self._process.start(self._answers)

    def stop(self) -> None:
        """Stop the broker, which saves its sessions first."""
        self._process.stop()

    def kill(self) -> None:
        """Kill the broker: what it has not saved is lost."""
        self._process.kill()

    def restart(self) -> None:
        """Stop the broker and start it again, with the same port and data."""
        self.stop()
        self.start()

    def save(self) -> None:
        """Make the broker save its sessions now, and wait until it has."""
        before = self._saved()
        self._process.send(signal.SIGUSR1)
        wait_until(lambda: self._saved() != before, seconds=SAVE_S, what="sessions saved")

    @contextmanager
    def unable_to_save(self) -> Iterator[None]:
        """Let it fail to save its sessions, at once and as long as this lasts."""
        new = self._database.with_suffix(".db.new")
        (new / "in its way").mkdir(parents=True)
        self._process.send(signal.SIGUSR1)
        yield
        shutil.rmtree(new)

    def saved_text(self) -> bytes:
        """Return the file of its sessions; a payload that it keeps is in there as it is."""
        return self._database.read_bytes() if self._database.exists() else b""

    def close(self) -> None:
        """Stop the broker for good and delete its data."""
        self.kill()
        self._workspace.remove()

    def _saved(self) -> int:
        # Each save writes a new file and renames it.
        return self._database.stat().st_ino if self._database.exists() else 0

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(CONNECT)
                connection.recv(4)  # CONNACK, or its end where the listener speaks TLS
        except OSError:
            return False
        return True


def _free_ports(shipped: Sequence[str]) -> dict[int, int]:
    listeners = [line.split() for line in shipped if line.split()[:1] == ["listener"]]
    return {int(words[1]): free_port() for words in listeners}


def _moved(shipped: Sequence[str], ports: Mapping[int, int], *, replaced: set[str]) -> list[str]:
    # In place: the options after a listener belong to it.
    lines = []
    for line in shipped:
        option, _, value = line.strip().partition(" ")
        if option == "listener":
            lines.append(f"listener {ports[int(value.split()[0])]} {LOOPBACK}")
        elif option not in replaced:
            lines.append(line)
    return lines
