"""CSV as programs take it, and as the Excel of a language opens it by a double click."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

from reports.language import ENGLISH, Language, LanguageCode, language
from reports.paper import Kind, Table

BYTE_ORDER_MARK: Final = "\ufeff"


class Dialect(StrEnum):
    """How a table is written."""

    RFC4180 = "rfc4180"
    """Commas, decimal points, ISO 8601 dates, English titles; lines end with a line feed."""
    EXCEL_RU = "excel-ru"
    """Semicolons, decimal commas, Russian dates and titles, and a byte order mark."""


def dialect_language(dialect: Dialect) -> Language:
    """Return the language of a dialect's titles and texts."""
    return language(LanguageCode.RU) if dialect is Dialect.EXCEL_RU else ENGLISH


def csv_text(table: Table, dialect: Dialect) -> str:
    """Return a table as CSV."""
    file = io.StringIO()
    excel = dialect is Dialect.EXCEL_RU
    writer = csv.writer(
        file, delimiter=";" if excel else ",", lineterminator="\r\n" if excel else "\n"
    )
    writer.writerow([column.title for column in table.columns])
    kinds = [column.kind for column in table.columns]
    writer.writerows(_cells(row, kinds, dialect) for row in table.rows)
    return BYTE_ORDER_MARK + file.getvalue() if excel else file.getvalue()


def _cells(row: Sequence[Any], kinds: Sequence[Kind], dialect: Dialect) -> list[str]:
    return [_cell(value, kind, dialect) for value, kind in zip(row, kinds, strict=True)]


def _cell(value: Any, kind: Kind, dialect: Dialect) -> str:
    if value is None:
        return ""
    spoken = dialect_language(dialect)
    if kind is Kind.DATE:
        return date.fromisoformat(value).strftime(spoken.date_format)
    if isinstance(value, str):
        return harmless(value)
    # Numbers as a spreadsheet reads them: no thousands, no unit.
    return str(value).replace(".", spoken.decimal_mark)


def harmless(text: str) -> str:
    """Return a text that a spreadsheet takes for no formula: these texts come from others."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
