"""Read a list from a file's bytes, whatever program saved it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from models.lists import delimited, workbook
from models.lists.encoding import UnknownEncoding, decode
from models.lists.header import Header, Vocabulary, check, find_header, header_of
from models.lists.json_objects import elements, is_json
from models.lists.table import Line, Lines, Row, Table, Understood, UnreadableList

_PROBED_ROWS: Final = 60
"""Of a text, to find out what separates its fields."""


def read_list(
    content: bytes, vocabulary: Vocabulary, *, suffix: str = "", sheet: str | None = None
) -> Lines:
    """Return the lines of a workbook, of CSV, or of a JSON array.

    Args:
        vocabulary: what its columns may be called.
        suffix: of the file's name; ``.json`` and ``.csv`` decide the form.
        sheet: of a workbook, the one to read; None: the one that has the list.

    Raises:
        UnreadableList: it is none of these, or its header leaves open what it means.
    """
    if workbook.is_workbook(content):
        return _lines(_chosen(workbook.tables(content), vocabulary, sheet), vocabulary)
    if sheet is not None:
        raise UnreadableList("has no sheets: it is not a workbook")
    try:
        text, encoding = decode(content)
    except UnknownEncoding as error:
        raise UnreadableList(str(error)) from error
    if suffix.lower() == ".json" or (suffix.lower() != ".csv" and is_json(text)):
        return _objects(text, vocabulary)
    return _lines(_csv(text, encoding, vocabulary), vocabulary)


def _chosen(tables: Sequence[Table], vocabulary: Vocabulary, sheet: str | None) -> Table:
    if sheet is not None:
        tables = [table for table in tables if table.form == workbook.form(sheet)]
        if not tables:
            raise UnreadableList(f"has no sheet {sheet!r}")
    fitting = [table for table in tables if _is_list(table, vocabulary)]
    if len(fitting) > 1:
        names = ", ".join(table.form for table in fitting)
        raise UnreadableList(f"has more than one list: {names}; say which with --sheet NAME")
    candidates = fitting or [table for table in tables if table.rows]
    if not candidates:
        raise UnreadableList("is empty")
    return candidates[0]


def _is_list(table: Table, vocabulary: Vocabulary) -> bool:
    header = find_header(table.rows, vocabulary)
    return header is not None and not header.lacks(vocabulary.required)


def _csv(text: str, encoding: str, vocabulary: Vocabulary) -> Table:
    if not text.strip("".join((*delimited.DELIMITERS, " ", "\r", "\n"))):
        raise UnreadableList("is empty")
    delimiter = delimited.hinted_delimiter(text) or _delimiter(text, vocabulary)
    form = f"CSV in {encoding}, separated by {delimited.NAMES.get(delimiter, delimiter)}"
    return Table(form, list(delimited.rows(text, delimiter)))


def _delimiter(text: str, vocabulary: Vocabulary) -> str:
    """Return the separator by which most titles of the header are known."""

    def fitness(delimiter: str) -> tuple[int, int]:
        header = find_header(delimited.first_rows(text, delimiter, _PROBED_ROWS), vocabulary)
        return (header.known, len(header.titles)) if header else (0, 0)

    return max(delimited.DELIMITERS, key=fitness)


def _lines(table: Table, vocabulary: Vocabulary) -> Lines:
    header = find_header(table.rows, vocabulary)
    if header is None:
        raise UnreadableList("is empty")
    below = table.rows[header.position + 1 :]
    header = _with_titles(header, below)
    check(header, vocabulary)
    return Lines(_understood(table.form, header), _under(header, below))


def _with_titles(header: Header, rows: Sequence[Row]) -> Header:
    """Name the columns that have content and no title, to report what is left out."""
    used = {
        number
        for number, title in enumerate(header.titles)
        if not title
        and any(cell.strip() for row in rows for cell in row.cells[number : number + 1])
    }
    titles = [
        f"(column {number + 1}, without a title)" if number in used else title
        for number, title in enumerate(header.titles)
    ]
    columns = ["" if number in used else column for number, column in enumerate(header.columns)]
    return header._replace(titles=titles, columns=columns)


def _under(header: Header, rows: Sequence[Row]) -> Iterator[Line]:
    names = header.names
    last = max(number for number, name in enumerate(header.titles) if name)
    for place, cells in rows:
        beyond = [cell for cell in cells[len(names) :] if cell.strip()]
        if len(cells) <= last:
            lacking = header.titles[len(cells)]
            yield Line(place, f"{lacking}: field missing (leave it empty, keep the separator)")
        elif beyond:
            yield Line(place, f"{beyond[0][:80]!r} is after the last column, {names[last]}")
        else:
            fields = zip(names, cells, strict=False)
            yield Line(place, {name: cell for name, cell in fields if name})


def _objects(text: str, vocabulary: Vocabulary) -> Lines:
    found = elements(text)
    contents = [line.content for line in found if isinstance(line.content, Mapping)]
    keys = list(dict.fromkeys(key for content in contents for key in content))
    header = header_of(Row("the elements", keys), vocabulary)
    if keys:
        check(header, vocabulary)
    columns = dict(zip(keys, header.names, strict=True))
    return Lines(_understood("JSON", header), (_renamed(line, columns) for line in found))


def _renamed(line: Line, columns: Mapping[str, str]) -> Line:
    if isinstance(line.content, str):
        return line
    content = {columns[key]: value for key, value in line.content.items() if columns[key]}
    return Line(line.place, content)


def _understood(form: str, header: Header) -> Understood:
    pairs = zip(header.titles, header.names, strict=True)
    return Understood(form, header.place, {title: name for title, name in pairs if title})
