"""The manual page, made from the help of the commands: fleetgauge(1)."""

from collections.abc import Iterator
from importlib.metadata import metadata
from typing import Any

import click
import typer


def man_page(program: typer.Typer) -> str:
    """Return the page in roff, as man(7) describes it."""
    group = typer.main.get_command(program)
    about = metadata("fleetgauge")
    lines = [
        f'.TH FLEETGAUGE 1 "" "fleetgauge {about["Version"]}" "User Commands"',
        ".SH NAME",
        f"fleetgauge \\- {_plain(about['Summary'])}",
        ".SH SYNOPSIS",
        ".B fleetgauge",
        "[\\-h] [\\-\\-version] COMMAND [OPTION]...",
        ".SH DESCRIPTION",
        *_paragraphs(group.help or ""),
        ".SH COMMANDS",
        *_commands(group, "fleetgauge"),
        ".SH EXIT STATUS",
        "0 on success, 2 on wrong usage, 1 otherwise, with one line on standard error.",
        ".SH ENVIRONMENT",
        "Every setting is a variable that begins with FLEETGAUGE_; .env.example has each with its",
        "default. A name with _FILE behind it reads the value from a file.",
    ]
    return "\n".join(lines) + "\n"


def _commands(group: Any, before: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from _commands(command, f"{before} {name}")
        elif not command.hidden:
            yield from _command(command, f"{before} {name}")


def _command(command: Any, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {_plain(name)} {_plain(usage)}"
    yield from _paragraphs(command.help or "")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in parameter.opts:
            yield ".TP"
            yield f".B {_plain(record[0])}"
            yield _plain(record[1])


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".PP"
        yield _plain(" ".join(paragraph.split()))


def _plain(text: str) -> str:
    # A line that begins with a dot or an apostrophe would be a request.
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
