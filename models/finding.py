"""What `fleetgauge check` finds: a code that stands for one message, how bad it is, and figures."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad a finding is, from good to bad."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


class Finding(NamedTuple):
    """One thing that was looked at."""

    code: str
    """``area.name``; ``reports/check_words.py`` says it in words."""
    level: Level
    values: Mapping[str, object]
    """What the message is about; ``…_bytes``, ``…_seconds`` and ``…_at`` are of these kinds."""

    @property
    def area(self) -> str:
        """What was looked at: settings, broker, database and so on."""
        return self.code.partition(".")[0]


def ok(code: str, **values: object) -> Finding:
    """Return a finding that all is well."""
    return Finding(code, Level.OK, values)


def warning(code: str, **values: object) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(code, Level.WARNING, values)


def fault(code: str, **values: object) -> Finding:
    """Return a finding that keeps the installation from working, or loses data."""
    return Finding(code, Level.FAULT, values)


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level there is; ok where there are no findings."""
    levels = list(Level)
    return max((finding.level for finding in findings), key=levels.index, default=Level.OK)
