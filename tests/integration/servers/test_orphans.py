"""No server outlives the run that started it, and none is left in the way of the next."""

import subprocess
import sys
import threading
from pathlib import Path

import psycopg

from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import PROVIDE, Userland
from tests.servers.waiting import wait_until
from tests.servers.workspace import Workspace

REPOSITORY = PROVIDE.parents[2]

RUN = """
import sys
from tests.servers.embedded import EmbeddedServer
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgresql import PostgresServer
broker, database, embedded = MosquittoServer(), PostgresServer(), EmbeddedServer()
broker.start()
database.start()
print(broker.pid, database.pid, embedded.pid, flush=True)
sys.stdin.read()
"""


def test_killed_run_leaves_no_server(userland: Userland) -> None:
    """When the tests themselves are killed, the kernel or a guard kills their servers."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert len(pids) == 3
        assert all(alive(pid) for pid in pids)
        run.kill()
    wait_until(lambda: not any(map(alive, pids)), seconds=10, what="servers gone")


def test_server_outlives_the_thread_that_started_it(userland: Userland) -> None:
    """A test may restart a server from a thread of its own."""
    with started(MosquittoServer(userland=userland)) as server:
        thread = threading.Thread(target=server.restart)
        thread.start()
        thread.join()
        with started(PostgresServer(userland=userland)) as database:  # some time passes
            psycopg.connect(database.url()).close()
        assert server.running


def test_abandoned_folder_is_removed(tmp_path: Path) -> None:
    """A folder goes when its owner is gone, not before."""
    kept, left = Workspace(tmp_path, "a"), Workspace(tmp_path, "b")
    left._owner.close()  # as the end of its process does
    new = Workspace(tmp_path, "c")
    assert kept.path.exists()
    assert not left.path.exists()
    new.remove()
    kept.remove()
    assert not kept.path.exists()


def alive(pid: int) -> bool:
    """Whether a process exists that is not a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
