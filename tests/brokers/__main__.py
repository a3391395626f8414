"""``make test-brokers``: every check on every broker, the table, exit 1 if a promise was broken."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from storage.connection import connect
from storage.migrate import migrate
from tests.brokers.brokers import Make, all_brokers
from tests.brokers.checks import CHECKS, Cell, Rig
from tests.servers.fixtures import started
from tests.servers.postgresql import PostgresServer

BEGIN: Final = "<!-- brokers: begin (written by `make test-brokers`) -->"
END: Final = "<!-- brokers: end -->"

Column = tuple[str, list[Cell]]


def main() -> int:
    """Run the checks, print the table and write it."""
    brokers = all_brokers()
    options = _options(list(brokers))
    began = time.monotonic()
    with started(PostgresServer()) as postgres:
        columns = [
            column(brokers[name], postgres, options.checks)
            for name in brokers
            if not options.only or name in options.only
        ]
    names = [name for name in CHECKS if _chosen(name, options.checks)]
    sys.stdout.write(f"{table(names, _told(columns))}\n")
    if options.write and not options.checks:
        minutes = (time.monotonic() - began) / 60
        said = (
            f"`make test-brokers`, {datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes on "
            f"{os.cpu_count()} cores; each broker by its defaults, for anonymous clients."
        )
        known = columns_of(options.write) if options.only else {}
        put(options.write, f"{said}\n\n{table(names, known | _told(columns))}")
    return 0 if all(cell.holds for _, cells in columns for cell in cells) else 1


def column(make: Make, postgres: PostgresServer, chosen: list[str] | None = None) -> Column:
    """Run the checks on a broker, and return its name and a cell for each."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleetgauge-")))
        broker = stack.enter_context(make())
        database = postgres.create_database(extension="timescaledb")
        migrate(database)
        connection = stack.enter_context(connect(database, "test-brokers", autocommit=True))
        rig = Rig(broker, database, connection, folder)
        cells = []
        for name, check in CHECKS.items():
            if not _chosen(name, chosen):
                continue
            try:
                cell = check(rig)
            except (TimeoutError, AssertionError, OSError) as error:
                cell = Cell(f"failed: {' '.join(str(error).split())[:120]}", holds=False)
            fault = next((why for part, why in broker.faults.items() if part in name), None)
            if fault is not None and not cell.holds:
                cell = Cell(f"{cell.text}: {fault}")
            cells.append(cell)
            verdict = "" if cell.holds else "  DOES NOT HOLD"
            sys.stderr.write(f"{broker.name}: {name}: {cell.text}{verdict}\n")
            sys.stderr.flush()
        return broker.name, cells


def table(names: list[str], columns: Mapping[str, list[str]]) -> str:
    """Return the cells as a Markdown table."""
    rows = [("", *columns), ("---",) * (len(columns) + 1)]
    rows += [(name, *cells) for name, *cells in zip(names, *columns.values(), strict=True)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def columns_of(document: Path) -> dict[str, list[str]]:
    """Return the columns that a document has, by broker: of those that were not run again."""
    text = document.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [line[2:-2].split(" | ") for line in text.splitlines() if line.startswith("| ")]
    head, *cells = [row for row in rows if set(row) != {"---"}]
    return {name: [row[place] for row in cells] for place, name in enumerate(head) if place}


def _told(columns: list[Column]) -> dict[str, list[str]]:
    # What does not hold is bold.
    return {
        name: [each.text if each.holds else f"**{each.text}**" for each in cells]
        for name, cells in columns
    }


def put(document: Path, text: str) -> None:
    """Put the text between the markers of a document."""
    before, _, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _chosen(name: str, chosen: list[str] | None) -> bool:
    return not chosen or any(part in name for part in chosen)


def _options(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test-brokers", description=__doc__)
    parser.add_argument("--only", nargs="*", metavar="BROKER", choices=names, help=", ".join(names))
    parser.add_argument("--checks", nargs="*", metavar="PART", help="of the checks' names")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in this document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
