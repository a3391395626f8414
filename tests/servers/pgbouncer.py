"""A PgBouncer before a PostgreSQL of ours, by its defaults but for how it pools."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import psycopg

from tests.servers.ports import LOOPBACK, free_port
from tests.servers.process import ServerProcess
from tests.servers.userland import Userland, provide

USER: Final = "postgres"

PoolMode = Literal["session", "transaction"]


class PgBouncerServer:
    """A pooler of its own on a free loopback port, for every database of a server."""

    def __init__(
        self,
        database_url: str,
        mode: PoolMode,
        *,
        pool_size: int = 20,
        userland: Userland | None = None,
    ) -> None:
        """Take a URL of the server's, the mode, and how many sessions there are for all."""
        userland = userland or provide()
        self.port = free_port()
        self._database_url = database_url
        self._workspace = userland.workspace("pgbouncer")
        users = self._workspace.write("users.txt", f'"{USER}" ""\n')
        server = urlsplit(database_url)
        lines = (
            "[databases]",
            f"* = host={server.hostname} port={server.port}",
            "[pgbouncer]",
            f"listen_addr = {LOOPBACK}",
            f"listen_port = {self.port}",
            "unix_socket_dir =",
            "auth_type = trust",
            f"auth_file = {users}",
            f"pool_mode = {mode}",
            f"default_pool_size = {pool_size}",
        )
        config = self._workspace.write("pgbouncer.ini", "\n".join(lines) + "\n")
        command = userland.command("/usr/sbin/pgbouncer", str(config), user=USER)
        self._process = ServerProcess(command, Path(self._workspace.path) / "log")

    def through(self, url: str) -> str:
        """Return the URL of a database, led through the pooler."""
        return urlsplit(url)._replace(netloc=f"{USER}@{LOOPBACK}:{self.port}").geturl()

    def start(self) -> None:
        """Start it and return once it lets somebody through."""
        self._process.start(self._answers)

    def restart(self) -> None:
        """Stop it, which cuts all connections through it, and start it again."""
        self._process.kill()
        self.start()

    def close(self) -> None:
        """Stop it for good."""
        self._process.kill()
        self._workspace.remove()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.through(self._database_url), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextlib.contextmanager
def neighbours(url: str, clients: int = 3) -> Iterator[None]:
    """Have others use the pool too, so that who comes again in it gets another session."""
    ended = threading.Event()
    threads = [
        threading.Thread(target=_hold_transactions, args=(url, ended)) for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _hold_transactions(url: str, ended: threading.Event) -> None:
    while not ended.is_set():
        # The pooler may be restarted under them.
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(url, prepare_threshold=None, connect_timeout=2) as connection,
        ):
            while not ended.is_set():
                connection.execute("select pg_sleep(0.003)")
                connection.commit()
                ended.wait(0.002)
        ended.wait(0.1)
