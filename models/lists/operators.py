"""Whom a list means by an operator: its id, one that it had before, or what it is called."""

from collections import Counter
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from models.lists.characters import key


class Operators(NamedTuple):
    """The operators that there are."""

    ids: Collection[str] = ()
    former: Mapping[str, str] = MappingProxyType({})
    """By each id that an operator has given up, the one that it has now."""
    names: Mapping[str, str] = MappingProxyType({})
    """By what an operator is called (``key``), its id."""

    def meant(self, text: str) -> str:
        """Return the id of the operator that a text means; what means none stays as it is."""
        if text in self.former:
            return self.former[text]
        return text if text in self.ids else self.names.get(key(text), text)


NONE_KNOWN: Final = Operators()


def by_name(called: Mapping[str, str]) -> Mapping[str, str]:
    """Return ids by names from names by ids; a name that two operators have means neither."""
    number = Counter(map(key, called.values()))
    return {key(name): operator for operator, name in called.items() if number[key(name)] == 1}
