"""The documents that the sources refer to are in the repository."""

import re

from tests.unit.project.repository import ROOT

PACKAGES = (
    "fleetgauge",
    "ingest",
    "metrics",
    "models",
    "reports",
    "simulator",
    "storage",
    "tests",
    "web",
)
NAMED = re.compile(r"(?<![\w/*.}{-])[\w/.-]*\w\.md\b")


def test_every_document_a_source_names_is_there() -> None:
    """A reader who follows a docstring's reference finds it."""
    sources = [source for package in PACKAGES for source in (ROOT / package).rglob("*.py")]
    assert sources
    missing = {
        f"{source.relative_to(ROOT)} names {name}"
        for source in sources
        for name in NAMED.findall(source.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    }
    assert not missing
