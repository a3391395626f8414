"""A registry file's lines from JSON: an array of objects."""

import json
from typing import NoReturn

from storage.registry.lines import Line, Lines, UnreadableLines


class _NamesTwice(dict[str, object]):
    """An object that names a key twice, of which JSON's parsers would silently keep one."""


def json_lines(text: str) -> Lines:
    """Return the elements of the array.

    Raises:
        UnreadableLines: it is not JSON, or not an array.
    """
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_reject)
    except RecursionError as error:
        raise UnreadableLines("is not a registry: nested too deeply") from error
    except ValueError as error:
        raise UnreadableLines(f"is not JSON: {error}") from error
    if not isinstance(document, list):
        raise UnreadableLines("is not an array of objects")
    columns: dict[str, None] = {}
    for element in document:
        if isinstance(element, dict):
            columns |= dict.fromkeys(element)
    return Lines(list(columns), [_line(index, one) for index, one in enumerate(document)])


def _line(index: int, element: object) -> Line:
    place = f"element [{index}]"
    if isinstance(element, _NamesTwice):
        return Line(place, "names a column twice")
    if not isinstance(element, dict):
        return Line(place, "is not an object")
    return Line(place, element)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    return content if len(content) == len(pairs) else _NamesTwice(content)


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
