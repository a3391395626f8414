"""Read a registry file, CSV or JSON: all of it, or every bad line named."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from models.registry import COLUMNS, BadEntry, ColumnFault, RegistryEntry, entry_of
from models.vehicle import VehicleId
from storage.registry_csv import csv_lines
from storage.registry_json import json_lines
from storage.registry_lines import Line, Lines, UnreadableLines

MAX_BYTES = 256 * 1024 * 1024
"""A list of a million vehicles has about 100 MB; what is longer is no registry."""

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class RegistryFile(NamedTuple):
    """What a registry file says."""

    entries: Sequence[RegistryEntry]
    columns: frozenset[str]
    """Those of ``models.registry.COLUMNS`` that occur; the file says nothing of the others."""
    ignored: Sequence[str]
    """Columns that occur and mean nothing here."""
    repeated: int
    """Lines that say what another line said already."""


class Fault(NamedTuple):
    """One fault of one line; printed as it reads."""

    place: str
    """``line 3``, or ``element [2]`` (counted from 0)."""
    column: str | None
    what: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.column, self.what) if part)


class RegistryFileError(Exception):
    """A file that is no registry: one line naming it and what, and every bad line in `faults`."""

    def __init__(self, path: str | os.PathLike[str], what: str, faults: Sequence[Fault] = ()):
        super().__init__(f"{os.fspath(path)}: {what}")
        self.faults = tuple(faults)


def read_registry(path: str | os.PathLike[str]) -> RegistryFile:
    """Return a file's entries.

    What ends in ``.json`` is JSON and in ``.csv`` CSV; any other name is judged by whether the
    first character is a bracket.

    Raises:
        RegistryFileError: it cannot be read, or a line of it is bad.
    """
    content = _content(path)
    if not content.strip():
        raise RegistryFileError(path, "is empty")
    return parse_registry(content, path)


def parse_registry(content: bytes, path: str | os.PathLike[str]) -> RegistryFile:
    """Return the entries of a file's bytes; the path tells the format, and names the errors.

    Raises:
        RegistryFileError: the bytes are no registry.
    """
    text = _text(content, path)
    try:
        lines = _format(text, path)(text)
        return _judged(lines, path)
    except UnreadableLines as error:
        raise RegistryFileError(path, str(error)) from error


def _content(path: str | os.PathLike[str]) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RegistryFileError(path, f"cannot be read: {reason}") from error
    if len(content) > MAX_BYTES:
        raise RegistryFileError(path, f"is larger than {MAX_BYTES // 1024**2} MiB")
    return content


def _text(content: bytes, path: str | os.PathLike[str]) -> str:
    if content.startswith(UTF_16_MARKS):
        raise RegistryFileError(path, "is UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RegistryFileError(
            path, f"is not UTF-8 (line {line}, byte {error.start}); save it as UTF-8"
        ) from error


def _format(text: str, path: str | os.PathLike[str]) -> Callable[[str], Lines]:
    match Path(path).suffix.lower():
        case ".json":
            return json_lines
        case ".csv":
            return csv_lines
    return json_lines if text.lstrip()[:1] in {"[", "{"} else csv_lines


class _Placed(NamedTuple):
    place: str
    entry: RegistryEntry


def _judged(lines: Lines, path: str | os.PathLike[str]) -> RegistryFile:
    faults: list[Fault] = []
    placed: dict[RegistryEntry, str] = {}
    count = 0
    for line in lines.lines:
        try:
            placed.setdefault(_entry(line), line.place)
            count += 1
        except BadEntry as error:
            faults += [Fault(line.place, column, what) for column, what in error.faults]
    faults += _overlaps(_Placed(place, entry) for entry, place in placed.items())
    if faults:
        bad = len({fault.place for fault in faults})
        noun = "bad line" if bad == 1 else "bad lines"
        raise RegistryFileError(path, f"{bad} {noun}, nothing was imported", faults)
    known = frozenset(COLUMNS).intersection(lines.columns)
    ignored = [column for column in lines.columns if column and column not in known]
    return RegistryFile(list(placed), known, ignored, count - len(placed))


def _entry(line: Line) -> RegistryEntry:
    if isinstance(line.content, str):
        raise BadEntry([ColumnFault(None, line.content)])
    return entry_of(line.content)


def _overlaps(placed: Iterable[_Placed]) -> Iterator[Fault]:
    by_vehicle: dict[VehicleId, list[_Placed]] = {}
    for one in placed:
        by_vehicle.setdefault(one.entry.vehicle, []).append(one)
    for periods in by_vehicle.values():
        if len(periods) > 1:
            yield from _overlaps_of_vehicle(periods)


def _overlaps_of_vehicle(periods: Sequence[_Placed]) -> Iterator[Fault]:
    # Sorted by beginning, a period overlaps some earlier one if it overlaps the one that
    # reaches furthest.
    in_order = sorted(periods, key=lambda one: one.entry.in_service_from or date.min)
    furthest = in_order[0]
    for one in in_order[1:]:
        if (one.entry.in_service_from or date.min) <= _last_day(furthest):
            what = f"{one.entry.vehicle} is in service on a day that {furthest.place} names too"
            yield Fault(one.place, None, what)
        furthest = max(furthest, one, key=_last_day)


def _last_day(one: _Placed) -> date:
    return one.entry.in_service_to or date.max
