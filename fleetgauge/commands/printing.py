"""What a command gives out: one JSON document, or a file that its user names."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, TextIO

import typer

from fleetgauge.commands.errors import CommandError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]


def print_json(document: object) -> None:
    """Print one JSON document on a line; dates and times are written as ISO 8601."""
    typer.echo(json.dumps(document, ensure_ascii=False, default=_iso))


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Yield a file to write to, which is stdout for ``-``; its lines end as they are written.

    Raises:
        CommandError: it cannot be written.
    """
    if path == Path("-"):
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror or error}") from error


def _iso(value: object) -> str:
    # datetime is a date, too.
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")
