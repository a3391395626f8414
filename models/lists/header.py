"""Which column of a list means what: matched by the titles in the header."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from models.lists.characters import key, normal, without_form
from models.lists.table import Row, UnreadableList
from models.lists.titles import TITLES

SEARCHED_ROWS: Final = 30
"""How many rows a header is looked for in: names, dates and signatures stand above it."""


class Vocabulary:
    """The columns that a list can have, by their titles."""

    def __init__(
        self,
        required: Collection[str],
        optional: Collection[str] = (),
        given: Mapping[str, str] | None = None,
        option: str | None = None,
        remembered: Mapping[str, str] | None = None,
    ) -> None:
        """Take the columns' names, and what the user says of single titles.

        Args:
            given: by title, the column that it means; an empty one leaves it out.
            option: by which a user says that, for messages.
            remembered: the same of lists before; not every list has all of these titles.
        """
        self.required = tuple(required)
        self.option = option
        self._given = {key(title): (title, normal(name)) for title, name in (given or {}).items()}
        self._remembered = {
            key(title): normal(name)
            for title, name in (remembered or {}).items()
            if key(title) not in self._given
        }
        self._columns = {
            key(title): column
            for column in (*optional, *required)
            for title in (*TITLES.get(column, ()), column)
        }

    def column(self, title: str) -> str | None:
        """Return the column that a title means; empty: left out; None: it is not known."""
        for written in (key(title), key(without_form(title))):
            if written in self._given:
                return self._given[written][1]
            if written in self._remembered:
                return self._remembered[written]
            if written in self._columns:
                return self._columns[written]
        return None

    def missing(self, titles: Iterable[str]) -> list[str]:
        """Return the titles of which the user says what they mean, and which are not there."""
        there = {key(title) for title in titles}
        return [title for written, (title, _) in self._given.items() if written not in there]


class Header(NamedTuple):
    """The header of a list, and what its titles mean."""

    position: int
    """Among the rows, from 0."""
    place: str
    titles: Sequence[str]
    columns: Sequence[str | None]
    """Of each title: the column; empty: left out; None: it is not known."""

    @property
    def known(self) -> int:
        """How many columns are known."""
        return len({column for column in self.columns if column})

    @property
    def names(self) -> Sequence[str]:
        """What each column is called from here on; one that is not known, by its title."""
        pairs = zip(self.titles, self.columns, strict=True)
        return [title if column is None else column for title, column in pairs]

    def lacks(self, required: Iterable[str]) -> list[str]:
        """Return the required columns that are not there."""
        return [column for column in required if column not in self.columns]


def header_of(row: Row, vocabulary: Vocabulary, position: int = 0) -> Header:
    """Return a row as a header."""
    titles = [normal(cell) for cell in row.cells]
    return Header(position, row.place, titles, [vocabulary.column(title) for title in titles])


def find_header(rows: Sequence[Row], vocabulary: Vocabulary) -> Header | None:
    """Return the first row that has all required columns, else the one with most known titles.

    None: there is no row.
    """
    headers = [
        header_of(row, vocabulary, number) for number, row in enumerate(rows[:SEARCHED_ROWS])
    ]
    for header in headers:
        if not header.lacks(vocabulary.required):
            return header
    return max(headers, key=lambda header: header.known, default=None)


def check(header: Header, vocabulary: Vocabulary) -> None:
    """Raise an error where a header lacks a column, or leaves open what one means.

    Raises:
        UnreadableList: naming the columns, and how to say what they mean.
    """
    shown = ", ".join(repr(title[:80]) for title in header.titles if title)[:300]
    for title in vocabulary.missing(header.titles):
        raise UnreadableList(f"the header has no column {title!r}; it has: {shown}")
    for column in header.lacks(vocabulary.required):
        what = f"the header has no column {column}; it has: {shown}"
        remedy = f'. To say which one is meant: {vocabulary.option} "TITLE={column}"'
        raise UnreadableList(what + remedy if vocabulary.option else what)
    for column in dict.fromkeys(filter(None, header.names)):
        names = zip(header.titles, header.names, strict=True)
        titles = [title for title, name in names if name == column]
        if len(titles) > 1:
            raise UnreadableList(_ambiguity(column, titles, vocabulary.option))


def _ambiguity(column: str, titles: Sequence[str], option: str | None) -> str:
    if len(set(titles)) < len(titles):
        return f"the header has the column {titles[0][:80]!r} twice; rename or delete one"
    shown = " and ".join(repr(title[:80]) for title in titles)
    what = f"the columns {shown} both mean {column}"
    return f'{what}. To leave one out: {option} "{titles[-1][:80]}="' if option else what
