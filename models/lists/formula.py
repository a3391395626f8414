"""Texts that a spreadsheet would take for a formula and run: written with an apostrophe before."""

import re
from typing import Final

_SIGN: Final = re.compile("'*[=+\\-@\t\r＝＋－＠]")
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?")


def guarded(text: str) -> str:
    """Return a text as a cell may hold it."""
    return f"'{text}" if _is_formula(text) else text


def unguarded(text: str) -> str:
    """Return the text that ``guarded`` was given."""
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    return bool(_SIGN.match(text)) and not _NUMBER.fullmatch(text)
