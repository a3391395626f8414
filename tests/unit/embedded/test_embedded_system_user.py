"""What the user that PostgreSQL runs as may read, and that nothing stays open for it."""

import stat
from pathlib import Path

import pytest

from fleetgauge.embedded.cluster import runnable_programs
from fleetgauge.embedded.system_user import reachable


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Programs in a folder that is closed to others, as a home is."""
    closed = tmp_path / "home"
    programs = closed / "package" / "installed" / "bin"
    programs.mkdir(parents=True)
    (closed / "package.libs").mkdir()
    (closed / "package.libs" / "library").touch(mode=0o600)
    closed.chmod(0o700)
    (programs / "postgres").touch(mode=0o700)
    (programs.parent / "text").touch(mode=0o600)
    return programs


def test_programs_are_copied_from_a_closed_folder(installed: Path, tmp_path: Path) -> None:
    """The copy is readable, what its owner may run all may run, and no mode has changed."""
    closed = installed.parents[2]
    programs = runnable_programs(installed, tmp_path / "copy")
    assert programs == tmp_path / "copy" / "package" / "installed" / "bin"
    assert _mode(tmp_path / "copy" / "package.libs" / "library") == 0o604
    assert (_mode(programs / "postgres"), _mode(programs.parent / "text")) == (0o705, 0o604)
    assert (_mode(closed), _mode(installed / "postgres")) == (0o700, 0o700)


def test_a_closed_folder_is_passable_only_meanwhile(tmp_path: Path) -> None:
    """With the right to pass through and no other; a folder that has gone does not matter."""
    closed, gone = tmp_path / "closed", tmp_path / "closed" / "gone"
    closed.mkdir(mode=0o700)
    gone.mkdir(mode=0o700)
    with reachable(gone / "data"):
        assert (_mode(closed), _mode(gone)) == (0o701, 0o701)
        gone.rmdir()
    assert _mode(closed) == 0o700
