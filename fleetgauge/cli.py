"""The program ``fleetgauge``: finds the command, turns known errors into one line."""

import contextlib
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from fleetgauge import commands
from fleetgauge.encodings import escape_unencodable
from models.errors import FleetgaugeError

app = typer.Typer(
    name="fleetgauge",
    cls=commands.Commands,
    help="Which buses stand behind the tracking share: telemetry over MQTT, accounted for "
    "vehicle by vehicle.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fleetgauge {version('fleetgauge')}")
        raise typer.Exit


@app.callback()
def _fleetgauge(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command: exit 0 on success, 2 on wrong usage, 1 otherwise with one line on stderr."""
    escape_unencodable()
    try:
        app()
        sys.stdout.flush()
    except FleetgaugeError as error:
        sys.exit(f"fleetgauge: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        with contextlib.suppress(OSError):
            sys.stdout.close()
        # Without Python's "[Errno 2]".
        said = [error.filename, error.strerror] if error.strerror else [error]
        sys.exit(": ".join(["fleetgauge", *(str(each) for each in said if each)]))
