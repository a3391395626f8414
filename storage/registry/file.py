"""Read a fleet list from a file: all of it, or every line named that is bad or odd."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from models.attribute import ATTRIBUTES
from models.equipment import BUILT_IN
from models.errors import Invalid
from models.legible import shown
from models.lists.characters import normal
from models.lists.header import Vocabulary
from models.lists.operators import Operators
from models.lists.reading import read_list
from models.lists.table import Line, Lines, Understood, UnreadableList
from models.oddities import Oddity, Placed, last_day, odd_entries, odd_fields, odd_line
from models.registry import (
    COLUMNS,
    REQUIRED,
    BadEntry,
    ColumnFault,
    RegistryEntry,
    entry_of,
    is_column,
    line_of,
)
from models.vehicle import VehicleId

MAX_BYTES: Final = 256 * 1024 * 1024
"""A list of a million vehicles has about 100 MB; anything longer is not a registry."""


class Reading(NamedTuple):
    """How a file is to be read."""

    kinds: Sequence[str] = BUILT_IN
    """Of equipment; a column with the name of one declares it."""
    columns: Mapping[str, str] = MappingProxyType({})
    """By title, the column that it means; an empty one leaves it out."""
    remembered: Mapping[str, str] = MappingProxyType({})
    """The same of lists before."""
    sheet: str | None = None
    """Of a workbook; None: the one that has the list."""
    operators: Operators = Operators()
    """Those that the registry has."""
    literal: Collection[str] = ()
    """Ids that are known as they stand, though they are not in their normal form."""
    accept_odd: bool = False
    """Take what does not look like a bus for one."""

    def vocabulary(self) -> Vocabulary:
        """Return what the columns may be called."""
        names = [attribute.name for attribute in ATTRIBUTES]
        known = [*COLUMNS, *names, *self.kinds]
        return Vocabulary(REQUIRED, known, self.columns, "--column", self.remembered)


class RegistryFile(NamedTuple):
    """What a registry file says."""

    entries: Sequence[RegistryEntry]
    understood: Understood
    repeated: int
    """Lines that repeat another line."""
    renamed: Mapping[str, str] = MappingProxyType({})
    """By each former id or name of an operator that occurs, the id that it was taken for."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that occur; the file says nothing of others."""
        return frozenset(filter(None, self.understood.columns.values()))

    @property
    def ignored(self) -> Sequence[str]:
        """The titles that are left out: as the caller said, or as unusable names."""
        return [title for title, column in self.understood.columns.items() if not column]


class Fault(NamedTuple):
    """One fault of one line; printed as it reads."""

    place: str
    """``line 3``, or ``element [2]`` (counted from 0)."""
    column: str | None
    what: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.column, self.what) if part)


class RegistryFileError(Invalid):
    """A file that is not a registry: one line says why; each bad or odd line is in `faults`."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        what: str,
        faults: Sequence[Fault | Oddity] = (),
    ) -> None:
        super().__init__(f"{os.fspath(path)}: {what}")
        self.faults = tuple(faults)


def read_registry(path: str | os.PathLike[str], reading: Reading | None = None) -> RegistryFile:
    """Return the entries of a workbook, of CSV, or of a JSON array of objects.

    Raises:
        RegistryFileError: it cannot be read, or a line of it is bad or odd.
    """
    content = _content(path)
    if not content.strip():
        raise RegistryFileError(path, "is empty")
    return parse_registry(content, path, reading)


def parse_registry(
    content: bytes, path: str | os.PathLike[str], reading: Reading | None = None
) -> RegistryFile:
    """Return the entries of a file's bytes; the path helps to tell CSV and JSON apart.

    Raises:
        RegistryFileError: the bytes are not a registry, or a line is bad or odd.
    """
    reading = reading or Reading()
    suffix = Path(path).suffix
    try:
        lines = read_list(content, reading.vocabulary(), suffix=suffix, sheet=reading.sheet)
    except UnreadableList as error:
        raise RegistryFileError(path, str(error)) from error
    judged = _judged(_usable(lines), reading)
    if judged.faults or judged.oddities:
        raise RegistryFileError(path, judged.refusal(), [*judged.faults, *judged.oddities])
    return judged.file


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


def _usable(lines: Lines) -> Lines:
    columns = lines.understood.columns
    usable = {title: name if is_column(name) else "" for title, name in columns.items()}
    return lines._replace(understood=lines.understood._replace(columns=usable))


class _Judged(NamedTuple):
    file: RegistryFile
    faults: Sequence[Fault]
    oddities: Sequence[Oddity]

    def refusal(self) -> str:
        bad, odd = (len({each.place for each in found}) for found in self[1:])
        counts = [_count(bad, "bad line"), _count(odd, "odd line")]
        what = f"{' and '.join(filter(None, counts))}, nothing was imported"
        return f"{what}; --accept-odd imports odd lines as they are" if odd and not bad else what


def _count(lines: int, noun: str) -> str:
    return f"{lines:,} {noun}{'' if lines == 1 else 's'}" if lines else ""


def _judged(lines: Lines, reading: Reading) -> _Judged:
    columns = {name for name in lines.understood.columns.values() if name}
    titles = lines.understood.titles
    faults: list[Fault] = []
    oddities: list[Oddity] = []
    by_vehicle: dict[VehicleId, list[Placed]] = {}
    repeated = 0
    renamed: dict[str, str] = {}
    for line in lines.lines:
        content = _known(line, columns)
        content = _with_operator(content, reading, renamed)
        odd = None if reading.accept_odd else odd_line(line.place, content, titles)
        if odd is not None:
            oddities.append(odd)
            continue
        try:
            entry = _entry(line, content, reading)
        except BadEntry as error:
            faults += [Fault(line.place, column, what) for column, what in error.faults]
        else:
            periods = by_vehicle.setdefault(entry.vehicle, [])
            if any(entry == other.entry for other in periods):
                repeated += 1
            else:
                periods.append(Placed(line.place, entry))
        if not reading.accept_odd:
            oddities += odd_fields(line.place, content)
    placed = [each for periods in by_vehicle.values() for each in periods]
    faults += [fault for periods in by_vehicle.values() for fault in _overlaps(periods, titles)]
    if not reading.accept_odd:
        oddities += odd_entries(placed, reading.operators.ids)
    file = RegistryFile([each.entry for each in placed], lines.understood, repeated, renamed)
    return _Judged(file, faults, oddities)


def _known(line: Line, columns: Collection[str]) -> Mapping[str, object]:
    if isinstance(line.content, str):
        return {}
    return {name: value for name, value in line.content.items() if name in columns}


def _with_operator(
    content: Mapping[str, object], reading: Reading, renamed: dict[str, str]
) -> Mapping[str, object]:
    written = content.get("operator_id")
    if not isinstance(written, str) or written in reading.literal:
        return content
    meant = reading.operators.meant(normal(written))
    if meant == normal(written):
        return content
    renamed[normal(written)] = meant
    return {**content, "operator_id": meant}


def _entry(line: Line, content: Mapping[str, object], reading: Reading) -> RegistryEntry:
    if isinstance(line.content, str):
        raise BadEntry([ColumnFault(None, line.content)])
    return entry_of(content, reading.kinds, reading.literal)


def _overlaps(periods: Sequence[Placed], titles: Mapping[str, Collection[str]]) -> Iterator[Fault]:
    # Sorted by beginning, a period overlaps some earlier one if it overlaps the one that
    # reaches furthest.
    in_order = sorted(periods, key=lambda one: one.entry.in_service_from or date.min)
    furthest = in_order[0]
    for one in in_order[1:]:
        if (one.entry.in_service_from or date.min) <= last_day(furthest):
            yield Fault(one.place, None, _overlap(one.entry, furthest, titles))
        furthest = max(furthest, one, key=last_day)


def _overlap(entry: RegistryEntry, other: Placed, titles: Mapping[str, Collection[str]]) -> str:
    here, there = line_of(entry), line_of(other.entry)
    differ = sorted(
        name for name in here.keys() | there.keys() if here.get(name) != there.get(name)
    )
    values = ", ".join(
        f"{name} {shown(there.get(name, ''))} and here {shown(here.get(name, ''))}"
        for name in differ
    )
    remedy = "keep one of the two lines, or give each its days (in_service_from, in_service_to)"
    if not set(differ).intersection(COLUMNS):
        options = " ".join(f'--column "{title}="' for name in differ for title in titles[name])
        remedy += f", or leave out what differs: {options}"
    return f"{entry.vehicle} is in {other.place} for the same days, with {values}: {remedy}"
