"""A report's file: what is read of it, and what is none."""

from pathlib import Path

import pytest

from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.report_file import read_report


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (
            '{"report": "fleetgauge kpi", "vehicles": 99, "vehicles": 1}',
            "'vehicles' is there twice",
        ),
        ('{"report": "fleetgauge kpi", "rule": {"a": 1, "\\u0061": 2}}', "'a' is there twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"report": "another"}', "is not a report of `fleetgauge report --json`"),
        ('{"report": ', "is not JSON"),
    ],
)
def test_what_readers_may_read_differently_is_no_report(
    tmp_path: Path, content: str, what: str
) -> None:
    """Of two values of one name somebody sees the first, and the SHA-256 is that of the last."""
    file = tmp_path / "report.json"
    file.write_text(content)
    with pytest.raises(CommandError, match=what):
        read_report(file)
