"""The options that say how a list is read: what its titles mean, and on which sheet it is."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from fleetgauge.commands.author import parse_name
from fleetgauge.commands.columns import column_meanings
from fleetgauge.commands.errors import CommandError
from fleetgauge.list_file import SmallList, read_small_list
from models.legible import plain
from models.lists.table import Understood
from storage.connection import Connection
from storage.list_profiles import list_profiles, remember

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="TITLE=COLUMN",
        help='What a column means: "Гос. номер=plate"; with nothing after = it is left out. '
        "May be given several times.",
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="The same from a list with the columns title and column.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        parser=parse_name,
        metavar="NAME",
        help="Remember what --column and --mapping say under this name, and read lists by what "
        "was remembered.",
    ),
]
Sheet = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Of a workbook (default: the one with the list)."),
]

_NONE: Final[Mapping[str, str]] = {}


class Titles(NamedTuple):
    """What the titles of a list mean."""

    given: Mapping[str, str] = _NONE
    """By title, as the command says; a list has to have these."""
    remembered: Mapping[str, str] = _NONE
    """As was said before."""
    profile: str | None = None

    @property
    def is_new(self) -> bool:
        """Whether there is something to remember."""
        return bool(self.profile and self.given)

    def remember(self, connection: Connection, kind: str, author: str) -> None:
        """Keep under the profile's name what the command says, if it does.

        Raises:
            StorageError: the database failed; nothing was changed.
        """
        if self.profile and self.given:
            columns = {**self.remembered, **self.given}
            remember(connection, kind, self.profile, columns, entered_by=author)


def titles(
    connection: Connection,
    kind: str,
    columns: Iterable[str] | None,
    mapping: Path | None,
    profile: str | None,
) -> Titles:
    """Return what the options say of a kind of list.

    Raises:
        typer.BadParameter: one of them is not as it has to be.
        CommandError: nothing is remembered under the name, or the file cannot be read.
        StorageError: the database cannot be asked.
    """
    given = given_titles(columns, mapping)
    if profile is None:
        return Titles(given)
    known = {each.name: each.columns for each in list_profiles(connection, kind)}
    if profile not in known and not given:
        names = ", ".join(map(plain, known)) or "none"
        raise CommandError(f"nothing is remembered as {plain(profile)}; known are: {names}")
    return Titles(given, known.get(profile, _NONE), profile)


def given_titles(columns: Iterable[str] | None, mapping: Path | None) -> dict[str, str]:
    """Return what the command says of titles: by title, the column.

    Raises:
        typer.BadParameter: an option is not as it has to be.
        CommandError: the file cannot be read.
    """
    return {**(dict(_mapped(mapping)) if mapping else {}), **dict(column_meanings(columns or ()))}


def show_understood(file: Path, understood: Understood, others: Iterable[tuple[str, str]]) -> None:
    """Print on stderr how a file was understood.

    Args:
        others: what else there is to say, by its heading.
    """
    form, header, columns = understood
    typer.echo(f"{file.name}: {plain(form)}, header in {header}", err=True)
    renamed = [f"{title} → {name}" for title, name in columns.items() if name not in ("", title)]
    for what, text in (("read as", ", ".join(renamed)), *others):
        if text:
            typer.echo(f"  {what}: {plain(text)}", err=True)


def show_small(file: Path, listed: SmallList) -> None:
    """Print on stderr how a small list was understood."""
    left_out = [title for title, name in listed.understood.columns.items() if not name]
    show_understood(file, listed.understood, [("left out", ", ".join(left_out))])


def _mapped(file: Path) -> Iterable[tuple[str, str]]:
    return read_small_list(file, ("title", "column")).parsed(
        lambda line: (line["title"], line["column"])
    )
