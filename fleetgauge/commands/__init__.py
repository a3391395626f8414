"""The commands, one module each; a run imports its own alone."""

from importlib import import_module
from typing import Any, Final

import typer
from click import HelpFormatter
from typer.core import TyperArgument, TyperGroup

from fleetgauge.commands.errors import CommandError

__all__ = ["CommandError", "Commands"]

_NAMES: Final = (
    "demo",
    "migrate",
    "ingest",
    "registry",
    "operator",
    "simulate",
    "replay",
    "metrics",
    "web",
    "share",
    "untrackable",
    "vehicle",
    "report",
    "service-hours",
    "routes",
    "target",
    "rejected",
    "formats",
    "forget",
    "access",
    "check",
    "maintain",
    "archive",
    "backfill",
    "backup",
    "restore",
    "install",
)
"""In the order of the help; each is the name of a module, with a hyphen for an underscore."""


_WORDS: Final = {
    "str": "TEXT",
    "list[str]": "TEXT",
    "int": "NUMBER",
    "float": "NUMBER",
    "Path": "PATH",
}
"""What an option takes that has no word of its own for it, by Typer's name of the type."""


class Group(TyperGroup):
    """A group whose help gives each command's first sentence whole, on two lines if need be."""

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Return the command; None if there is none of that name."""
        found = super().get_command(ctx, cmd_name)
        return found and _in_words(found)

    def format_commands(self, ctx: typer.Context, formatter: HelpFormatter) -> None:  # type: ignore[override]
        """Write the list of commands; click's own cuts each sentence to a line."""
        with formatter.section("Commands"):
            known = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
            formatter.write_dl(
                [(name, found.get_short_help_str(200)) for name, found in known if found]
            )


class Commands(Group):
    """The program's commands. Imported all at once, they would cost every run a second."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the names in the order of the help."""
        return list(_NAMES)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Import the command; None if there is none of that name."""
        if cmd_name in _NAMES and cmd_name not in self.commands:
            self.commands[cmd_name] = _command(cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """Find the command that the arguments name; for a wrong name, suggest the nearest."""
        if args[0] not in _NAMES:
            for name in _NAMES:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _command(name: str) -> Any:
    module = name.replace("-", "_")
    contents = import_module(f"{__name__}.{module}")
    program = typer.Typer(rich_markup_mode=None)
    if hasattr(contents, "app"):
        program.add_typer(contents.app, name=name, cls=Group)
    else:
        program.command(name)(getattr(contents, module))
    program.callback()(lambda: None)  # a group, whatever it holds
    group = typer.main.get_command(program)
    return _in_words(group.commands[name])  # type: ignore[attr-defined]


def _in_words(command: Any) -> Any:
    """Have a command's help say what it takes; Typer says it by the names of Python's types."""
    for parameter in command.params:
        if isinstance(parameter, TyperArgument):
            parameter.metavar = parameter.metavar or parameter.name.upper()
            # The type, which comes after that name.
            parameter.display_type_rich = lambda ctx: None  # type: ignore[method-assign]
        elif parameter.metavar is None:
            parameter.metavar = _WORDS.get(parameter.bare_type())
    return command
