"""The documents name every command, and every target of make."""

import re
from collections.abc import Iterator
from typing import Any

import typer

from fleetgauge.cli import app
from tests.unit.project.repository import all_documents, text_of


def _commands(group: Any) -> Iterator[Any]:
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield command
        if hasattr(command, "commands"):
            yield from _commands(command)


def test_help_names_no_type_of_pythons() -> None:
    """An option takes TEXT or a NUMBER, not <str> or <float range>; an argument has its name."""
    helps = {
        command.name: typer.Context(command, info_name=command.name).get_help()
        for command in _commands(typer.main.get_command(app))
    }
    assert len(helps) > 50
    assert "OPERATOR/VEHICLE  [required]" in helps["vehicle"]
    kinds = {kind for text in helps.values() for kind in re.findall(r"<([^<>|]+)>", text)}
    assert kinds == set()


def _names(group: Any, before: str) -> list[str]:
    names = []
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "commands"):
            names += _names(command, f"{before} {name}")
        elif not command.hidden:
            names.append(f"{before} {name}")
    return names


def test_every_command_is_documented() -> None:
    """Each command of `fleetgauge --help` stands in the README or docs/ as it is typed."""
    names = _names(typer.main.get_command(app), "fleetgauge")
    assert "fleetgauge migrate" in names
    documents = all_documents()
    assert [name for name in names if name not in documents] == []


def test_every_target_is_documented() -> None:
    """Each target of `make help` stands in the README or CONTRIBUTING.md."""
    targets = re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), flags=re.MULTILINE)
    documents = all_documents() + text_of("CONTRIBUTING.md")
    assert [target for target in targets if f"make {target}" not in documents] == []
