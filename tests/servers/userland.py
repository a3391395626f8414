"""The Debian userland that provide.sh builds, and the command lines that run in it."""

import functools
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.servers.workspace import Workspace

PROVIDE: Final = Path(__file__).with_name("provide.sh")

# A server sees neither the caller's PG* variables nor a TMPDIR that the chroot does not have.
ENVIRONMENT: Final[Mapping[str, str]] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
}


class Unavailable(Exception):
    """A server cannot be had on this machine; the message says why."""


class Userland:
    """The folder of a Debian 13 with the servers installed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def command(self, program: str, *arguments: str, user: str) -> list[str]:
        """Return the command line that runs a program in the userland as one of its users.

        Each word of it replaces the one before in the same process, so its pid is the program's.
        That process is killed when its parent ends. Shared memory is its own (`unshare --ipc`):
        what a killed PostgreSQL leaves behind goes with it.
        """
        enter = ["unshare", "--ipc", "chroot", str(self.root)]
        # Only after the change of user: the kernel drops the death signal with the credentials.
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return [*enter, *become, "--pdeathsig=KILL", program, *arguments]

    def run(
        self, program: str, *arguments: str, user: str, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the userland to its end; raise CalledProcessError if it fails."""
        return subprocess.run(
            self.command(program, *arguments, user=user),
            input=text,
            text=True,
            capture_output=True,
            check=True,
            env=ENVIRONMENT,
        )

    def run_on_host(
        self, program: str, arguments: Sequence[str], *, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a tool of the userland on the host's own files, in the caller's current folder.

        Its own loader and libraries do that without a chroot, whatever the host's libc.
        """
        loader = next(self.root.glob("lib*/ld-linux*.so.*"))
        libraries = ":".join(str(path) for path in self.root.glob("usr/lib/*-linux-gnu*"))
        command = [str(loader), "--library-path", libraries, str(self.root / "usr/bin" / program)]
        return subprocess.run(
            [*command, *arguments], input=text, text=True, capture_output=True, check=False
        )

    def user(self, name: str) -> tuple[int, int]:
        """Return the uid and gid that a user has in the userland."""
        for line in (self.root / "etc/passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return int(fields[2]), int(fields[3])
        raise LookupError(name)

    def workspace(self, kind: str) -> Workspace:
        """Return a new folder for one server."""
        return Workspace(self.root, kind)


@functools.cache
def provide() -> Userland:
    """Return the userland, building it first where this machine has none yet (about a minute).

    Raises Unavailable with the reason.
    """
    try:
        done = subprocess.run(["bash", str(PROVIDE)], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Unavailable(f"cannot run {PROVIDE.name}: {error}") from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines() or [f"{PROVIDE.name} failed"]
        raise Unavailable(reason[-1])
    return Userland(Path(done.stdout.strip()))
