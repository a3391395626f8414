"""A PostgreSQL cluster with TimescaleDB, whose power cord can be pulled."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import psycopg
from psycopg import sql

from tests.servers.databases import Databases
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.process import ServerProcess
from tests.servers.small_disk import SmallDisk
from tests.servers.userland import Userland, provide
from tests.servers.waiting import wait_until

BIN: Final = "/usr/lib/postgresql/17/bin"
USER: Final = "postgres"
KILL_S: Final = 10.0

StopMode = Literal["smart", "fast", "immediate"]
STOP_SIGNALS: Final[Mapping[StopMode, signal.Signals]] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}

OPTIONS: Final[Mapping[str, str]] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    # The chroot's /dev/shm is a plain folder nobody empties; in the data folder it is.
    "dynamic_shared_memory_type": "mmap",
    "fsync": "on",  # the tests of durability rely on it
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "max_worker_processes": "32",  # one scheduler of TimescaleDB's for each database
}


class PostgresServer(Databases):
    """A cluster of its own on a free loopback port; anybody is superuser there.

    `options` are settings of postgresql.conf, over the ones above.
    """

    def __init__(
        self, options: Mapping[str, str] | None = None, *, userland: Userland | None = None
    ) -> None:
        self.port = free_port()
        super().__init__(f"postgresql://{USER}@{LOOPBACK}:{self.port}/postgres")
        self._userland = userland or provide()
        self._workspace = self._userland.workspace("postgresql")
        self._data = self._workspace.folder("data", owner=self._userland.user(USER))
        data = str(self._workspace.inside / "data")
        self._initialize(data, {**OPTIONS, "port": str(self.port), **(options or {})})
        command = self._userland.command(f"{BIN}/postgres", "-D", data, user=USER)
        self._disk: SmallDisk | None = None
        self._process = ServerProcess(command, self._workspace.path / "log")

    def small_disk(self) -> SmallDisk:
        """Make a disk that can be full, and the tablespace ``small`` on it, while running."""
        owner = self._userland.user(USER)
        folder = self._workspace.folder("small", owner=owner)
        self._disk = SmallDisk(folder, self._workspace.inside / "small", owner)
        location = sql.Literal(str(self._disk.inside))
        self._execute(self.url(), sql.SQL("CREATE TABLESPACE small LOCATION {}").format(location))
        return self._disk

    @property
    def running(self) -> bool:
        """Whether the postmaster is alive."""
        return self._process.running

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, None while not running."""
        return self._process.pid

    def log_text(self) -> str:
        """Return everything the server has logged since its first start."""
        return self._process.log_text()

    def start(self) -> None:
        """Start the server and return once it takes connections."""
        # Its writer is dead, as this object knows. PostgreSQL has only the pid to go by, which
        # another process may have by now.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        self._process.start(self._accepts)

    def let_in(self, *lines: str) -> None:
        """Replace the lines of pg_hba.conf, which the running server reads at once."""
        before = self.log_text().count("reloading configuration files")
        (self._data / "pg_hba.conf").write_text("\n".join(lines) + "\n")
        self._process.send(signal.SIGHUP)
        wait_until(
            lambda: self.log_text().count("reloading configuration files") > before,
            seconds=KILL_S,
            what="pg_hba.conf read",
        )

    def stop(self, mode: StopMode = "fast") -> None:
        """Shut the server down as `pg_ctl stop` does; `immediate` makes the next start recover."""
        self._process.stop(STOP_SIGNALS[mode])

    def kill(self) -> None:
        """Kill the postmaster and all its children at once, as a power cut would.

        The frozen postmaster can neither start another child nor reap one, so no pid of theirs
        can pass to another process before it is killed.
        """
        postmaster = self.pid
        if postmaster is None:
            return
        self._process.send(signal.SIGSTOP)
        wait_until(lambda: _state(postmaster) == "T", seconds=KILL_S, what="postmaster frozen")
        children = _children(postmaster)
        for child in children:
            os.kill(child, signal.SIGKILL)
        wait_until(
            lambda: all(_state(child) in "ZX" for child in children),
            seconds=KILL_S,
            what="children of the postmaster dead",
        )
        self._process.kill()

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop the server and start it again, with the same port and data."""
        self.stop(mode)
        self.start()

    def close(self) -> None:
        """Stop the server for good and delete its data."""
        self.kill()
        if self._disk is not None:
            self._disk.close()
        self._workspace.remove()

    def _initialize(self, data: str, options: Mapping[str, str]) -> None:
        locale = ("--encoding=UTF8", "--locale=C.UTF-8")
        trust = ("--auth=trust", f"--username={USER}", "--no-sync")
        self._userland.run(f"{BIN}/initdb", "-D", data, *locale, *trust, user=USER)
        with (self._data / "postgresql.conf").open("a") as configuration:
            for name, value in options.items():
                quoted = value.replace("'", "''")
                configuration.write(f"{name} = '{quoted}'\n")

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _stat(pid: int) -> list[str]:
    # proc(5): "pid (name) state ppid …", where the name may hold spaces and parentheses.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["X", "0"]


def _state(pid: int) -> str:
    return _stat(pid)[0]


def _children(parent: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if _stat(pid)[1] == str(parent)]
