"""``fleetgauge backfill``."""

from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fleetgauge.commands.database import database
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.progress import progress
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.settings import Settings, load_settings
from models.rules import Rules
from simulator.recording import BadLine, numbered_lines, parse_line
from storage.retention.horizon import positions_kept_from
from storage.writing.batch import Message
from storage.writing.keys import known_kinds

if TYPE_CHECKING:
    from storage.backfill.keeping import Backfill, Kept

TABLES: Final = (".csv", ".parquet", ".geoparquet")
LINES: Final = 10_000
"""Of a batch, which is one transaction."""

_SHOWN_S: Final = 0.1


def backfill(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="CSV or Parquet with a header, or lines `received_at topic payload`.",
        ),
    ],
    jobs: Annotated[
        int,
        typer.Option(
            min=1, max=64, help="Store a table's vehicles on so many connections at once."
        ),
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Store years of history from files, however old.

    The columns of a table: operator_id, vehicle_id, observed_at (with its offset from UTC); and
    latitude, longitude, speed_mps, bearing_deg, hdop, satellites, route_id, trip_id, received_at,
    and for each kind of equipment cctv and cctv_working. Files of `fleetgauge archive` are taken.

    What is stored was known from now on, by the server's clock, whatever the file says. Rows that
    are there already change nothing; stopped half-way, the same command goes on where it was.
    """
    if find_spec("pyarrow") is None:
        raise CommandError("backfilling needs pyarrow: pip install 'fleetgauge[archive]'")
    settings = load_settings()
    with database(settings, "backfill") as connection:
        rules = settings.rules._replace(kinds=known_kinds(connection))
        documents = [_file(settings, rules, path, jobs) for path in files]
        horizon = positions_kept_from(connection)
    if as_json:
        print_json({"files": documents})
        return
    for each in documents:
        typer.echo(_line(each))
    if horizon is not None:
        typer.echo(
            f"positions before {horizon:%Y-%m-%d} go with the next `fleetgauge maintain`; "
            "their days stay",
            err=True,
        )


def _file(settings: Settings, rules: Rules, path: Path, jobs: int) -> dict[str, Any]:
    from storage.backfill.keeping import Backfill, Kept
    from storage.backfill.preparing import Part
    from storage.backfill.tables import row_count

    url = settings.database_url.get_secret_value()
    is_table = path.suffix in TABLES
    parts = [Part(number, jobs) for number in range(jobs if is_table else 1)]
    workers = [Backfill(url, rules, settings.time_zone, part) for part in parts]
    kept = [Kept() for _ in parts]
    total = row_count(path) if is_table else None
    with progress(total) as show, stop_on_signal() as stop, ThreadPoolExecutor(jobs) as pool:

        def run(number: int) -> None:
            worker = workers[number]
            for step in worker.keep(path) if is_table else _recorded(worker, path):
                kept[number] = step
                if stop.is_set():
                    raise CommandError(f"{path}: stopped after {step.rows:,} rows; run it again")

        running = [pool.submit(run, number) for number in range(len(parts))]
        while wait(running, timeout=_SHOWN_S, return_when=FIRST_EXCEPTION).not_done:
            if any(each.done() and each.exception() for each in running):
                stop.set()
            done = Kept.all_of(kept)
            show(done.rows, f"{path.name}: {done.rows:,} rows, {done.stored:,} stored")
        for each in running:
            each.result()
    done = Kept.all_of(kept)
    return {
        "file": str(path),
        **done._asdict(),
        "rejected": sum(done.rejected.values()),
        "reasons": {reason.value: count for reason, count in done.rejected.items()},
    }


def _recorded(worker: "Backfill", path: Path) -> "Iterator[Kept]":
    lines = _messages(path)
    batches = iter(lambda: list(islice(lines, LINES)), [])
    return worker.keep_messages(path, batches)


def _messages(path: Path) -> Iterator[Message]:
    for number, line in numbered_lines(path):
        try:
            recorded = parse_line(line)
            received_at = recorded.received
        except BadLine as error:
            raise CommandError(f"{path}: line {number:,}: {error}") from error
        yield Message(recorded.topic, recorded.payload, received_at)


def _line(document: dict[str, Any]) -> str:
    text = (
        f"{document['file']}: {document['rows']:,} rows: {document['stored']:,} stored, "
        f"{document['duplicate']:,} duplicate, {document['contact']:,} contact, "
        f"{document['rejected']:,} rejected"
    )
    if document["earlier"]:
        text += f", {document['earlier']:,} by an earlier run"
    if not document["rejected"]:
        return text
    reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(document["reasons"].items()))
    first = document["first_rejected"]
    return f"{text} ({reasons}{f'; the first is row {first:,}' if first else ''})"
