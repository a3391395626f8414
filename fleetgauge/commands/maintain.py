"""``fleetgauge maintain``."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

import structlog
import typer

from fleetgauge import logs
from fleetgauge.commands.database import database
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.progress import progress
from fleetgauge.commands.sizes import size
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.setting_values import parse_duration
from fleetgauge.settings import Settings, load_settings
from models.retention import horizon
from reports.tables import console, table
from storage.errors import DatabaseUnavailable
from storage.retention.compressing import (
    Compressed,
    compress,
    compressible,
    why_uncompressed,
)
from storage.retention.due import (
    HOURS,
    MESSAGES,
    POSITIONS,
    RECORDED_LATER,
    REJECTIONS,
    Due,
    due,
)
from storage.retention.rounds import maintain_round
from storage.retention.shrinking import shrink_states
from storage.retention.throw_away import BusyElsewhere
from storage.retention.throw_away import maintain as maintain_once

_NAMES: Final = {
    POSITIONS: "positions",
    RECORDED_LATER: "times of recording",
    REJECTIONS: "times of rejection",
    MESSAGES: "rejected messages",
    HOURS: "hourly counts",
}


def _interval(text: str) -> timedelta:
    try:
        interval = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error
    if not interval:
        raise typer.BadParameter("expected a duration above 0.")
    return interval


def maintain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be thrown away, and change nothing.")
    ] = False,
    every: Annotated[
        timedelta | None,
        typer.Option(
            metavar="DURATION", parser=_interval, help="Repeat at this interval until stopped: 1h."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Throw away what is older than it has to be kept, and compress older positions.

    Positions after FLEETGAUGE_KEEP_POSITIONS, rejected messages after FLEETGAUGE_KEEP_REJECTED;
    received reports are counted by the day after FLEETGAUGE_KEEP_HOURS. Days, the fleet list,
    targets and all else that the figures of a date rest on are kept for ever. Where TimescaleDB's
    community edition is, positions are compressed after FLEETGAUGE_COMPRESS_AFTER. Needs the role
    that owns the tables. Stopped half-way, the next run goes on.
    """
    if every and (dry_run or as_json):
        raise typer.BadParameter("--every excludes --dry-run and --json.")
    settings = load_settings()
    if every:
        _repeat(settings, every)
        return
    now = datetime.now(UTC)
    with database(settings, "maintain") as connection:
        of_tables = due(connection, settings.retention, now)
        found = [each for each in of_tables if not each.is_empty]
        until = max((each.until for each in found if each.relation == POSITIONS), default=now)
        chunks = [
            each
            for each in compressible(connection, settings.retention, now)
            if until == now or each.start >= until
        ]
        uncompressed = why_uncompressed(connection, settings.retention)
    unarchived = _unarchived_from(settings, of_tables, now)
    compressed = Compressed(len(chunks), sum(each.bytes for each in chunks))
    shrunk = 0
    if not dry_run:
        compressed = _run(settings, now, _bytes(found), compressed.before)
        shrunk = shrink_states(settings.database_url.get_secret_value())
    if as_json:
        documents = [_document(each) for each in found]
        print_json(
            {
                "dry_run": dry_run,
                "tables": documents,
                "bytes": _bytes(found),
                "unarchived_from": unarchived,
                "compressed": compressed._asdict(),
                "compression_unused": uncompressed,
                "shrunk": shrunk,
            }
        )
    else:
        _show(found, compressed, dry_run)
        if unarchived:
            typer.echo(
                f"positions from {unarchived} on are kept until `fleetgauge archive` has written "
                "them"
            )
        if uncompressed:
            typer.echo(f"positions are not compressed: {uncompressed}")
        if shrunk:
            typer.echo(f"{size(shrunk)} of room between the vehicles' states given back")


def _unarchived_from(settings: Settings, of_tables: Sequence[Due], now: datetime) -> date | None:
    """Return the first day that is old enough and not in the archive; None: there is none."""
    wanted = horizon(now, settings.retention.positions)
    for each in of_tables:
        if each.relation == POSITIONS and wanted and each.until < wanted:
            # The last day that is archived stays, too: the one after it needs it.
            return (each.until + timedelta(days=1)).date()
    return None


def _run(settings: Settings, now: datetime, total: int, to_compress: int) -> Compressed:
    url = settings.database_url.get_secret_value()
    done = 0
    with progress(total or None) as show:

        def on_step(of_table: Due, step: int) -> None:
            nonlocal done
            done += step
            show(done, f"{_NAMES[of_table.relation]}: {size(done)} of {size(total)}")

        maintain_once(url, settings.retention, now, on_step)
    done = 0
    with progress(to_compress or None) as show:

        def on_day(step: int) -> None:
            nonlocal done
            done += step
            show(done, f"compressing: {size(done)} of {size(to_compress)}")

        return compress(url, settings.retention, now, on_day)


def _repeat(settings: Settings, interval: timedelta) -> None:
    logs.configure(settings)
    log = structlog.get_logger()
    url = settings.database_url.get_secret_value()
    with database(settings, "maintain") as connection:
        if uncompressed := why_uncompressed(connection, settings.retention):
            log.info("compression_unused", reason=uncompressed)
    with stop_on_signal() as stop:
        while not stop.is_set():
            try:
                freed = maintain_round(url, settings.retention, datetime.now(UTC))
                log.info("maintenance_done", **freed)
            except (BusyElsewhere, DatabaseUnavailable) as error:
                log.warning("maintenance_put_off", error=str(error))
            stop.wait(interval.total_seconds())


def _bytes(found: Sequence[Due]) -> int:
    return sum(each.bytes for each in found)


def _document(of_table: Due) -> dict[str, Any]:
    return {
        "table": of_table.relation,
        "before": of_table.until,
        "rows": of_table.rows,
        "chunks": None if of_table.chunks is None else len(of_table.chunks),
        "bytes": of_table.bytes,
    }


def _show(found: Sequence[Due], compressed: Compressed, dry_run: bool) -> None:
    if not found:
        typer.echo("nothing is old enough to be thrown away")
    else:
        _show_thrown(found, dry_run)
    if compressed.chunks:
        days = f"positions of {compressed.chunks:,} days"
        before = size(compressed.before)
        if dry_run:
            typer.echo(f"{days}, {before}, would be compressed")
        else:
            typer.echo(f"{days} compressed: {before} before, {size(compressed.after)} now")


def _show_thrown(found: Sequence[Due], dry_run: bool) -> None:
    columns = ("what", "before (UTC)", "amount", "size")
    console().print(table(columns, map(_row, found), right=("amount", "size")))
    verb = "would be thrown away" if dry_run else "thrown away"
    typer.echo(f"{size(_bytes(found))} {verb}")


def _row(of_table: Due) -> tuple[str, ...]:
    if of_table.chunks is not None:
        amount = f"{len(of_table.chunks):,} chunks"
    else:
        amount = f"{of_table.rows:,} rows"
    day = f"{of_table.until:%Y-%m-%d}"
    return (_NAMES[of_table.relation], day, amount, size(of_table.bytes))
