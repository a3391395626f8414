"""``make chaos``: every fault, the table, exit 1 if a report was lost or counted twice."""

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.rows import ROWS, run
from tests.chaos.table import put, table
from tests.chaos.trial import Result, rig
from tests.servers.userland import provide


def main() -> int:
    """Run the rows, print the table and write it."""
    options = _options()
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    results: list[Result] = []
    failed: list[str] = []
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="fleetgauge-chaos-") as folder,
        rig(provide(), Path(folder)) as servers,
    ):
        for row in rows:
            try:
                result = run(servers, row, times=options.times, reports=options.reports)
            except TimeoutError as error:
                failed.append(f"{row.fault}: {error}")
                sys.stderr.write(f"{failed[-1]}\n")
                continue
            results.append(result)
            _say(result, time.monotonic() - started)
    text = "\n\n".join([table(results), *failed])
    sys.stdout.write(f"{text}\n")
    if options.write:
        minutes = (time.monotonic() - started) / 60
        said = (
            f"`make chaos`, {datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes on "
            f"{os.cpu_count()} cores. Mosquitto saves every second here (`autosave_interval 1`), "
            "and what it lost is counted apart only where it had acknowledged it to the bus and "
            "does not have it in its file after the kill. Recovered is when a commit follows the "
            "end of the fault; the worst of the times is given."
        )
        put(options.write, f"{said}\n\n{text}")
    return 0 if not failed and all(result.holds for result in results) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--only", nargs="*", metavar="ROW", choices=[row.name for row in ROWS])
    parser.add_argument("--times", type=int, help="faults a row, instead of its own number")
    parser.add_argument("--reports", type=int, help="reports a fault, instead of the row's own")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in this document")
    return parser.parse_args()


def _say(result: Result, seconds: float) -> None:
    verdict = "holds" if result.holds else "DOES NOT HOLD"
    sys.stderr.write(f"{seconds:6.0f} s  {result.fault}: {verdict} {result.account}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
