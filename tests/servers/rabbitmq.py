"""A RabbitMQ with its MQTT plugin, that keeps its port and its sessions over a stop or a kill."""

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.servers.mosquitto import CONNECT
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.process import ServerProcess
from tests.servers.userland import Userland, provide

USER: Final = "rabbitmq"
START_S: Final = 90.0
"""Erlang starts slowly on a busy machine."""


class RabbitMqServer:
    """A node of its own on free loopback ports, by its defaults; `config_lines` come after them.

    Anybody is let in as the user guest.
    """

    def __init__(
        self, config_lines: Sequence[str] = (), *, userland: Userland | None = None
    ) -> None:
        userland = userland or provide()
        self.port = free_port()
        epmd_port = free_port()
        self._workspace = userland.workspace("rabbitmq")
        data = self._workspace.folder("data", owner=userland.user(USER))
        inside = self._workspace.inside
        lines = (
            f"mqtt.listeners.tcp.1 = {LOOPBACK}:{self.port}",
            "mqtt.allow_anonymous = true",
            "anonymous_login_user = guest",
            "anonymous_login_pass = guest",
            "listeners.tcp = none",
            "log.console = true",
            "log.file = false",
            *config_lines,
        )
        self._workspace.write("rabbitmq.conf", "\n".join(lines) + "\n")
        self._workspace.write("enabled_plugins", "[rabbitmq_mqtt].\n")
        environment: Mapping[str, str] = {
            "HOME": f"{inside}/data",
            "RABBITMQ_NODENAME": f"node{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{inside}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{inside}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{inside}/data/mnesia",
            "RABBITMQ_LOG_BASE": f"{inside}/data/log",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            # Its script then becomes the server, and is not a shell that outlives a kill.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        variables = [f"{name}={value}" for name, value in environment.items()]
        server = userland.command(
            "/usr/bin/env", *variables, "/usr/lib/rabbitmq/bin/rabbitmq-server", user=USER
        )
        names = userland.command(
            "/usr/bin/epmd", "-port", str(epmd_port), "-address", LOOPBACK, user=USER
        )
        self._data = data
        # Erlang's directory of nodes; one that is not there is started, and outlives the node.
        self._names = ServerProcess(names, self._workspace.path / "epmd.log")
        self._names_port = epmd_port
        self._process = ServerProcess(server, self._workspace.path / "log", start_seconds=START_S)

    @property
    def url(self) -> str:
        """The URL of its MQTT listener."""
        return f"mqtt://{LOOPBACK}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.running

    @property
    def log(self) -> Path:
        """Where it logs."""
        return self._workspace.path / "log"

    def start(self) -> None:
        """Start the node and return once it answers."""
        if not self._names.running:
            self._names.start(lambda: _listens(self._names_port))
        self._process.start(self._answers)

    def stop(self) -> None:
        """Stop the node cleanly."""
        self._process.stop()

    def kill(self) -> None:
        """Kill the node at once."""
        self._process.kill()

    def restart(self) -> None:
        """Stop the node and start it again, with the same port and data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop the node for good and delete its data."""
        self.kill()
        self._names.kill()
        self._workspace.remove()

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.settimeout(5)
                connection.sendall(CONNECT)
                return connection.recv(4)[:1] == b"\x20"  # CONNACK
        except OSError:
            return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=2).close()
    except OSError:
        return False
    return True
