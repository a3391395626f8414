"""What a browser is sent: MapLibre as it came, and never more than a page may weigh."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

import web
from web.assets import Assets

ROOM = Path(web.__file__).parent
PINNED = {
    "maplibre-gl.js": "053a93bf8097277a8078d597a10e30ee044a513ac510f4dcb2c5159134bba9e6",
    "maplibre-gl.css": "ab1e70d59ec40465bae7e7030da2f3ccf28133fd502e62bd598eefbadfd7a732",
    "pmtiles.js": "ca16879182f180bd18648457701ec7106d2159944dca107fd17afc4110c79056",
}
MOST_BYTES = 400_000
"""Of a page with all it asks for, compressed."""


@pytest.mark.parametrize("name", PINNED)
def test_vendored_file_is_the_one_that_was_looked_at(name: str) -> None:
    """web/vendor/README.md says which it is; its licence is beside it."""
    assert sha256((ROOM / "vendor" / name).read_bytes()).hexdigest() == PINNED[name]
    licence = ROOM / "vendor" / f"{name.rpartition('.')[0]}.LICENSE.txt"
    assert "Redistribution" in licence.read_text()


def test_pages_are_light() -> None:
    """All files together, which no page asks for."""
    assert sum(len(file.compressed) for file in Assets().files.values()) < MOST_BYTES


@pytest.mark.parametrize("path", sorted((ROOM / "templates").iterdir()), ids=lambda path: path.name)
def test_no_script_or_style_within_a_page(path: Path) -> None:
    """The policy would not run it; and nothing of a value is put in without being escaped."""
    text = path.read_text()
    assert not re.search(r"<script(?! [^>]*src=)|<style|\sstyle=|\son\w+=|javascript:", text)
    assert set(re.findall(r"\{\{ ([\w.]+) \| safe", text)) <= {
        "view.more",
        "view.summary",
        "view.warning",
        "html",
    }


@pytest.mark.parametrize("path", sorted((ROOM / "static").iterdir()), ids=lambda path: path.name)
def test_no_file_of_ours_names_another_host(path: Path) -> None:
    """Only the name of the namespace of SVG is an address."""
    addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text()))
    assert addresses <= {"http://www.w3.org/2000/svg"}
