"""The pinned requirements name versions and nothing of the machine that pinned them."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.project.repository import ROOT, text_of

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][\w.]*( ; [a-z_]+ .+)?")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_line_is_a_pinned_version(lock: Path) -> None:
    """No index address, no path, no option: only names, versions and markers."""
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []


def test_every_dependency_is_locked() -> None:
    """What pyproject.toml asks for stands in the lock of its kind: run `make lock`."""
    project = tomllib.loads(text_of("pyproject.toml"))
    asked = {"runtime": project["project"]["dependencies"], **project["dependency-groups"]}
    for kind, requirements in asked.items():
        names = {_name(requirement) for requirement in requirements}
        locked = {_name(line) for line in text_of(f"requirements/{kind}.txt").splitlines()}
        assert names <= locked, kind


def test_no_package_is_locked_twice_apart() -> None:
    """The locks agree, so that all of them can be installed together."""
    lines = {line for lock in LOCKS for line in lock.read_text().splitlines() if "==" in line}
    versions = {line.partition(" ;")[0] for line in lines}
    assert len(versions) == len({version.partition("==")[0] for version in versions})


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[._-]+", "-", match[0]).lower() if match else ""
