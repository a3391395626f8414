"""The fleet list of a simulation as a CSV file that ``registry import`` takes."""

import csv
from collections.abc import Iterable
from datetime import date
from typing import TextIO

from models.registry import COLUMNS, RegistryEntry


def write_registry(entries: Iterable[RegistryEntry], file: TextIO) -> None:
    """Write the header and a line for each entry."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for vehicle, *rest in entries:
        writer.writerow([*vehicle, *map(_cell, rest)])


def _cell(value: str | date | bool | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
    return str(value)
