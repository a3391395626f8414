"""Which base maps are taken, and what is said of the others."""

from pathlib import Path

import pytest

from tests.servers.pmtiles import MVT, PNG, pmtiles
from web.base_map import BadBaseMap, read_base_map


def test_a_file_says_what_it_is(tmp_path: Path) -> None:
    """Pictures, or vector tiles of either schema; whom it is from, without its markup."""
    file = tmp_path / "region.pmtiles"
    file.write_bytes(pmtiles({}, PNG, {"attribution": '<a href="x">© OSM</a>'}))
    found = read_base_map(str(file), None)
    assert (found.schema, found.attribution, found.host) == (None, "© OSM", None)
    for layer, schema in (("roads", "protomaps"), ("transportation", "openmaptiles")):
        file.write_bytes(pmtiles({}, MVT, {"vector_layers": [{"id": layer}]}))
        assert read_base_map(str(file), "mine").schema == schema


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not a PMTiles file"),
        (b"PK" * 200, "is not a PMTiles file"),
        (b"PMTiles\x02" + bytes(200), "is PMTiles version 2"),
        (pmtiles({}, 0, {}), "tiles of an unknown kind"),
        (pmtiles({}, MVT, {"vector_layers": [{"id": "x"}]}), "unknown schema"),
        (pmtiles({}, PNG, {})[:130], "metadata that cannot be read"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """With the reason."""
    file = tmp_path / "region.pmtiles"
    file.write_bytes(content)
    with pytest.raises(BadBaseMap, match=why):
        read_base_map(str(file), None)
    with pytest.raises(BadBaseMap, match="cannot be read: No such file"):
        read_base_map(str(tmp_path / "none"), None)


def test_an_address_opens_one_host() -> None:
    """With its port, and nothing of its path."""
    found = read_base_map("https://tile.example:8443/a/{z}/{x}/{y}.png?key=1", "© x")
    assert found.host == "https://tile.example:8443"
    for address, why in (
        ("https://tile.example/{z}/{x}.png", "has no {y}"),
        ("ftp://tile.example/{z}/{x}/{y}.png", "is not an http"),
        ("https://a.b; script-src *//{z}/{x}/{y}", "is not an http"),
    ):
        with pytest.raises(BadBaseMap, match=why):
            read_base_map(address, None)
