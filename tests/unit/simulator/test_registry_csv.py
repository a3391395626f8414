"""The fleet list as a file."""

import csv
import io

from models.registry import columns_of, entry_of
from simulator.fleet import Fleet
from simulator.registry_csv import write_registry


def test_what_is_written_is_read_as_the_same_entries(region: Fleet) -> None:
    """Commas, dates, booleans and what is absent come through."""
    file = io.StringIO()
    write_registry(region.registry(), file)

    file.seek(0)
    lines = csv.DictReader(file)
    assert [entry_of(line) for line in lines] == region.registry()
    assert lines.fieldnames == columns_of([])
