"""The fleet list of a simulation as a CSV file that ``registry import`` takes."""

import csv
from collections.abc import Sequence
from typing import TextIO

from models.registry import RegistryEntry, columns_of, fields_of


def write_registry(entries: Sequence[RegistryEntry], file: TextIO) -> None:
    """Write the header and a line for each entry."""
    columns = columns_of(entries)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(fields_of(entry, columns) for entry in entries)
