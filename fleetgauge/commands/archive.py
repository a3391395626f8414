"""``fleetgauge archive``."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import typer

from fleetgauge.archive_store import archive_of
from fleetgauge.commands.database import database
from fleetgauge.commands.dates import parse_date
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.progress import progress
from fleetgauge.commands.sizes import size
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.settings import load_settings
from reports.tables import console, table
from storage.archive.manifest import ArchivedFile, Part, archived
from storage.upkeep import ARCHIVE, upkeep_done

app = typer.Typer(
    invoke_without_command=True,
)

_SPARE: Final = timedelta(days=2)

Day = Annotated[
    date, typer.Argument(metavar="DAY", parser=parse_date, help="A day of UTC: 2026-03-01.")
]


@app.callback()
def archive(context: typer.Context, as_json: AsJson = False) -> None:
    """Write each day that is complete into the archive of FLEETGAUGE_ARCHIVE.

    A day is complete when reports of it are no longer taken (FLEETGAUGE_MAX_AGE). Each file is
    read back and verified before it counts as archived; `fleetgauge maintain` then throws away
    archived days alone. Stopped half-way, the next run goes on.
    """
    if context.invoked_subcommand is not None:
        return
    from storage.archive.archiving import archive_days, due_days

    settings = load_settings()
    store = archive_of(settings)
    url = settings.database_url.get_secret_value()
    with database(settings, "archive") as connection:
        days = due_days(connection, datetime.now(UTC) - settings.max_age - _SPARE)
    written: list[ArchivedFile] = []
    with progress(len(days)) as show, stop_on_signal() as stop:
        for done, of_day in enumerate(archive_days(url, store, days), start=1):
            written += of_day
            show(done, f"{of_day[0].day}: {done:,} of {len(days):,} days")
            if stop.is_set():
                break
    with database(settings, "archive") as connection:
        upkeep_done(connection, ARCHIVE)
    _say(written, as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the days in the archive, with their positions and bytes."""
    with database(load_settings(), "archive") as connection:
        days = archived(connection)
    if as_json:
        print_json([_document(file) for of_day in days.values() for file in of_day.values()])
        return
    rows = [_row(day, of_day) for day, of_day in days.items()]
    columns = ("day (UTC)", "positions", "size", "archived (UTC)")
    console().print(table(columns, rows, right=("positions", "size")))


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Read every file of the archive, and end with 1 where one is not what was archived."""
    settings = load_settings()
    store = archive_of(settings)
    # Of pyarrow, an extra: where it is missing, archive_of has ended with how to install it.
    from storage.archive.store import FileLost

    with database(settings, "archive") as connection:
        files = [file for of_day in archived(connection).values() for file in of_day.values()]
    total = sum(file.size for file in files)
    done = 0
    damaged: dict[str, str] = {}
    with progress(total or None) as show:
        for file in files:
            try:
                store.read(file)
            except FileLost as error:
                damaged[file.path] = str(error)
            done += file.size
            show(done, f"{size(done)} of {size(total)}")
    if len(damaged) > 1:
        raise FileLost(
            f"the archive {store.place}: {len(damaged):,} of {len(files):,} files are missing or "
            f"damaged: {', '.join(damaged)}"
        )
    for only in damaged.values():
        raise FileLost(only)
    if as_json:
        print_json({"files": len(files), "bytes": total})
    else:
        typer.echo(f"{len(files):,} files, {size(total)}: all as they were archived")


@app.command()
def restore(day: Day, as_json: AsJson = False) -> None:
    """Put a day's positions into the database again, for a week at least.

    `share --at` and `untrackable --at` do not need this: they read the archive by themselves.
    """
    from storage.archive.loading import restore_day

    settings = load_settings()
    store = archive_of(settings)
    with database(settings, "archive") as connection:
        rows = restore_day(connection, store, day)
    if as_json:
        print_json({"day": day, "positions": rows})
    else:
        typer.echo(f"{day}: {rows:,} positions are in the database again, for a week at least")


@app.command("forget")
def forget_(as_json: AsJson = False) -> None:
    """Take forgotten vehicles (`fleetgauge forget`) out of the archive's files, for good.

    A file that holds one is written again without it, read back and put on record before the old
    one is deleted. Stopped half-way, the next run goes on. A store that keeps versions of its
    files keeps the old ones, until its own rules delete them.
    """
    settings = load_settings()
    store = archive_of(settings)
    from storage.archive.forgetting import files_in_question, forget_archived

    with database(settings, "archive") as connection:
        in_question = files_in_question(connection)
        removed = []
        with progress(len(in_question)) as show:
            for done, lost in enumerate(forget_archived(connection, store, in_question), start=1):
                removed.append(lost)
                show(done, f"{done:,} of {len(in_question):,} files")
    rewritten = sum(lost > 0 for lost in removed)
    if as_json:
        print_json({"files": len(removed), "rewritten": rewritten, "positions": sum(removed)})
    else:
        typer.echo(
            f"{len(removed):,} files looked through, {rewritten:,} written again without "
            f"{sum(removed):,} positions of forgotten vehicles"
        )


def _say(written: list[ArchivedFile], as_json: bool) -> None:
    positions = sum(file.rows for file in written if file.part is Part.POSITIONS)
    taken = sum(file.size for file in written)
    days = len({file.day for file in written})
    each = taken / positions if positions else 0
    if as_json:
        print_json({"days": days, "positions": positions, "bytes": taken})
    elif not days:
        typer.echo("all complete days are in the archive")
    else:
        per_position = f", {each:.1f} bytes each" if positions else ""
        typer.echo(f"{days:,} days archived: {positions:,} positions, {size(taken)}{per_position}")


def _document(file: ArchivedFile) -> dict[str, object]:
    return {**file._asdict(), "sha256": file.sha256.hex()}


def _row(day: date, of_day: dict[Part, ArchivedFile]) -> tuple[str, ...]:
    positions = of_day[Part.POSITIONS]
    bytes_of_day = sum(file.size for file in of_day.values())
    at = f"{positions.archived_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    return (day.isoformat(), f"{positions.rows:,}", size(bytes_of_day), at)
