"""The table that ``make chaos`` prints, and its place in docs/reliability.md."""

from collections.abc import Sequence
from pathlib import Path

from tests.chaos.trial import Result

BEGIN = "<!-- chaos: begin (written by `make chaos`) -->"
END = "<!-- chaos: end -->"

_HEAD = (
    "fault",
    "times",
    "published",
    "stored",
    "lost",
    "twice",
    "lost by the broker",
    "came again",
    "seconds to recover",
)


def table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table, with their sum."""
    rows = [_HEAD, ("---",) + ("--:",) * (len(_HEAD) - 1), *map(_cells, results), _sum(results)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def put(path: Path, text: str) -> None:
    """Put the text between the markers of a document, or at its end where it has none."""
    document = path.read_text() if path.exists() else "# Reliability\n"
    if BEGIN not in document:
        document = f"{document.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def _cells(result: Result) -> tuple[str, ...]:
    recovered = result.recovered_seconds
    return (
        result.fault,
        str(result.times),
        *_numbers(result),
        "" if recovered is None else f"{recovered:.1f}",
    )


def _numbers(result: Result) -> tuple[str, ...]:
    numbers = (
        result.published,
        result.stored,
        result.lost,
        result.twice,
        result.lost_by_broker,
        result.again,
    )
    return tuple(f"{number:,}" for number in numbers)


def _sum(results: Sequence[Result]) -> tuple[str, ...]:
    columns = ("times", "published", "stored", "lost", "twice", "lost_by_broker", "again")
    sums = (sum(getattr(result, column) for result in results) for column in columns)
    return ("**sum**", *(f"**{number:,}**" for number in sums), "")
