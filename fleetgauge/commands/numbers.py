"""Numbers given on the command line."""

import math

import typer


def positive(value: float | None) -> float | None:
    """Return an option's value if it can be a duration or a factor; else it is wrong usage."""
    if value is not None and not (math.isfinite(value) and value > 0):
        raise typer.BadParameter(f"{value:g} is not a number above 0.")
    return value
