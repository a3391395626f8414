"""A server's folder inside the userland, gone with the process that owns it."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from typing import IO

HOME = PurePosixPath("/srv/fleetgauge")
OWNER = ".owner"


class Workspace:
    """A new folder, known by two names: `path` on the host, `inside` in the chroot.

    A lock held on a file in it for the life of this process tells the folders in use from those
    that a killed run left behind; the latter are removed here.
    """

    def __init__(self, root: Path, kind: str) -> None:
        home = root / HOME.relative_to("/")
        home.mkdir(parents=True, exist_ok=True)
        with (home / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _sweep(home)
            self.path = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=home))
            self._owner = _lock_owner(self.path)
        self.path.chmod(0o755)  # mkdtemp's 0700 would keep the server's own user out
        self.inside = HOME / self.path.name

    def folder(self, name: str, *, owner: tuple[int, int]) -> Path:
        """Make a folder in it that belongs to a user (uid, gid) of the userland."""
        folder = self.path / name
        folder.mkdir()
        folder.chmod(0o700)
        os.chown(folder, *owner)
        return folder

    def write(self, name: str, text: str) -> PurePosixPath:
        """Write a file, readable by every user, and return its name in the chroot."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self.inside / name

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._owner.close()


def _lock_owner(folder: Path) -> IO[str]:
    owner = (folder / OWNER).open("w")
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner.close()
        raise
    return owner


def _sweep(home: Path) -> None:
    for folder in home.iterdir():
        if folder.is_dir() and _abandoned(folder):
            _unmount_below(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _unmount_below(folder: Path) -> None:
    mounts = Path("/proc/mounts").read_text().splitlines()
    for point in (line.split()[1] for line in mounts):
        if point.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)


def _abandoned(folder: Path) -> bool:
    try:
        _lock_owner(folder).close()
    except (BlockingIOError, FileNotFoundError):
        # In use; or another process of the tests has just removed it.
        return False
    return True
