"""What `fleetgauge check` found, as scripts read it (`check --json`)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypedDict

from models.finding import Finding, worst
from reports.check_words import message
from reports.language import Language


class FindingEntry(TypedDict):
    """One thing that was looked at."""

    area: str
    code: str
    level: str
    message: str
    values: Mapping[str, object]


class CheckDocument(TypedDict):
    """All of it; ``level`` is the worst there is."""

    at: str
    level: str
    findings: list[FindingEntry]


def check_document(at: datetime, findings: Sequence[Finding], language: Language) -> CheckDocument:
    """Return the document; its times are in UTC."""
    return {
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "level": worst(findings),
        "findings": [
            {
                "area": finding.area,
                "code": finding.code,
                "level": finding.level,
                "message": message(language, finding),
                "values": finding.values,
            }
            for finding in findings
        ],
    }
