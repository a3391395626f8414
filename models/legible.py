"""Which characters nobody sees, and texts without them."""

import unicodedata
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, marks of direction and of no width, half surrogates, breaks of line and paragraph
(Unicode Standard, section 4.5): two texts that differ in one of them look the same, or otherwise
than they are."""


def has_unseen(text: str) -> bool:
    """Tell whether a text has a character that nobody sees, such as U+200B or U+202E."""
    # Nearly all texts are printable, which is found out a hundred times as fast.
    return not text.isprintable() and any(map(_is_unseen, text))


def without_unseen(text: str) -> str:
    """Return a text with U+FFFD for each character that nobody sees."""
    if text.isprintable():
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_unseen(each) else each for each in text)


def plain(text: str) -> str:
    """Return a text with an escape such as ``\\u202e`` for each character that nobody sees."""
    if text.isprintable():
        return text
    return "".join(ascii(each)[1:-1] if _is_unseen(each) else each for each in text)


def shown(value: object, longest: int = 60) -> str:
    """Return a value as messages quote it: on one line, cut to a length, nothing of it unseen."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= longest else f"{text[: longest - 3]}…"


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN
