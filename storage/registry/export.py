"""Write registry entries as a file that an import takes back, all unchanged."""

import csv
import json
from collections.abc import Sequence
from typing import TextIO

from models.equipment import BUILT_IN
from models.lists.formula import guarded
from models.registry import RegistryEntry, columns_of, fields_of, line_of


def write_csv(
    entries: Sequence[RegistryEntry], file: TextIO, kinds: Sequence[str] = BUILT_IN
) -> None:
    """Write the header and one line for each entry; what is not known is empty.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    writer = csv.writer(file, lineterminator="\n")
    columns = columns_of(entries, kinds)
    writer.writerow(map(guarded, columns))
    writer.writerows(map(guarded, fields_of(entry, columns)) for entry in entries)


def write_json(
    entries: Sequence[RegistryEntry], file: TextIO, kinds: Sequence[str] = BUILT_IN
) -> None:
    """Write an array, one object a line, with every column in each; what is not known is null."""
    unknown = dict.fromkeys(columns_of(entries, kinds))
    separator = "["
    for entry in entries:
        line = {**unknown, **line_of(entry)}
        file.write(f"{separator}\n  {json.dumps(line, ensure_ascii=False)}")
        separator = ","
    file.write("\n]\n" if separator == "," else "[]\n")
