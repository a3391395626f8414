"""To which vehicles of a fleet its figures are limited: by attributes of the registry."""

from collections.abc import Iterable, Mapping
from typing import Final

from models.attribute import OPERATOR, attribute_of
from models.target import Scope

Only = Mapping[str, tuple[str, ...]]
"""By attribute, the values that are taken, sorted; an empty one: it has none."""

EVERYBODY: Final[Only] = {}


def parse_only(texts: Iterable[str]) -> Only:
    """Read ``service_kind=urban``, one each; of one attribute several values are taken.

    Raises:
        ValueError: it is not that.
    """
    found: dict[str, set[str]] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals:
            raise ValueError(f"expected NAME=VALUE such as service_kind=urban, got {text!r}")
        if name in (OPERATOR, "operator_id"):
            raise ValueError("one operator's fleet is --operator ID")
        found.setdefault(attribute_of(name), set()).add(value)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def is_of(only: Only, attributes: Mapping[str, str]) -> bool:
    """Tell whether a vehicle with these attributes is one of them."""
    return all((attributes.get(name) or "") in values for name, values in only.items())


def narrowed(scope: Scope | None, only: Only) -> Scope | None:
    """Return whose targets the figures of a scope, limited to these vehicles, have; None: none."""
    if scope is None or not only:
        return scope
    own = {name: values[0] for name, values in only.items() if len(values) == 1 and values[0]}
    if own.keys() != only.keys() or own.keys() - set(Scope._fields):
        return None
    found = scope._asdict() | own
    if any(before not in (None, found[name]) for name, before in scope._asdict().items()):
        return None
    return None if found["operator_id"] and found["municipality"] else Scope(**found)
