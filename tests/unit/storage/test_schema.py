"""The scripts and queries of the schema, as files."""

import re
from importlib.resources import files

import pytest

from storage.schema import needed
from storage.sql import queries, scripts

FOLDER = files("storage.sql")
FILES = sorted(each.name.removesuffix(".sql") for each in FOLDER.joinpath("queries").iterdir())


def test_versions_follow_each_other() -> None:
    """0001, 0002 and so on, without a gap."""
    versions = list(needed().versioned)
    assert versions == [f"{number:04}" for number in range(1, len(versions) + 1)]


def test_no_versioned_script_rests_on_a_repeatable_one() -> None:
    """What a later version of a function does must not change what an old migration did."""
    defined = re.findall(
        r"create or replace (?:function|view) ([\w.]+)", "\n".join(scripts("repeatable").values())
    )
    assert defined
    for name, script in scripts("versioned").items():
        called = [each for each in defined if re.search(rf"\b{re.escape(each)}\s*\(", script)]
        assert called == [], name


@pytest.mark.parametrize("file", FILES)
def test_every_query_is_named_and_described(file: str) -> None:
    """No statement of a file is lost to the loader, and each says what it is for."""
    text = FOLDER.joinpath("queries", f"{file}.sql").read_text(encoding="utf-8")
    assert len(queries(file)) == text.count("-- name: ") > 0
    assert all(queries(file).values())
