"""What commands print and write."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import opened, print_json


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Names stay legible; dates and times are ISO 8601, and nothing else is made into text."""
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    print_json({"name": "Шуя", "at": at, "on": date(2026, 3, 1)})
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "Шуя" in line
    assert json.loads(line) == {"name": "Шуя", "at": at.isoformat(), "on": "2026-03-01"}
    with pytest.raises(TypeError, match="set is not JSON"):
        print_json({"a": {1}})


def test_a_file_is_written_as_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """UTF-8, its lines unchanged; `-` is stdout."""
    for path in (tmp_path / "out.csv", Path("-")):
        with opened(path) as file:
            file.write("Шуя\r\n")
    assert (tmp_path / "out.csv").read_bytes() == "Шуя\r\n".encode()
    assert capsys.readouterr().out == "Шуя\r\n"


@pytest.mark.parametrize("name", ["", "none/out.csv", "/dev/full"])
def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    """By name, in one line: a folder, a path that is not there, a full disk."""
    path = tmp_path / name
    with pytest.raises(CommandError, match=f"^{path}: cannot be written: "), opened(path) as file:
        file.write("x")
