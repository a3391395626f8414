"""What people read on a narrow terminal, in a wide one and in a file."""

import io

import pytest
from rich.console import Console

from reports.tables import console, heading, table

ROW = ("ИвПАТП-1", ":bus:", "never_seen", "2026-11-01 08:00:00", "[red]4", "1,024")


def _shown(width: int) -> str:
    out = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    out.print(heading("a title longer than its table"))
    out.print(table(("a", "b", "c", "d", "e", "f"), [ROW], right=("f",)))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


@pytest.mark.parametrize("width", [20, 60, 80])
def test_nothing_is_cut(width: int) -> None:
    """Each character of each cell is there, be it on a line of its own."""
    shown = _shown(width)
    assert "…" not in shown
    assert sorted(set("".join(ROW)) - {" "}) == sorted(set("".join(ROW)) & set(shown) - {" "})
    assert sum(shown.count(digit) for digit in "0123456789") == sum(map(str.isdigit, "".join(ROW)))


def test_a_file_has_a_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """However long an id or a topic is; and no id becomes a picture."""
    topic = "smile/:smile:/" + "x " * 500
    out = console()
    out.print(heading("a title longer than its table"))
    out.print(table(("topic", "n"), [(topic, "1")]))
    title, _, row = capsys.readouterr().out.splitlines()
    assert title == "a title longer than its table"
    assert topic in row


def test_what_nobody_sees_is_escaped() -> None:
    """Rows of older days may hold what is not an id any more."""
    out = Console(file=io.StringIO(), width=80)
    out.print(table(("id",), [("10\u202e24\x1b[2J",)]))
    assert isinstance(out.file, io.StringIO)
    assert "10\\u202e24\\x1b[2J" in out.file.getvalue()
