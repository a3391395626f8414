"""The characters of a text file: Unicode with or without its mark, or Windows in Russian."""

import codecs
import re
from typing import Final, NamedTuple

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES: Final = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}

_WORD: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile(r"[A-Za-z]")
_CYRILLIC: Final = re.compile(r"[А-яЁё]")


class Decoded(NamedTuple):
    """A text, and what its bytes were."""

    text: str
    encoding: str
    """As people call it."""


class UnknownEncoding(ValueError):
    """The bytes are in none of the encodings that are read; says where that shows."""


def decode(content: bytes) -> Decoded:
    """Return a file's text.

    Raises:
        UnknownEncoding: it is neither Unicode nor Windows-1251.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strict(content[len(mark) :], encoding)
    # Without a mark: every other byte of Latin text and of separators is zero.
    if content[1:2] == b"\0":
        return _strict(content, "utf-16-le")
    if content[:1] == b"\0":
        return _strict(content, "utf-16-be")
    try:
        return _strict(content, "utf-8")
    except UnknownEncoding:
        decoded = _windows(content)
        if decoded is None:
            raise
        return decoded


def _strict(content: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(content.decode(encoding), _NAMES[encoding])
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnknownEncoding(
            f"is not {_NAMES[encoding]} (line {line}, byte {error.start}); save it as UTF-8"
        ) from error


def _windows(content: bytes) -> Decoded | None:
    try:
        text = content.decode("cp1251")
    except UnicodeDecodeError:
        return None
    # Another alphabet's code page would show as Cyrillic letters within Latin words: Itдkeskus.
    cyrillic = [word for word in _WORD.findall(text) if _CYRILLIC.search(word)]
    mixed = sum(1 for word in cyrillic if _LATIN.search(word))
    return Decoded(text, "Windows-1251") if mixed <= len(cyrillic) / 2 else None
