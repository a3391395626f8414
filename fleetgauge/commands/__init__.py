"""The commands, one module each, of which a run imports the one that it runs."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from fleetgauge.commands.errors import CommandError

__all__ = ["CommandError", "Commands"]

_MODULES: Final[Mapping[str, str]] = {
    "demo": "demo",
    "migrate": "migrate",
    "ingest": "ingest",
    "registry": "registry",
    "simulate": "simulate",
    "replay": "replay",
    "metrics": "metrics",
    "share": "share",
    "untrackable": "untrackable",
    "report": "report",
    "service-hours": "service_hours",
    "target": "target",
    "rejected": "rejected",
}
"""By the command's name, as the help lists them."""


class Commands(TyperGroup):
    """The program's commands. Imported all at once, they would cost every run a second."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the names in the order of the help."""
        return list(_MODULES)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Import the command; None where there is none of the name."""
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _command(cmd_name, module)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """Find the command that the arguments name; of a wrong one, all are asked for the like."""
        if args[0] not in _MODULES:
            for name in _MODULES:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _command(name: str, module: str) -> Any:
    contents = import_module(f"{__name__}.{module}")
    program = typer.Typer(rich_markup_mode=None)
    if hasattr(contents, "app"):
        program.add_typer(contents.app, name=name)
    else:
        program.command(name)(getattr(contents, module))
    program.callback()(lambda: None)  # a group, whatever it holds
    group = typer.main.get_command(program)
    return group.commands[name]  # type: ignore[attr-defined]
