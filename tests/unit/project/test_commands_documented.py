"""The documents name every command, and every target of make."""

import re
from typing import Any

import typer

from fleetgauge.cli import app
from tests.unit.project.repository import all_documents, text_of


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
