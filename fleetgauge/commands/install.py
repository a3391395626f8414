"""``fleetgauge install``."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge.installing.files import Written, all_files, roles
from fleetgauge.installing.man_page import man_page
from fleetgauge.installing.writing import make_secrets, write_all

_MAN = "usr/local/share/man/man1/fleetgauge.1"


def install(
    root: Annotated[
        Path,
        typer.Option(
            "--systemd",
            metavar="DIR",
            help="Write below this folder: / on the machine itself, another to look at it first.",
        ),
    ],
    program: Annotated[
        Path | None,
        typer.Option(help="The path of `fleetgauge` in the units (default: of this one)."),
    ] = None,
) -> None:
    """Write what a machine without Docker needs: units for systemd, configurations, passwords.

    Passwords are made once and kept. A file that was changed since it was written is kept too: the
    new one lies beside it, with .new behind its name. etc/fleetgauge/README says what comes next.
    """
    path = str(program or _this_program())
    passwords = make_secrets(root)
    files = [*all_files(path), roles(passwords), Written(_MAN, _manual())]
    outcomes = list(write_all(root, files))
    for outcome in outcomes:
        if outcome.kept:
            typer.echo(f"{outcome.path} was changed and is kept: see {outcome.path}.new", err=True)
    typer.echo(f"{len(outcomes)} files in {root}; next: {root / 'etc/fleetgauge/README'}")
    if path.startswith(("/home/", "/root/")):
        typer.echo(
            f"the units cannot run {path}: no service sees home folders; install fleetgauge in "
            "/opt, or name another with --program",
            err=True,
        )


def _this_program() -> Path:
    beside = Path(sys.executable).parent / "fleetgauge"
    return beside if beside.exists() else Path(shutil.which("fleetgauge") or beside)


def _manual() -> str:
    from fleetgauge.cli import app

    return man_page(app)
