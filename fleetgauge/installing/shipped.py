"""The files that come with the program beside its code: deploy/, dashboards/, the alert rules."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def shipped(name: str) -> Traversable:
    """Return a file or a folder by its path in the repository: ``deploy/mosquitto``.

    Part of an installed package, and in a working copy where it is edited.
    """
    installed = files("fleetgauge") / "shipped"
    return (installed if installed.is_dir() else REPOSITORY).joinpath(*name.split("/"))


def text_of(name: str) -> str:
    """Return the text of a file by its path in the repository."""
    return shipped(name).read_text(encoding="utf-8")


def names_in(folder: str, suffix: str) -> Iterator[str]:
    """Yield the paths of a folder's files with a suffix, in order."""
    names = sorted(each.name for each in shipped(folder).iterdir())
    yield from (f"{folder}/{name}" for name in names if name.endswith(suffix))
