"""``fleetgauge backup``."""

from pathlib import Path
from typing import Annotated, Final

import typer

from fleetgauge.commands.database import database
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.progress import progress
from fleetgauge.commands.sizes import size
from fleetgauge.postgres_tools import contents, counted, run, tool
from fleetgauge.settings import load_settings
from storage.upkeep import BACKUP, relations_of_positions, tables_to_dump, upkeep_done

_STARTS: Final = "dumping contents of table"
"""How a line of pg_dump's begins when the rows of a table do."""


def backup(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", dir_okay=False, help="Where to write it; replaced only by a whole one."
        ),
    ],
    figures_only: Annotated[
        bool,
        typer.Option(
            "--figures-only",
            help="Leave out positions and rejected messages: a small file that holds all that the "
            "figures of a date rest on.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the database into a file, from which `fleetgauge restore` makes it again.

    It is a dump of pg_dump's own form (-Fc), of one moment, taken while ingest goes on. Needs the
    role that owns the tables, and PostgreSQL's client.
    """
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    command = [tool("pg_dump"), "--format=custom", "--verbose", "--no-password"]
    with database(settings, "backup") as connection:
        total = tables_to_dump(connection)
        if figures_only:
            left_out = relations_of_positions(connection)
            command += [f"--exclude-table-data={name}" for name in left_out]
            total -= len(left_out)
    partial = file.with_name(f"{file.name}.partial")
    try:
        # Nobody else reads where the buses were, not even while it is written.
        partial.unlink(missing_ok=True)
        partial.touch(0o600, exist_ok=False)
        with progress(total) as show:
            run(
                [*command, f"--file={partial}"],
                url,
                counted(_STARTS, lambda done: show(done, f"{done:,} of {total:,} tables")),
            )
        contents(partial)
        written = partial.stat().st_size
        partial.rename(file)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    with database(settings, "backup") as connection:
        upkeep_done(connection, BACKUP)
    if as_json:
        print_json({"file": str(file), "bytes": written, "figures_only": figures_only})
    else:
        what = "all that figures rest on" if figures_only else "the whole database"
        typer.echo(f"{file}: {what}, {size(written)}")
