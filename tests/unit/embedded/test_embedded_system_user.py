"""What is opened to the user that PostgreSQL runs as."""

import stat
from pathlib import Path

from fleetgauge.embedded.system_user import make_reachable, make_readable


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_above_are_passable_but_not_readable(tmp_path: Path) -> None:
    """A closed folder above the path gets the right to pass through and no other."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "data"
    data.mkdir(mode=0o700)

    make_reachable(data)

    assert (_mode(closed), _mode(data)) == (0o701, 0o700)


def test_programs_become_runnable_and_other_files_readable(tmp_path: Path) -> None:
    """In a tree of programs all is readable, and what its owner may run all may run."""
    tree = tmp_path / "programs"
    tree.mkdir(mode=0o700)
    program, text = tree / "program", tree / "text"
    program.touch(mode=0o700)
    text.touch(mode=0o600)

    make_readable(tree)

    assert (_mode(tree), _mode(program), _mode(text)) == (0o705, 0o705, 0o604)
