"""The lines of a list that is a JSON array of objects."""

import json
from typing import NoReturn

from models.lists.table import Line, UnreadableList


class _NamesTwice(dict[str, object]):
    """An object that names a key twice, of which JSON's parsers would silently keep one."""


def is_json(text: str) -> bool:
    """Tell whether a text is JSON rather than CSV: by its first character."""
    return text.lstrip()[:1] in {"[", "{"}


def elements(text: str) -> list[Line]:
    """Return the elements of the array.

    Raises:
        UnreadableList: it is not JSON, or not an array.
    """
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_reject)
    except RecursionError as error:
        raise UnreadableList("is not a list: nested too deeply") from error
    except ValueError as error:
        raise UnreadableList(f"is not JSON: {error}") from error
    if not isinstance(document, list):
        raise UnreadableList("is not an array of objects")
    return [_line(index, element) for index, element in enumerate(document)]


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
