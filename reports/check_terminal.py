"""What `fleetgauge check` found, as a table for a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from models.finding import Finding, Level
from reports.check_words import AREAS, LEVELS, message
from reports.language import Language
from reports.tables import table


def check_terminal(findings: Sequence[Finding], language: Language) -> Iterator[RenderableType]:
    """Yield what is printed, from top to bottom; an area's name stands once."""
    text = language.text
    columns = (text("what"), text("level"), text("finding"))
    yield table(columns, _rows(findings, language))
    yield summary(findings, language)


def summary(findings: Sequence[Finding], language: Language) -> str:
    """Return how many faults and warnings there are."""
    faults = sum(each.level is Level.FAULT for each in findings)
    warnings = sum(each.level is Level.WARNING for each in findings)
    return ", ".join(
        (
            language.plural("%(number)s fault", "%(number)s faults", faults),
            language.plural("%(number)s warning", "%(number)s warnings", warnings),
        )
    )


def _rows(findings: Sequence[Finding], language: Language) -> Iterator[Sequence[str]]:
    area = ""
    for finding in findings:
        shown = "" if finding.area == area else language.text(AREAS[finding.area])
        area = finding.area
        yield shown, language.text(LEVELS[finding.level]), message(language, finding)
