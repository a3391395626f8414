"""One file of a timetable: its lines by the columns that are asked for, and what is wrong in it."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from models.errors import Invalid

MAX_BYTES: Final = 4 * 1024**3
"""Of one file, unpacked. The largest timetables of a country's have a tenth of it."""
MAX_FAULTS: Final = 20
"""Then the reading ends: the rest is most often the same again."""
MAX_ID: Final = 255
MAX_TEXT: Final = 1000


class Fault(NamedTuple):
    """What is wrong, and where."""

    file: str
    line: int | None
    """As a text editor counts; None: the whole file."""
    column: str | None
    what: str

    def __str__(self) -> str:
        where = [self.file]
        if self.line is not None:
            where.append(f"line {self.line}")
        if self.column is not None:
            where.append(f"column {self.column}")
        return f"{', '.join(where)}: {self.what}"


class BadFeed(Invalid):
    """A timetable cannot be taken; ``faults`` say why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


class Faults:
    """Gather what is wrong in a timetable."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self.ignored: list[Fault] = []
        """What is taken as not given, since nothing rests on it."""

    def add(self, fault: Fault) -> None:
        """Note a fault.

        Raises:
            BadFeed: there are enough of them.
        """
        self.found.append(fault)
        if len(self.found) >= MAX_FAULTS:
            raise BadFeed(self.found)

    def check(self) -> None:
        """Pass if there is none.

        Raises:
            BadFeed: there is one.
        """
        if self.found:
            raise BadFeed(self.found)


class Line(NamedTuple):
    """A line of a file, with its values under the columns that were asked for."""

    file: str
    number: int
    values: dict[str, str]
    faults: Faults

    def fault(self, column: str, what: str) -> None:
        """Note what is wrong with a value."""
        self.faults.add(Fault(self.file, self.number, column, what))

    def ignore(self, column: str, what: str) -> None:
        """Note a value that is taken as not given: real timetables have many a bad colour."""
        self.faults.ignored.append(Fault(self.file, self.number, column, what))

    def identifier(self, column: str) -> str:
        """Return an id; empty after a fault."""
        value = self.values[column]
        if not value:
            self.fault(column, "is empty")
        elif len(value) > MAX_ID or not value.isprintable():
            self.fault(column, f"{shortened(value)} is not a valid id")
        else:
            return value
        return ""

    def text(self, column: str) -> str | None:
        """Return what people call it; None: nothing is given."""
        value = self.values[column]
        if len(value) > MAX_TEXT or "\0" in value:
            self.fault(column, f"{shortened(value)} is not a valid text")
            return None
        return " ".join(value.split()) or None

    def number_of(self, column: str, most: int) -> int | None:
        """Return a whole number from 0; None: nothing is given, or a fault."""
        value = self.values[column]
        if value.isascii() and value.isdecimal() and len(value) < 10 and int(value) <= most:
            return int(value)
        if value:
            self.fault(column, f"{shortened(value)} is not a whole number of 0 to {most}")
        return None

    def colour(self, column: str) -> int | None:
        """Return RGB; None: nothing is given that is one."""
        value = self.values[column]
        try:
            if len(value) == 6:
                return int(value, 16)
        except ValueError:
            pass
        if value:
            self.ignore(column, f"{shortened(value)} is not a colour (expected six hexadecimals)")
        return None

    def direction(self, column: str) -> int | None:
        """Return 0 or 1; None: nothing is given that is either."""
        value = self.values[column]
        if value in {"0", "1"}:
            return int(value)
        if value:
            self.ignore(column, f"{shortened(value)} is neither 0 nor 1")
        return None

    def place(self, latitude: str, longitude: str) -> tuple[int, int]:
        """Return a place in 1e-7 degrees; 0, 0 after a fault."""
        return self._degrees(latitude, 90), self._degrees(longitude, 180)

    def _degrees(self, column: str, most: int) -> int:
        value = self.values[column]
        try:
            degrees = float(value)
        except ValueError:
            degrees = float("nan")
        # Of not-a-number no comparison holds.
        if -most <= degrees <= most:
            return round(degrees * 1e7)
        self.fault(column, f"{shortened(value)} is not within ±{most} degrees")
        return 0


class Archive:
    """The files of a timetable in a zip."""

    def __init__(self, zipped: zipfile.ZipFile, faults: Faults) -> None:
        self._zipped = zipped
        self._faults = faults
        # They belong at the root. Whoever zips a folder has them in it.
        folders = [
            each.removesuffix("routes.txt")
            for each in zipped.namelist()
            if each.endswith("routes.txt") and not each.startswith("__MACOSX/")
        ]
        self._folder = min(folders, key=len, default="")

    def __contains__(self, file: str) -> bool:
        return self._folder + file in self._zipped.NameToInfo

    def lines(
        self, file: str, required: Sequence[str], optional: Sequence[str] = ()
    ) -> Iterator[Line]:
        """Yield a file's lines; columns that are not there are empty.

        Raises:
            BadFeed: there are enough faults.
        """
        if file not in self:
            self._faults.add(Fault(file, None, None, "the file is missing"))
            return
        if self._zipped.NameToInfo[self._folder + file].file_size > MAX_BYTES:
            self._faults.add(Fault(file, None, None, f"larger than {MAX_BYTES // 1024**3} GiB"))
            return
        number = 1
        try:
            with self._zipped.open(self._folder + file) as packed:
                text = io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")
                for line in self._read(file, text, required, optional):
                    number = line.number
                    yield line
        except UnicodeDecodeError:
            self._faults.add(Fault(file, number + 1, None, "is not UTF-8"))
        except csv.Error as error:
            self._faults.add(Fault(file, number + 1, None, f"is not CSV: {error}"))
        except (
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,
            EOFError,
        ) as error:
            self._faults.add(Fault(file, None, None, f"cannot be unpacked: {error}"))

    def _read(
        self,
        file: str,
        text: Iterable[str],
        required: Sequence[str],
        optional: Sequence[str],
    ) -> Iterator[Line]:
        reader = csv.reader(text)
        header = [title.strip() for title in next(reader, [])]
        missing = [column for column in required if column not in header]
        for column in missing:
            self._faults.add(Fault(file, 1, column, "the column is missing"))
        if missing:
            return
        places = {
            column: header.index(column) for column in (*required, *optional) if column in header
        }
        absent = dict.fromkeys(optional, "")
        for fields in reader:
            if not any(fields):
                continue
            if len(fields) != len(header):
                self._count(file, reader.line_num, fields, len(header))
                fields += [""] * (len(header) - len(fields))
            values = absent | {column: fields[place].strip() for column, place in places.items()}
            yield Line(file, reader.line_num, values, self._faults)

    def _count(self, file: str, line: int, fields: Sequence[str], expected: int) -> None:
        # What is only missing at the end is empty, as many programs write it.
        if any(fields[expected:]):
            what = f"has {len(fields)} fields, and the header {expected}"
            self._faults.add(Fault(file, line, None, what))


def shortened(value: str) -> str:
    """Return a value to be quoted in a message."""
    return repr(value if len(value) <= 60 else f"{value[:60]}…")
