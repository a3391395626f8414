"""Write registry entries as a file that an import takes back, all unchanged."""

import csv
import json
from collections.abc import Iterable
from typing import TextIO

from models.registry import COLUMNS, RegistryEntry, line_of


def write_csv(entries: Iterable[RegistryEntry], file: TextIO) -> None:
    """Write the header and one line for each entry; what is not known is empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow([_cell(value) for value in line_of(entry).values()])


def write_json(entries: Iterable[RegistryEntry], file: TextIO) -> None:
    """Write an array, one object a line, with every column in each; what is not known is null."""
    separator = "["
    for entry in entries:
        file.write(f"{separator}\n  {json.dumps(line_of(entry), ensure_ascii=False)}")
        separator = ","
    file.write("\n]\n" if separator == "," else "[]\n")


def _cell(value: str | bool | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
    return value
