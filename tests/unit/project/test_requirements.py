"""The locked requirements are versions with hashes, and nothing of the machine that locked them."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.project.repository import ROOT, text_of

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(
    r"([a-z0-9][a-z0-9.-]*==[0-9][\w.]*)( ; [a-z_]+ .+)?( --hash=sha256:[0-9a-f]{64})+"
)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_line_is_a_locked_version(lock: Path) -> None:
    """No index address, no path, no option: only names, versions, markers and hashes."""
    lines = _lines(lock)
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []


def test_every_dependency_is_locked() -> None:
    """What pyproject.toml asks for stands in the lock of its kind: run `make lock`."""
    project = tomllib.loads(text_of("pyproject.toml"))
    runtime = project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    asked = {"runtime": runtime, **extras, **project["dependency-groups"]}
    assert sorted(asked) == [lock.stem for lock in LOCKS]
    for kind, requirements in asked.items():
        names = {_name(requirement) for requirement in requirements}
        locked = {_name(line) for line in _lines(ROOT / f"requirements/{kind}.txt")}
        assert names <= locked, kind


def test_no_package_is_locked_twice_apart() -> None:
    """The locks agree, so that all of them can be installed together."""
    found = [PINNED.fullmatch(line) for lock in LOCKS for line in _lines(lock)]
    versions = {match[1] for match in found if match}
    assert len(versions) == len({version.partition("==")[0] for version in versions})


def test_production_has_no_embedded_server() -> None:
    """Neither the image nor a service needs what `fleetgauge demo` starts by itself."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    runtime = {_name(line) for line in _lines(ROOT / "requirements/runtime.txt")}
    assert not runtime & {_name(each) for each in project["optional-dependencies"]["demo"]}


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_nothing_is_installed_without_its_hash(name: str) -> None:
    """Every installation from a requirements file wants the hashes."""
    text = text_of(name).replace("$(LOCKED)", "--require-hashes").replace("\\\n", "")
    installs = re.findall(r"^.* -r \S*requirements/.*$", text, flags=re.MULTILINE)
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []


def _lines(lock: Path) -> list[str]:
    text = re.sub(r" \\\n +", " ", lock.read_text())
    return [line for line in text.splitlines() if not line.startswith("#")]


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[._-]+", "-", match[0]).lower() if match else ""
