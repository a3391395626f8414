"""The option by which a user says what the columns of a list mean."""

from collections.abc import Iterable, Iterator

import typer


def column_meanings(columns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield titles and the columns that they mean.

    Raises:
        typer.BadParameter: one is not TITLE=COLUMN.
    """
    for text in columns:
        # A title may hold the sign, a column's name does not.
        title, equals, name = text.rpartition("=")
        if not title.strip() or not equals:
            raise typer.BadParameter(f"expected TITLE=COLUMN, got {text!r}.", param_hint="--column")
        yield title, name
