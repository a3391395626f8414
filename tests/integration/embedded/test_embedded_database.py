"""The embedded database, as far as the demo relies on it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from fleetgauge.embedded.database import EmbeddedDatabase
from fleetgauge.embedded.failure import EmbeddedPartFailed
from tests.integration.embedded.processes import descendants, wait_until_gone


@pytest.fixture(scope="module")
def database() -> Iterator[EmbeddedDatabase]:
    folder = Path(tempfile.mkdtemp(prefix="fleetgauge-"))
    with EmbeddedDatabase(folder, keep=False) as running:
        yield running
        running.raise_if_failed()


def _one(url: str, statement: LiteralString) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
        assert row is not None
        return str(row[0])


def test_keeps_its_data_from_one_start_to_the_next(place: Path) -> None:
    """What was committed is there after a stop and a start, and no process stays behind."""
    before = descendants()
    with EmbeddedDatabase(place / "kept") as database, psycopg.connect(database.url) as session:
        started = [process for process in descendants() if process not in before]
        session.execute("CREATE TABLE bus AS SELECT 1 AS number")
        session.commit()
    wait_until_gone(started)

    with EmbeddedDatabase(place / "kept") as database:
        assert _one(database.url, "SELECT number FROM bus") == "1"
        assert _one(database.url, "SHOW server_version_num").startswith("18")


def test_commits_are_durable_and_no_port_is_open(database: EmbeddedDatabase) -> None:
    """The demo's settings leave a commit a commit, in UTF-8 and UTC, off the network."""
    assert _one(database.url, "SHOW synchronous_commit") == "on"
    assert _one(database.url, "SHOW fsync") == "on"
    assert _one(database.url, "SHOW full_page_writes") == "on"
    assert _one(database.url, "SHOW listen_addresses") == ""
    assert _one(database.url, "SHOW server_encoding") == "UTF8"
    assert _one(database.url, "SHOW timezone") == "UTC"


def test_drops_its_folder_when_not_to_be_kept(place: Path) -> None:
    """A database not to be kept leaves nothing, even on a path too long for a socket."""
    folder = place / ("long" * 25) / "дом и двор"
    with EmbeddedDatabase(folder, keep=False) as database:
        assert _one(database.url, "SELECT 1") == "1"
    assert not folder.exists()


def test_a_folder_in_use_is_refused(place: Path) -> None:
    """A second start on the same folder fails at once, naming who has it; the first goes on."""
    with EmbeddedDatabase(place) as database:
        with (
            pytest.raises(EmbeddedPartFailed, match=rf"is in use by process {os.getpid()}"),
            EmbeddedDatabase(place),
        ):
            pass
        assert _one(database.url, "SELECT 1") == "1"


def test_an_unfinished_cluster_is_made_again(place: Path) -> None:
    """What an interrupted first start left behind does not stop the next."""
    unfinished = place / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedDatabase(place) as database:
        assert _one(database.url, "SELECT 1") == "1"


def test_a_cluster_of_another_version_is_named(place: Path) -> None:
    """Data of another PostgreSQL are left alone, with both versions in the error."""
    (place / "data").mkdir()
    (place / "data" / "PG_VERSION").write_text("16\n")
    with (
        pytest.raises(EmbeddedPartFailed, match="data is of PostgreSQL 16, not 18"),
        EmbeddedDatabase(place, keep=False),
    ):
        pass
    assert (place / "data" / "PG_VERSION").exists()


def test_a_damaged_cluster_fails_with_the_words_of_its_log(place: Path) -> None:
    """When PostgreSQL will not start, the error has the end of what it logged."""
    (place / "data").mkdir()
    (place / "data" / "PG_VERSION").write_text("18\n")
    with (
        pytest.raises(EmbeddedPartFailed, match=r"ended while starting; .*database\.log ends with"),
        EmbeddedDatabase(place),
    ):
        pass
