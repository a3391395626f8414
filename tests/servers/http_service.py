"""What Prometheus and Alertmanager have in common: a process with files and an HTTP API."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import Any, Final

from tests.servers.ports import LOOPBACK, free_port
from tests.servers.process import ServerProcess
from tests.servers.userland import Userland, provide

USER: Final = "prometheus"
REPLY_S: Final = 10.0


class HttpService:
    """A program of the Prometheus family on a free loopback port, with its files and data."""

    def __init__(
        self,
        program: str,
        arguments: list[str],
        files: Mapping[str, str],
        userland: Userland | None,
    ) -> None:
        userland = userland or provide()
        self.port = free_port()
        self._workspace = userland.workspace(program)
        self._workspace.folder("data", owner=userland.user(USER))
        for name, text in files.items():
            self._workspace.write(name, text)
        folder = str(self._workspace.inside)
        words = [word.replace("{folder}", folder) for word in arguments]
        listen = f"--web.listen-address={LOOPBACK}:{self.port}"
        command = userland.command(f"/usr/bin/{program}", listen, *words, user=USER)
        self._process = ServerProcess(command, self._workspace.path / "log")

    @property
    def url(self) -> str:
        """The URL of its HTTP API, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.running

    @property
    def pid(self) -> int | None:
        """The process id, None while not running."""
        return self._process.pid

    def log_text(self) -> str:
        """Return everything it has logged since its first start."""
        return self._process.log_text()

    def start(self) -> None:
        """Start it and return once it says that it is ready."""
        self._process.start(self._ready)

    def stop(self) -> None:
        """Stop it, data kept."""
        self._process.stop()

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()

    def restart(self) -> None:
        """Stop it and start it again, with the same port and data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it for good and delete its data."""
        self.kill()
        self._workspace.remove()

    def get_json(self, path: str, **parameters: str) -> Any:
        """Return what a path of the API answers; urllib.error.HTTPError if it refuses."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with self._get(f"{path}{query}") as reply:
            return json.load(reply)

    def _get(self, path: str) -> HTTPResponse:
        reply: HTTPResponse = urllib.request.urlopen(f"{self.url}{path}", timeout=REPLY_S)  # noqa: S310
        return reply

    def _ready(self) -> bool:
        try:
            with self._get("/-/ready"):
                return True
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        return False
