"""Who gives a command, as it goes on record."""

import getpass
import os
from typing import Annotated

import typer


def parse_name(text: str) -> str:
    """Read the name of who gives the command, for typer; invisible characters are wrong usage."""
    if not text.strip() or not text.isprintable():
        raise typer.BadParameter(f"{text!r} is not a valid name.")
    return text


Author = Annotated[
    str | None,
    typer.Option(
        "--author",
        parser=parse_name,
        metavar="NAME",
        help="Recorded as the author (default: OS user).",
    ),
]


def system_user() -> str:
    """Return the name of the user that runs this process, or its number where it has no name."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        # A container's user often has a number only.
        return f"uid {os.getuid()}"
