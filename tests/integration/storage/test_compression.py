"""Days of positions that TimescaleDB's community edition has compressed: the same answers.

The servers that the tests make have the Apache edition. This runs where
FLEETGAUGE_TEST_DATABASE_URL names one with the other, 2.21 or later.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import sql

from models.retention import Retention
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.retention.compressing import Compressed, compress, compressible
from storage.sql import queries
from tests.integration.dashboards.simulated_hour import store
from tests.integration.storage.test_archive import FIRST, documents, fill, folder, moments
from tests.integration.storage.test_backup import tools
from tests.integration.storage.test_cases import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    Sent,
    database,  # noqa: F401 (a fixture)
    document,
    outcomes,
    position,
    receive,
    run,
    url,  # noqa: F401 (a fixture)
)
from tests.servers.databases import Databases

__all__ = ["folder", "tools"]
KEPT = Retention(timedelta(), timedelta(), timedelta(), timedelta(days=7))
ROWS = (
    "select vehicle_id, (to_jsonb(report) - 'vehicle_key')::text from report"
    " join vehicle using (vehicle_key) order by 1, 2"
)

timescaledb = pytest.mark.parametrize("database_url", ["timescaledb"], indirect=True)


@pytest.fixture
def community(database: Connection) -> Connection:  # noqa: F811
    """A database of an edition that compresses."""
    if not can_compress(database):
        pytest.skip(
            "needs TimescaleDB's community edition, 2.21 or later: name one in "
            "FLEETGAUGE_TEST_DATABASE_URL"
        )
    return database


def can_compress(database: Connection) -> bool:  # noqa: F811
    row = database.execute(queries("columnstore")["offered"]).fetchone()
    return row is not None and bool(row[1])


def compressed_chunks(database: Connection) -> int:  # noqa: F811
    query = (
        "select count(*) from timescaledb_information.chunks"
        " where hypertable_name = 'report' and is_compressed"
    )
    return int((database.execute(query).fetchone() or (0,))[0])


@timescaledb
def test_the_same_answers_of_compressed_days(url: str, community: Connection) -> None:  # noqa: F811
    """Shares and lists of any moment, as before; the newest days stay as they are."""
    fill(url, community)
    asked = moments()
    before = documents(asked)
    dry = document("maintain", "--dry-run")["compressed"]
    done = document("maintain")["compressed"]
    assert done["chunks"] == dry["chunks"] == compressed_chunks(community) > 3
    assert documents(asked) == before
    assert compressible(community, KEPT, NOW) == []


@timescaledb
def test_late_reports_of_compressed_days_are_stored_once(
    url: str,  # noqa: F811
    community: Connection,
) -> None:
    """Those that are there change nothing, flags are added to, and the next run compresses them."""
    day = [position(FIRST + turn * MINUTE, "1") for turn in range(200)]
    receive(url, day[::2], 50)
    assert compress(url, KEPT, NOW).chunks == 1
    assert compress(url, KEPT, NOW) == Compressed()
    (_at, topic, payload) = day[0]
    late: list[Sent] = [(NOW, each[1], each[2]) for each in day]
    late[0] = (NOW, topic, {**payload, "cctv": True})
    assert outcomes(receive(url, late, 30)) == (101, 99, 0, 0)
    assert outcomes(receive(url, late, 200)) == (0, 200, 0, 0)
    rows = community.execute(ROWS).fetchall()
    again = compress(url, KEPT, NOW)
    assert again.chunks == 1
    assert community.execute(ROWS).fetchall() == rows
    sent = community.execute("select count(*) from report where latitude is not null").fetchone()
    assert sent == (200,)


@timescaledb
def test_compressed_days_are_archived_and_thrown_away(
    url: str,  # noqa: F811
    community: Connection,
    folder: object,
) -> None:
    """And the archive answers the same; one that is forgotten is gone from them."""
    assert folder
    fill(url, community)
    asked = moments()
    before = documents(asked)
    compress(url, KEPT, NOW)
    held = compressed_chunks(community)
    document("archive")
    thrown = document("maintain")
    assert thrown["bytes"] > 0
    assert compressed_chunks(community) < held
    assert documents(asked) == before
    assert run("forget", "op/1", "--yes").exit_code == 0
    left = "select count(*) from report join vehicle using (vehicle_key) where vehicle_id = '1'"
    assert community.execute(left).fetchone() == (0,)


@timescaledb
def test_a_position_takes_a_fraction(url: str, community: Connection) -> None:  # noqa: F811
    """Of an hour of simulated buses, a third at most; docs/performance.md has a day's."""
    store(url, 100, year_ago=False)
    done = compress(url, KEPT, NOW + 9 * DAY)
    rows = community.execute("select count(*) from report").fetchone() or (0,)
    print(f"{rows[0]} positions: {done.before / rows[0]:.1f} B, then {done.after / rows[0]:.1f} B")
    assert done.after < done.before / 3


@timescaledb
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("what", ["whole", "--figures-only"])
def test_a_backup_has_what_is_compressed(
    url: str,  # noqa: F811
    community: Connection,
    timescaledb_databases: Databases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    """All of it, or without positions nothing of it; the restored database goes on."""
    fill(url, community)
    compress(url, KEPT, NOW)
    before = documents(moments())
    file = tmp_path / "backup.dump"
    document("backup", *([] if what == "whole" else [what]), str(file))
    target = timescaledb_databases.create_database()
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", target)
    document("restore", str(file))
    with connect(target, "test", autocommit=True) as restored:
        rows = restored.execute(ROWS).fetchall()
    if what == "whole":
        assert rows == community.execute(ROWS).fetchall()
        assert documents(moments()) == before
    else:
        assert rows == []
    late = [position(FIRST + turn * MINUTE + 31 * SECOND, "1") for turn in range(5)]
    assert outcomes(receive(target, late, 5)) == (5, 0, 0, 0)
    document("maintain")
    timescaledb_databases.drop_database(target)


def test_what_could_not_be_restored_is_not_compressed(
    timescaledb_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By 2.19 and 2.20: `maintain` and `check` say so, where compression is wanted."""
    url = timescaledb_databases.create_database()  # noqa: F811
    with connect(url, "test", autocommit=True) as database:  # noqa: F811
        offered = database.execute(
            "select version from pg_available_extension_versions"
            " where name = 'timescaledb' and version ~ '^2[.](19|20)[.]'"
        ).fetchone()
        if offered is None:
            pytest.skip("needs TimescaleDB 2.19 or 2.20")
        database.execute(
            sql.SQL("create extension timescaledb version {}").format(sql.Literal(offered[0]))
        )
    with connect(url, "test", autocommit=True) as database:
        license_name = database.execute("show timescaledb.license").fetchone()
        if license_name != ("timescale",):
            timescaledb_databases.drop_database(url)
            pytest.skip("needs TimescaleDB's community edition")
    migrate(url)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", url)
    receive(url, [position(NOW - 20 * DAY)])
    done = document("maintain")
    assert offered[0] in done["compression_unused"]
    assert done["compressed"]["chunks"] == 0
    assert f"TimescaleDB {offered[0]}" in run("maintain").stdout
    assert "database.not_compressed" in run("check", "--json").stdout
    monkeypatch.setenv("FLEETGAUGE_COMPRESS_AFTER", "0")
    assert document("maintain")["compression_unused"] is None
    assert "database.not_compressed" not in run("check", "--json").stdout
    timescaledb_databases.drop_database(url)


def test_the_apache_edition_does_without(url: str) -> None:  # noqa: F811
    """Nothing is compressed, and nothing fails."""
    with connect(url, "test", autocommit=True) as database:  # noqa: F811
        if can_compress(database):
            pytest.skip("the server has the community edition")
        receive(url, [position(FIRST + HOUR)])
        assert compressible(database, KEPT, NOW) == []
        assert compress(url, KEPT, NOW) == Compressed()
        assert "community edition" in document("maintain")["compression_unused"]
