"""What in a fleet list does not look like a bus, though it could be one."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from models.attribute import ATTRIBUTES
from models.legible import shown
from models.lists.characters import is_mixed, key, letters, normal, plate_skeleton, skeleton
from models.lists.titles import TITLES
from models.registry import REQUIRED, RegistryEntry

_TOTALS: Final = frozenset(
    {"итого", "всего", "итог", "сумма", "total", "subtotal", "sum", "количество", "count"}
)
_GRAND_TOTALS: Final = ("grandtotal", "общийитог")
"""As Excel ends a pivot table."""

_MISSING: Final = frozenset(
    {"nan", "nat", "none", "null", "<na>", "#n/a", "#н/д", "#ref!", "#ссылка!", "#value!", "#знач!",
     "#name?", "#имя?", "#div/0!", "#дел/0!", "undefined", "(blank)", "(пусто)"}
)  # fmt: skip
"""What programs write where there is nothing: pandas, JavaScript, formulas and pivots in Excel."""

_TOTAL: Final = re.compile("|".join(_TOTALS), re.IGNORECASE)
_MONTH: Final = (
    "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    "|янв|фев|мар|апр|ма[йя]|ию[нл]|авг|сен|окт|ноя|дек)"
)
_ARTEFACT: Final = re.compile(
    r"\b(?:nan|nat|none|null|undefined)\b|<na>|\((?:blank|пусто)\)|#|^=|^'|\d[.,]0|\de\+"
    rf"|^[^\w\n]+$|\d-\d+-\d|\d[ .-]{_MONTH}|{_MONTH}-\d",
    re.IGNORECASE | re.MULTILINE,
)
"""What a line has in which one of the following is; most lines have not."""

_FORMULA: Final = re.compile(r'="(.*)"')
_DATE: Final = re.compile(
    rf"\d{{4}}-\d\d-\d\d(?: 00:00:00)?|\d\d?[ .-]{_MONTH}|{_MONTH}-\d\d", re.IGNORECASE
)
"""What Excel makes of 5-1, as the programs after it write that."""
_REFERENCE: Final = re.compile(r"=[\w$+(-]")
_ROUNDED: Final = re.compile(r"(\d+)[.,]0+", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+", re.ASCII)

_IDS: Final = frozenset({*REQUIRED, "plate"})
"""The columns that tell one bus from another."""

_NAMES: Final = _IDS | {attribute.name for attribute in ATTRIBUTES}
"""The columns in which a number is a name, and has no fraction."""

_USUAL_TITLES: Final = {
    column: frozenset(map(key, (column, *TITLES.get(column, ())))) for column in REQUIRED
}
"""What the columns are called that every list has."""


class Placed(NamedTuple):
    """An entry, and the line that states it."""

    place: str
    entry: RegistryEntry


class Oddity(NamedTuple):
    """Something that does not look like a bus; printed as it reads."""

    place: str
    column: str | None
    what: str
    """What it looks like, and what to do."""
    more: int = 0
    """Further lines with the same."""

    def __str__(self) -> str:
        place = f"{self.place} (and {self.more:,} more)" if self.more else self.place
        return ": ".join(part for part in (place, self.column, self.what) if part)


def odd_line(
    place: str, content: Mapping[str, object], titles: Mapping[str, Collection[str]]
) -> Oddity | None:
    """Return what is odd about a line as a whole: it is a total, or the header once more.

    Args:
        titles: by column, what the header calls it.
    """
    operator, vehicle = (content.get(name) for name in REQUIRED)
    if _is_title(operator, titles, REQUIRED[0]) and _is_title(vehicle, titles, REQUIRED[1]):
        return Oddity(place, None, "repeats the header; delete the line")
    if _numbers_the_columns(content):
        return Oddity(place, None, "numbers the columns; delete the line")
    if _might_be(_TOTAL, content):
        for name, text in _texts(content):
            if _is_total(text) and (name in REQUIRED or not (operator and vehicle)):
                return Oddity(place, name, f"{shown(text)} looks like a total; delete the line")
    return None


def _is_title(value: object, titles: Mapping[str, Collection[str]], column: str) -> bool:
    if not isinstance(value, str):
        return False
    written = key(value)
    return written in _USUAL_TITLES[column] or written in map(key, titles.get(column, ()))


def _numbers_the_columns(content: Mapping[str, object]) -> bool:
    # Russian forms have such a line below the header. A bus in two columns may well be 1, 2.
    texts = [text for _, text in _texts(content)]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 4]
    steps = {after - before for before, after in pairwise(numbers)}
    return len(numbers) == len(content) >= 3 and steps == {1}


def _texts(content: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, str):
            yield name, normal(value)


def _might_be(pattern: re.Pattern[str], content: Mapping[str, object]) -> bool:
    # One look at the whole line: nearly none is odd, and there are a hundred thousand of them.
    return pattern.search("\n".join(map(str, content.values()))) is not None


def _is_total(text: str) -> bool:
    return bool(text) and (key(text.split()[0]) in _TOTALS or key(text).startswith(_GRAND_TOTALS))


def odd_fields(place: str, content: Mapping[str, object]) -> Iterator[Oddity]:
    """Yield the fields that a program has made of something else."""
    if _might_be(_ARTEFACT, content):
        for name, text in _texts(content):
            remedy = "correct it, or delete the line" if name in REQUIRED else "leave it empty"
            if text.casefold() in _MISSING:
                nothing = f"{shown(text)} is what a program writes where there is nothing; {remedy}"
                yield Oddity(place, name, nothing)
            elif name in _IDS and text.isprintable() and text and not key(text):
                yield Oddity(
                    place, name, f"{shown(text)} has neither a letter nor a digit; {remedy}"
                )
            elif what := _artefact(text, name in _NAMES):
                yield Oddity(place, name, f"{shown(text)} {what}")
            elif name in _IDS and _DATE.fullmatch(text):
                what = "is a date, which Excel makes of 5-1; write what stood there"
                yield Oddity(place, name, f"{shown(text)} {what}")


def _artefact(text: str, is_name: bool) -> str | None:
    if match := _FORMULA.fullmatch(text):
        return f"is an Excel formula; write {match[1][:60]}"
    if is_name and _REFERENCE.match(text):
        return "is an Excel formula; write what it gives"
    if text.startswith("'") and text.count("'") == 1:
        return f"begins with Excel's mark of a text; write {text[1:60]}"
    if is_name and (match := _ROUNDED.fullmatch(text)):
        return f"is a number to which a program added a fraction; write {match[1]}"
    if is_name and _SCIENTIFIC.fullmatch(text):
        return "is a number in scientific notation; write all of its digits"
    return None


def odd_entries(placed: Sequence[Placed], known_operators: Collection[str]) -> Iterator[Oddity]:
    """Yield what is odd about entries beside each other.

    Args:
        known_operators: those that the registry has.
    """
    yield from _odd_operators(placed, known_operators)
    yield from _without_digit(placed)
    one_bus = "correct it, or delete one of the two lines"
    yield from _alike(placed, "vehicle_id", _vehicle_id, _vehicle_looks, one_bus)
    one_plate = "a plate is on one bus at a time: correct it, or leave it empty"
    yield from _alike(placed, "plate", _plate, _plate_looks, one_plate)


def _odd_operators(placed: Iterable[Placed], known: Collection[str]) -> Iterator[Oddity]:
    lines: dict[str, list[str]] = defaultdict(list)
    for place, entry in placed:
        lines[entry.vehicle.operator_id].append(place)
    spellings: dict[str, set[str]] = defaultdict(set)
    for operator in {*lines, *known}:
        spellings[skeleton(operator)].add(operator)
    for alike in spellings.values():
        right = max(sorted(alike), key=lambda each: _trust(each, known, lines))
        for operator in sorted(alike - {right}):
            if operator in lines and operator not in known:
                what = f"{_compared(operator, right)}; if it is the same operator, write {right}"
                places = lines[operator]
                yield Oddity(places[0], "operator_id", what, len(places) - 1)


def _without_digit(placed: Sequence[Placed]) -> Iterator[Oddity]:
    # A signature, a remark, units: where buses go by numbers, a word that stands alone is none.
    numbered, words = list[Placed](), list[Placed]()
    for each in placed:
        has_digit = any(map(str.isdigit, _vehicle_id(each.entry)))
        (numbered if has_digit else words).append(each)
    if len(words) >= len(numbered):
        return
    least = min(_filled(each.entry) for each in numbered)
    for each in words:
        if _filled(each.entry) < least:
            what = "has no digit, as most others have; delete the line, if it is not a bus"
            yield Oddity(each.place, "vehicle_id", f"{_vehicle_id(each.entry)!r} {what}")


def _filled(entry: RegistryEntry) -> int:
    period = (entry.in_service_from, entry.in_service_to)
    stated = [each is not None for each in (entry.plate, *period)]
    return sum(stated) + len(entry.attributes) + len(entry.equipment)


def _trust(
    operator: str, known: Collection[str], lines: Mapping[str, Sequence[str]]
) -> tuple[bool, bool, int]:
    """Rank a spelling: one that is known, or of one alphabet, or the more frequent is right."""
    return operator in known, not is_mixed(operator), len(lines.get(operator, ()))


def _alike(
    placed: Iterable[Placed],
    column: str,
    value: Callable[[RegistryEntry], str],
    looks: Callable[[RegistryEntry], Hashable],
    remedy: str,
) -> Iterator[Oddity]:
    groups: dict[Hashable, list[Placed]] = defaultdict(list)
    for each in placed:
        groups[looks(each.entry)].append(each)
    groups.pop(None, None)
    for members in groups.values():
        for other, one in _meetings(members):
            what = _compared(value(one.entry), value(other.entry))
            where = f"{other.entry.vehicle} in {other.place}"
            yield Oddity(one.place, column, f"{what} of {where}; {remedy}")


def _meetings(members: Iterable[Placed]) -> Iterator[tuple[Placed, Placed]]:
    # Sorted by beginning, a period meets some earlier one if it meets the one that reaches
    # furthest.
    in_order = sorted(members, key=lambda each: each.entry.in_service_from or date.min)
    furthest = in_order[0]
    for each in in_order[1:]:
        begins = each.entry.in_service_from or date.min
        if each.entry.vehicle != furthest.entry.vehicle and begins <= last_day(furthest):
            yield furthest, each
        furthest = max(furthest, each, key=last_day)


def last_day(placed: Placed) -> date:
    """Return the last day of service that a line states."""
    return placed.entry.in_service_to or date.max


def _vehicle_id(entry: RegistryEntry) -> str:
    return entry.vehicle.vehicle_id


def _vehicle_looks(entry: RegistryEntry) -> Hashable:
    return entry.vehicle.operator_id, skeleton(entry.vehicle.vehicle_id)


def _plate(entry: RegistryEntry) -> str:
    return entry.plate or ""


def _plate_looks(entry: RegistryEntry) -> Hashable:
    return plate_skeleton(_plate(entry)) or None


def _compared(text: str, other: str) -> str:
    if text == other:
        return f"{text!r} is the same as that"
    return f"{text!r}{letters(text)} looks like {other!r}{letters(other)}"
