"""The user that PostgreSQL runs as: it refuses root, and only root can choose another."""

import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

NAME = "nobody"


@dataclass(frozen=True)
class SystemUser:
    """A user and group by number."""

    uid: int
    gid: int


def unprivileged_user() -> SystemUser | None:
    """Return the user to become; None if we are not root, and stay who we are.

    It is a user that every system has, so that a demo run by root need not add one.

    Raises:
        KeyError: this system does not have it.
    """
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(NAME)
    return SystemUser(entry.pw_uid, entry.pw_gid)


def closed_folders_above(path: Path) -> dict[Path, int]:
    """Return the folders on the way to `path` that other users may not pass, with their modes."""
    modes = {folder: stat.S_IMODE(folder.stat().st_mode) for folder in path.resolve().parents}
    return {folder: mode for folder, mode in modes.items() if not mode & stat.S_IXOTH}


@contextmanager
def reachable(path: Path) -> Iterator[None]:
    """Let other users pass through the folders above `path` while the context lasts."""
    closed = closed_folders_above(path)
    try:
        for folder, mode in closed.items():
            folder.chmod(mode | stat.S_IXOTH)
        yield
    finally:
        for folder, mode in closed.items():
            with suppress(FileNotFoundError):
                folder.chmod(mode)


def is_readable(tree: Path) -> bool:
    """Tell whether other users may read and run what is in `tree`."""
    return not closed_folders_above(tree) and all(map(_is_open, (tree, *tree.rglob("*"))))


def copy_readable(tree: Path, copy: Path) -> None:
    """Copy `tree` so that other users may read and run what is in the copy."""
    shutil.copytree(tree, copy, symlinks=True, dirs_exist_ok=True)
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) | _wanted(path))


def _is_open(path: Path) -> bool:
    return path.is_symlink() or path.stat().st_mode & _wanted(path) == _wanted(path)


def _wanted(path: Path) -> int:
    runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
    return stat.S_IROTH | (stat.S_IXOTH if runs else 0)
