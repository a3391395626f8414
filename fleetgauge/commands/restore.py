"""``fleetgauge restore``."""

import re
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.progress import progress
from fleetgauge.postgres_tools import contents, counted, run, tool
from fleetgauge.settings import load_settings
from storage.restoring import Restored, finish, prepared

_STARTS: Final = "processing data for table"
"""How a line of pg_restore's begins when the rows of a table do."""
_EXTENSION: Final = re.compile(r"^\d+; \d+ \d+ (COMMENT - )?EXTENSION ")
_DATA: Final = " TABLE DATA "
_POSITIONS: Final = re.compile(r" TABLE DATA \S+ report ")
_TIMESCALEDB: Final = re.compile(r" EXTENSION - timescaledb ")


def restore(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", exists=True, dir_okay=False, help="A file of `fleetgauge backup`."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Make the database of a backup again, in the empty one of FLEETGAUGE_DATABASE_URL.

    On a server with TimescaleDB of the version that the backup is of, and by a superuser, where it
    had that. The schema is then brought up to date, belongs to the owner of the database, and its
    rights are granted. From a backup with
    --figures-only, moments before now are answered with `not kept`.
    """
    url = load_settings().database_url.get_secret_value()
    lines = contents(file)
    with_timescaledb = any(map(_TIMESCALEDB.search, lines))
    with (
        prepared(url, with_timescaledb),
        tempfile.NamedTemporaryFile("w", suffix=".list") as chosen,
    ):
        # The extension is there, and its comment may be somebody else's to make.
        chosen.writelines(f"{line}\n" for line in lines if not _EXTENSION.match(line))
        chosen.flush()
        total = sum(_DATA in line for line in lines)
        options = ("--no-owner", "--no-privileges", "--exit-on-error", "--no-password", "--verbose")
        with progress(total) as show:
            command = [tool("pg_restore"), *options, f"--use-list={chosen.name}", str(file)]
            on_line = counted(_STARTS, lambda done: show(done, f"{done:,} of {total:,} tables"))
            try:
                run(command, url, on_line)
            except CommandError as error:
                raise CommandError(
                    f"{file}: {error}. The database holds a part of it: drop it and create it again"
                ) from error
    restored = finish(url, with_positions=any(map(_POSITIONS.search, lines)))
    _show(restored, file, as_json)


def _show(restored: Restored, file: Path, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file), **restored._asdict()})
        return
    kept = "with positions" if restored.with_positions else "without positions"
    typer.echo(
        f"{file}: restored, {kept}: {restored.vehicles:,} vehicles, {restored.days:,} days; "
        f"the schema is version {restored.schema}"
    )
    if restored.missing_roles:
        typer.echo(
            f"no right to create the roles {', '.join(restored.missing_roles)}: "
            "docs/security.md, without the right to make roles",
            err=True,
        )
