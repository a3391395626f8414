"""Who gives a command, as it goes on record."""

import getpass
import os

import typer


def parse_name(text: str) -> str:
    """Read the name of who gives the command, for typer; invisible characters are refused."""
    if not text.strip() or not text.isprintable():
        raise typer.BadParameter(f"{text!r} is not a valid name.")
    return text


def system_user() -> str:
    """Return the name of the user that runs this process, or its number where it has no name."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        # A container's user often has a number only.
        return f"uid {os.getuid()}"
