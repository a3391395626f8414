"""Read a registry file, CSV or JSON: all of it, or every bad line named."""

import os
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from models.equipment import BUILT_IN
from models.registry import BadEntry, ColumnFault, RegistryEntry, entry_of, is_column, line_of
from models.vehicle import VehicleId
from storage.registry.csv_lines import csv_lines
from storage.registry.json_lines import json_lines
from storage.registry.lines import Line, Lines, UnreadableLines

MAX_BYTES = 256 * 1024 * 1024
"""A list of a million vehicles has about 100 MB; what is longer is no registry."""

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class RegistryFile(NamedTuple):
    """What a registry file says."""

    entries: Sequence[RegistryEntry]
    columns: frozenset[str]
    """That occur; the file says nothing of others."""
    ignored: Sequence[str]
    """Columns that are left out: by the caller's wish, or for want of a usable name."""
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


def read_registry(
    path: str | os.PathLike[str],
    kinds: Collection[str] = BUILT_IN,
    left_out: Collection[str] = (),
) -> RegistryFile:
    """Return a file's entries.

    What ends in ``.json`` is JSON and in ``.csv`` CSV; any other name is judged by whether the
    first character is a bracket.

    Args:
        kinds: of equipment; a column with the name of one declares it.
        left_out: columns that are not to be read.

    Raises:
        RegistryFileError: it cannot be read, or a line of it is bad.
    """
    content = _content(path)
    if not content.strip():
        raise RegistryFileError(path, "is empty")
    return parse_registry(content, path, kinds, left_out)


def parse_registry(
    content: bytes,
    path: str | os.PathLike[str],
    kinds: Collection[str] = BUILT_IN,
    left_out: Collection[str] = (),
) -> RegistryFile:
    """Return the entries of a file's bytes; the path gives the format, and names the errors.

    Raises:
        RegistryFileError: the bytes are not a registry.
    """
    text = _text(content, path)
    try:
        lines = _format(text, path)(text)
    except UnreadableLines as error:
        raise RegistryFileError(path, str(error)) from error
    columns = [name for name in lines.columns if is_column(name) and name not in left_out]
    read = _read(lines.lines, frozenset(columns), kinds)
    if read.faults:
        bad = len({fault.place for fault in read.faults})
        noun = "bad line" if bad == 1 else "bad lines"
        raise RegistryFileError(path, f"{bad} {noun}, nothing was imported", read.faults)
    ignored = [name for name in lines.columns if name and name not in columns]
    return RegistryFile(read.entries, frozenset(columns), ignored, read.repeated)


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


class _Read(NamedTuple):
    entries: Sequence[RegistryEntry]
    repeated: int
    faults: Sequence[Fault]


def _read(lines: Iterable[Line], columns: frozenset[str], kinds: Collection[str]) -> _Read:
    faults: list[Fault] = []
    placed: dict[Hashable, _Placed] = {}
    count = 0
    for line in lines:
        try:
            entry = _entry(line, columns, kinds)
            placed.setdefault(frozenset(line_of(entry).items()), _Placed(line.place, entry))
            count += 1
        except BadEntry as error:
            faults += [Fault(line.place, column, what) for column, what in error.faults]
    faults += _overlaps(placed.values())
    return _Read([one.entry for one in placed.values()], count - len(placed), faults)


def _entry(line: Line, columns: frozenset[str], kinds: Collection[str]) -> RegistryEntry:
    if isinstance(line.content, str):
        raise BadEntry([ColumnFault(None, line.content)])
    content: Mapping[str, object] = line.content
    return entry_of({name: content[name] for name in content if name in columns}, kinds)


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
            yield Fault(one.place, None, _overlap(one.entry, furthest))
        furthest = max(furthest, one, key=_last_day)


def _last_day(one: _Placed) -> date:
    return one.entry.in_service_to or date.max


def _overlap(entry: RegistryEntry, other: _Placed) -> str:
    one, two = line_of(entry), line_of(other.entry)
    differ = sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))
    return (
        f"{entry.vehicle} is in service on a day that {other.place} names too; the two lines "
        f"differ in {', '.join(differ)}"
    )
