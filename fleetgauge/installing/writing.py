"""Writing an installation's files, without touching what the operator has changed since."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import as_file
from pathlib import Path
from typing import Final, NamedTuple

from fleetgauge.installing.files import Written
from fleetgauge.installing.shipped import shipped

_RECORD: Final = "etc/fleetgauge/.installed.json"
"""The SHA-256 of each file as it was written: whoever changed one keeps it."""

BROKER: Final = "127.0.0.1:1884"
DATABASE: Final = "127.0.0.1:5432/fleetgauge"


class Outcome(NamedTuple):
    """What became of a file."""

    path: Path
    kept: bool
    """It had been changed: the new one lies beside it, with .new behind its name."""


def write_all(root: Path, files: Iterable[Written]) -> Iterator[Outcome]:
    """Write files below a root; yield each.

    Raises:
        OSError: one cannot be written.
    """
    record = root / _RECORD
    known: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    for file in files:
        yield _write(root, file, known)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def _write(root: Path, file: Written, known: dict[str, str]) -> Outcome:
    path = root / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and _digest(path.read_bytes()) not in {
        known.get(file.path),
        _digest(file.text.encode()),
    }:
        _create(path.with_name(f"{path.name}.new"), file)
        return Outcome(path, kept=True)
    _create(path, file)
    known[file.path] = _digest(file.text.encode())
    return Outcome(path, kept=False)


def _create(path: Path, file: Written) -> None:
    # Never for a moment readable by more than may read it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, file.mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        os.fchmod(opened.fileno(), file.mode)
        opened.write(file.text)


def make_secrets(root: Path) -> Mapping[str, str]:
    """Make the passwords that are not there yet; return those of the database's roles.

    Raises:
        OSError: they cannot be written.
    """
    folder = root / "etc/fleetgauge/secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with as_file(shipped("deploy/secrets/make_secrets.py")) as script:
        where = ["--folder", str(folder), "--broker", BROKER, "--database", DATABASE]
        subprocess.run([sys.executable, "-P", str(script), *where, "make"], check=True)
    passwords = sorted((folder / "timescaledb").iterdir())
    return {path.name: path.read_text(encoding="utf-8").strip() for path in passwords}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
