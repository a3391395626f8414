"""Sizes as a user writes them."""

import re
from typing import Final

import typer

_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse_size(text: str) -> int:
    """Read ``500GB``, ``1.5T`` or plain bytes; a kilobyte is 1,000 bytes.

    Raises:
        typer.BadParameter: it is none of them.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip(), re.IGNORECASE)
    if match is None:
        raise typer.BadParameter(f"expected a size such as 500GB or 2TB, got {text!r}")
    return int(float(match[1]) * 1000 ** _POWERS[match[2].lower()])


def size(number: float) -> str:
    """Return ``812 B``, ``1.4 kB`` and so on; a kilobyte is 1,000."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.2f} TB"
