"""Equipment as data: its kinds, what a report says of each, and the bits that keep it."""

import re
from collections.abc import Mapping, Sequence
from enum import IntFlag
from typing import Final, NamedTuple

from models.attribute import ATTRIBUTES

BUILT_IN: Final = ("cctv", "cashless")
"""The kinds that are always there, as the first two."""

BITS: Final = 4
"""Of one kind, in the integer that a report keeps of all of them."""

MAX_KINDS: Final = 15
"""Of PostgreSQL's bigint the bits 60 to 62 say how the vehicle was heard, and 63 is its sign."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")

_TAKEN: Final = frozenset(
    {
        *("trackable", "trackable_on_route", "operator", "route", "equipment", "minutes"),
        *("operator_id", "vehicle_id", "plate", "in_service_from", "in_service_to", "best_day"),
        *(attribute.name for attribute in ATTRIBUTES),
    }
)
"""Indicators, columns of a fleet list and keys of documents, beside which a kind's name stands."""


class Says(IntFlag):
    """What a flag says of one kind; where no bit is set, there is no flag.

    Two reports of one instant are merged by ``|``, so that neither batches nor order matter: what
    is known beats what is not, and of a contradiction the worse counts.
    """

    FITTED = 1
    NOT_FITTED = 2
    WORKING = 4
    NOT_WORKING = 8


class Flag(NamedTuple):
    """What one report says of one piece of equipment."""

    fitted: bool
    working: bool | None = None
    """None: the report does not say."""


class Kinds(NamedTuple):
    """The kinds of equipment that are known; a kind's place is its number in the database."""

    names: tuple[str, ...] = BUILT_IN

    def bits(self, flags: Mapping[str, Flag]) -> int:
        """Return what a report keeps of these flags; a kind that is not known has no bits."""
        numbers = {name: number for number, name in enumerate(self.names)}
        return sum(
            bits_of(flag) << BITS * numbers[name] for name, flag in flags.items() if name in numbers
        )

    def flags(self, bits: int) -> dict[str, Flag]:
        """Return the flags behind the bits, of those kinds of which anything is said."""
        return {
            name: flag
            for number, name in enumerate(self.names)
            if (flag := flag_of(bits >> BITS * number)) is not None
        }


DEFAULT_KINDS: Final = Kinds()


def bits_of(flag: Flag) -> int:
    """Return the four bits of a flag."""
    fitted = Says.FITTED if flag.fitted else Says.NOT_FITTED
    if flag.working is None:
        return fitted.value
    return (fitted | (Says.WORKING if flag.working else Says.NOT_WORKING)).value


def flag_of(bits: int) -> Flag | None:
    """Return the flag behind the lowest four bits; None: whether it is fitted is not known."""
    fitted = said(bits, Says.FITTED, Says.NOT_FITTED)
    return None if fitted is None else Flag(fitted, said(bits, Says.WORKING, Says.NOT_WORKING))


def said(bits: int, good: Says, bad: Says) -> bool | None:
    """Return what the bits say; None: nothing. Where both are set, the bad one counts."""
    if bits & bad:
        return False
    return True if bits & good else None


def check_kinds(names: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds named, the built-in ones first.

    Raises:
        ValueError: one is not a name, occurs twice, or they are too many.
    """
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(
                "expected names of at most 32 lower-case letters, digits and underscores, a letter "
                f"first, got {name[:80]!r}"
            )
        if name in _TAKEN:
            raise ValueError(f"{name!r} cannot be a kind of equipment: it means something else")
        if names.count(name) > 1:
            raise ValueError(f"expected each kind of equipment once, got more of {name}")
    kinds = (*BUILT_IN, *(name for name in names if name not in BUILT_IN))
    if len(kinds) > MAX_KINDS:
        raise ValueError(
            f"expected at most {MAX_KINDS} kinds of equipment, {' and '.join(BUILT_IN)} among "
            f"them, got {len(kinds)}"
        )
    return kinds
