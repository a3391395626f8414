"""The user that PostgreSQL runs as: it refuses root, and only root can choose another."""

import os
import pwd
import stat
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


def make_reachable(path: Path) -> None:
    """Let other users pass through the folders above `path`, adding only what is missing."""
    for folder in path.resolve().parents:
        _add_mode(folder, stat.S_IXOTH)


def make_readable(tree: Path) -> None:
    """Let other users read and run what is in `tree`, adding only what is missing."""
    make_reachable(tree)
    _add_mode(tree, stat.S_IROTH | stat.S_IXOTH)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if runs else 0))


def _add_mode(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        path.chmod(mode | bits)
