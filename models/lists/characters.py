"""Texts as people type and paste them: their normal form, and when two look the same."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LOOK_ALIKE: Final = str.maketrans("АВЕЁЗІЈКМНОРЅСТУҮХ", "ABEE3IJKMHOPSCTYYX")
"""Cyrillic capitals to the Latin ones (and a digit) that look the same: the twelve of Russian
number plates (GOST R 50577), and those of the neighbouring languages."""

_CYRILLIC: Final = re.compile(r"[Ѐ-ӿ]")
_LATIN: Final = re.compile(r"[A-Za-z]")
_LEADING_ZEROS: Final = re.compile(r"(?<!\d)0+(?=\d)")
_NOT_ALPHANUMERIC: Final = re.compile(r"[\W_]+")
_FORM_IN_BRACKETS: Final = re.compile(r"\([^)]*[/.+%][^)]*\)")


@lru_cache(maxsize=65_536)
def normal(text: str) -> str:
    """Return a text in Unicode's composed form, white space of any kind and length as one space.

    Non-breaking spaces, tabs and the line breaks within a cell are white space; around a text
    there is none.
    """
    if text.isascii() and text.isalnum():
        return text
    return " ".join(unicodedata.normalize("NFC", text).split())


def skeleton(text: str) -> str:
    """Return what a text looks like: the same for two that people would take for one.

    Case, Unicode form, white space, leading zeros, and whether a letter is Cyrillic or Latin
    make no difference.
    """
    capitals = unicodedata.normalize("NFKC", text).upper().translate(_LOOK_ALIKE)
    return _LEADING_ZEROS.sub("", "".join(capitals.split()))


def plate_skeleton(plate: str) -> str:
    """Return what a number plate looks like: of letters and digits alone."""
    return skeleton(_NOT_ALPHANUMERIC.sub("", plate))


def is_mixed(text: str) -> bool:
    """Tell whether a text has Cyrillic and Latin letters."""
    return bool(_CYRILLIC.search(text) and _LATIN.search(text))


def letters(text: str) -> str:
    """Say what nobody sees of a text: which of its letters are Cyrillic; nothing if none is."""
    cyrillic = "".join(dict.fromkeys(_CYRILLIC.findall(text)))
    if not cyrillic:
        return ""
    return f" (Cyrillic {cyrillic})" if is_mixed(text) else " (all Cyrillic)"


def key(title: str) -> str:
    """Return a title's letters and digits, in one case: ``Гос. номер`` and ``ГОСНОМЕР`` are one."""
    written = title.replace("№", "номер")
    folded = unicodedata.normalize("NFKC", written).casefold().replace("ё", "е")
    return _NOT_ALPHANUMERIC.sub("", folded)


def without_form(title: str) -> str:
    """Return a title without the form of its values: ``(да/нет)``, ``(дд.мм.гггг)``, ``(%)``.

    What else stands in brackets tells columns apart, such as ``(план)``.
    """
    return _FORM_IN_BRACKETS.sub("", title)
