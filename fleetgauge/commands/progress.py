"""How far a long command is: a bar on a terminal, else a line every few seconds; on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

LINE_SECONDS = 5.0
BAR_SECONDS = 0.1

Show = Callable[[float, str], None]
"""Takes how much is done, in the unit of the total, and what to say of it."""


@contextmanager
def progress(total: float | None) -> Iterator[Show]:
    """Yield what shows the progress; call it as often as you like.

    Args:
        total: at which the work is done; None: not known.
    """
    if not sys.stderr.isatty():
        yield _at_most_every(LINE_SECONDS, lambda _done, said: typer.echo(said, err=True))
        return
    columns = (SpinnerColumn(), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield _at_most_every(
            BAR_SECONDS, lambda done, said: bar.update(task, completed=done, description=said)
        )


def _at_most_every(seconds: float, show: Show) -> Show:
    next_time = time.monotonic() + seconds

    def show_in_time(done: float, said: str) -> None:
        nonlocal next_time
        if time.monotonic() >= next_time:
            next_time = time.monotonic() + seconds
            show(done, said)

    return show_in_time
