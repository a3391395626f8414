"""The progress of a long command on stderr: a bar on a terminal, else a line every few seconds."""

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
"""Takes how much is done, in the unit of the total, and a text beside it."""


@contextmanager
def progress(total: float | None) -> Iterator[Show]:
    """Yield what shows the progress; call it as often as you like.

    Args:
        total: how much there is to do; None: not known.
    """
    if not sys.stderr.isatty():
        yield _at_most_every(LINE_SECONDS, lambda _done, text: typer.echo(text, err=True))
        return
    columns = (SpinnerColumn(), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield _at_most_every(
            BAR_SECONDS, lambda done, text: bar.update(task, completed=done, description=text)
        )


def _at_most_every(seconds: float, show: Show) -> Show:
    next_time = time.monotonic() + seconds

    def show_in_time(done: float, text: str) -> None:
        nonlocal next_time
        if time.monotonic() >= next_time:
            next_time = time.monotonic() + seconds
            show(done, text)

    return show_in_time
