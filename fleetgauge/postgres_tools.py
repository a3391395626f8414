"""PostgreSQL's own tools for dumps, run on the database of a URL."""

import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fleetgauge.commands.errors import CommandError

_HOW: Final = "install PostgreSQL's client (Debian, Ubuntu: postgresql-client)"

_MARKED: Final = re.compile(r"(\S+): (?:error|detail|hint): (.+)")
_TOO_OLD: Final = ("server version mismatch", "unsupported version")

Lines = Callable[[str], None]


def tool(name: str) -> str:
    """Return the path of a tool.

    Raises:
        CommandError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise CommandError(f"{name} is not installed: {_HOW}, no older than the server")
    return found


def run(command: Sequence[str], url: str, on_line: Lines = lambda _: None) -> None:
    """Run a tool on a database to its end.

    Args:
        command: the tool and its arguments, without those that say which database.
        url: the database's; its password is on no command line.
        on_line: told of each line that the tool says of what it does.

    Raises:
        CommandError: it failed, in its own words.
    """
    database, environment = _access(url)
    with _started([*command, f"--dbname={database}"], environment) as process:
        last: deque[str] = deque(maxlen=5)
        for line in process.stderr or ():
            last.append(line.strip())
            on_line(line)
    if process.returncode:
        name = Path(command[0]).name
        raise CommandError(_why(last) or f"{name} ended with {process.returncode}")


def _why(last: Iterable[str]) -> str:
    """Return what a tool's last lines say of its end: an error and its details, or the last."""
    said = [line for line in last if line]
    marked = [found for found in map(_MARKED.match, said) if found]
    if not marked:
        return "".join(said[-1:])
    why = f"{marked[0][1]}: {'; '.join(found[2] for found in marked)}"
    return (
        f"{why}; {_HOW} of the server's version" if any(each in why for each in _TOO_OLD) else why
    )


def counted(starts: str, show: Callable[[int], None]) -> Lines:
    """Return what counts the lines that say a certain thing, and shows how many there were."""
    done = 0

    def on_line(line: str) -> None:
        nonlocal done
        if starts in line:
            done += 1
            show(done)

    return on_line


def contents(dump: Path) -> list[str]:
    """Return the lines of a dump's table of contents.

    Raises:
        CommandError: it is no dump, or a damaged one.
    """
    done = subprocess.run(
        [tool("pg_restore"), "--list", str(dump)],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ) | {"LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        why = _why(done.stderr.splitlines()) or "pg_restore cannot read it"
        raise CommandError(f"{dump} cannot be read as a backup: {why}")
    return done.stdout.splitlines()


@contextmanager
def _started(
    command: Sequence[str], environment: dict[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, errors="replace", env=environment
    )
    try:
        with process:
            yield process
    finally:
        process.kill()


def _access(url: str) -> tuple[str, dict[str, str]]:
    given: dict[str, Any] = dict(conninfo_to_dict(url))
    environment = dict(os.environ) | {"LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "10"}
    if password := given.pop("password", None):
        environment["PGPASSWORD"] = str(password)
    return make_conninfo(**given), environment
