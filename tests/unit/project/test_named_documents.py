"""The documents that the sources refer to are in the repository."""

import re
from pathlib import Path

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
DOCUMENTS = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "dashboards/README.md")
_ANCHORED = re.compile(r"\]\(([\w./-]+\.md|)#([\w-]+)\)")
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


def test_readme_links_every_document() -> None:
    """Who starts reading there gets everywhere."""
    documents = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    documents |= {"docs/runbooks/README.md", "dashboards/README.md", "CONTRIBUTING.md"}
    assert documents <= set(_links(ROOT / "README.md"))


def test_links_between_documents_lead_somewhere() -> None:
    """Each link to a document names a file that is there."""
    lost = {
        f"{document.relative_to(ROOT)} links {link}"
        for document in DOCUMENTS
        for link in _links(document)
        if not (document.parent / link).exists()
    }
    assert not lost


def test_anchors_between_documents_lead_somewhere() -> None:
    """Each link to a part of a document names a heading that is there."""
    lost = {
        f"{document.relative_to(ROOT)} links {link}#{anchor}"
        for document in DOCUMENTS
        for link, anchor in _ANCHORED.findall(document.read_text(encoding="utf-8"))
        if anchor not in _anchors(document.parent / link if link else document)
    }
    assert not lost


def _anchors(document: Path) -> set[str]:
    """Return the names of a document's headings, as GitHub and most others make them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def _links(document: Path) -> list[str]:
    return re.findall(r"\]\(([\w./-]+\.md)[#)]", document.read_text(encoding="utf-8"))
