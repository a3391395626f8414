"""What a payload says of equipment, as the bits of a report; what says nothing to us is counted."""

from collections.abc import Mapping
from typing import Final

from models.equipment import BITS, Flag, Kinds, bits_of
from models.values import truth

FlagBits = tuple[int, int]
"""The bits, and how often a kind is not known or its value is not a flag."""

NOTHING: Final[FlagBits] = (0, 0)

_UNUSABLE: Final[FlagBits] = (0, 1)
_BITS: Final = {
    (fitted, working): bits_of(Flag(fitted, working))
    for fitted in (False, True)
    for working in (None, False, True)
}


def flag_bits(value: object) -> FlagBits:
    """Return the flag of one kind, in the four lowest bits; null is no flag."""
    if value is True:
        return _BITS[True, None], 0
    if value is None:
        return NOTHING
    if not isinstance(value, dict):
        fitted = truth(value)
        return _UNUSABLE if fitted is None else (_BITS[fitted, None], 0)
    fitted, working = truth(value.get("fitted")), truth(value.get("working"))
    if fitted is None:
        return _UNUSABLE
    return _BITS[fitted, working], int(working is None and value.get("working") is not None)


def flags_bits(flags: Mapping[str, object], kinds: Kinds) -> FlagBits:
    """Return the flags of all kinds, each by its kind's name."""
    bits = unknown = 0
    for name, value in flags.items():
        if name in kinds.names:
            found, unusable = flag_bits(value)
            bits |= found << BITS * kinds.names.index(name)
            unknown += unusable
        else:
            unknown += 1
    return bits, unknown
