"""What a change of the registry would change, field by field, for scripts: JSON and CSV."""

import csv
import sys
from collections.abc import Sequence

from storage.registry.differences import Difference


def difference_document(difference: Difference) -> dict[str, object]:
    """Return one difference under the names of a list's columns."""
    values = difference._asdict()
    days = {"from": values.pop("begins"), "to": values.pop("ends")}
    change = {"change": values.pop("what")}
    return {**values.pop("vehicle")._asdict(), **change, **days, **values}


def write_differences(differences: Sequence[Difference]) -> None:
    """Print all of them as CSV."""
    columns = ["operator_id", "vehicle_id", "change", "from", "to", "column", "before", "after"]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for each in differences:
        values = difference_document(each).values()
        writer.writerow("" if value is None else value for value in values)
