"""Positions in Parquet files: what was thrown away is answered from them, byte for byte."""

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest

from storage.archive.archiving import archive_days
from storage.archive.forgetting import files_in_question, forget_archived
from storage.archive.store import ArchiveUnusable, Store, Verified
from storage.connection import Connection, connect
from storage.kpi.fix_ages import PositionsNotKept
from storage.sql import queries
from tests.integration.storage.test_cases import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    Sent,
    database,  # noqa: F401 (a fixture)
    document,
    one_engine,
    position,
    receive,
    register,
    run,
    url,  # noqa: F401 (a fixture)
)
from tests.servers.waiting import wait_until

FIRST = (NOW - 64 * DAY).replace(hour=6, minute=0, second=0)
ROUTES = (None, "7", "12А")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive; positions are kept for 58 days."""
    monkeypatch.setenv("FLEETGAUGE_ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("FLEETGAUGE_KEEP_POSITIONS", "58d")
    monkeypatch.setenv("FLEETGAUGE_MAX_AGE", "55d")
    monkeypatch.setenv("FLEETGAUGE_KEEP_REJECTED", "0")
    return tmp_path / "archive"


def history() -> list[Sent]:
    """Four days of five buses that fail in every way, and the present of three of them."""
    draw = random.Random(7)
    sent: list[Sent] = []
    for day in range(4):
        for minute in range(0, 12 * 60, 20):
            at = FIRST + day * DAY + minute * MINUTE
            more = {
                "speed_mps": draw.randrange(2000) / 100,
                "bearing_deg": draw.randrange(3600) / 10,
            }
            route = draw.choice(ROUTES)
            place = {"latitude": 57 + draw.random(), "longitude": -41 - draw.random()}
            sent.append(
                position(at, "1", cctv=draw.random() < 0.5, **more, **place, route_id=route)
            )
            if day == 0 or draw.random() < 0.4:
                sent.append(position(at + 7 * SECOND, "2", hdop=0.9, satellites=9, **place))
            if day < 2:
                # Heard, without a position; then silent.
                payload: dict[str, Any] = {"observed_at": at.isoformat(), "cashless": day == 0}
                sent.append((at + SECOND, "fleet/op/3/equipment", payload))
            elif minute == 600:
                sent.append((at, "fleet/op/3/position", {"observed_at": "?"}))
            if day == 1:
                # A backlog that comes a day later.
                late = position(at, "4", **place)
                sent.append((at + DAY, *late[1:]))
    sent.append(position(FIRST - DAY, "5"))
    sent += [position(NOW - HOUR, vehicle, cctv=True) for vehicle in "125"]
    return sorted(sent, key=lambda each: each[0])


def moments() -> list[datetime]:
    hours = (3.3, 17, 24 + 11.7, 24 * 2 - 4, 24 * 2 + 3.3, 24 * 3 + 11.7, 24 * 4 + 17)
    return [FIRST + each * HOUR + 17 * SECOND for each in hours]


def documents(asked: Sequence[datetime]) -> list[str]:
    found = []
    for at in asked:
        for command, window in (("share", "5m"), ("untrackable", "5m"), ("untrackable", "36h")):
            ended = run(command, "--at", at.isoformat(), "--window", window, "--json")
            assert ended.exit_code == 0, (at, command, ended.exception)
            found.append(ended.stdout)
    return found


def fill(url: str, database: Connection) -> None:  # noqa: F811
    register(database, "1", "2", "3", "4", "5", "6", cctv=True)
    receive(url, history(), 40)


def count(database: Connection) -> int:  # noqa: F811
    row = database.execute("select count(*) from report where observed_at < %s", (NOW - 59 * DAY,))
    return int((row.fetchone() or (0,))[0])


@pytest.mark.usefixtures("folder")
def test_what_was_thrown_away_has_the_same_bytes(url: str, database: Connection) -> None:  # noqa: F811
    """Shares and lists of any moment and window; and nothing of it is left behind."""
    fill(url, database)
    asked = moments()
    before = documents(asked)
    archived = document("archive")
    assert archived["positions"] == count(database)
    document("maintain")
    assert count(database) == 0
    assert documents(asked) == before
    assert len(set(before)) > len(asked)
    assert count(database) == 0


@one_engine
@pytest.mark.usefixtures("folder")
def test_only_what_is_archived_is_thrown_away(url: str, database: Connection) -> None:  # noqa: F811
    """A day of which more came since stays until it is archived again."""
    fill(url, database)
    all_of_it = count(database)
    assert document("maintain")["unarchived_from"] == f"{(FIRST - DAY).date()}"
    assert count(database) == all_of_it
    document("archive")
    receive(url, [position(FIRST + 2 * DAY + 5 * SECOND, "1")])
    document("maintain")
    assert 0 < count(database) < all_of_it
    at = FIRST + 2 * DAY + MINUTE
    before = documents([at])
    assert document("archive")["days"] == 1
    assert document("maintain")["unarchived_from"] is None
    assert count(database) == 0
    assert documents([at]) == before


@one_engine
def test_a_damaged_file_is_named(url: str, database: Connection, folder: Path) -> None:  # noqa: F811
    """By the question that needs it and by `archive verify`; both end with 1."""
    fill(url, database)
    document("archive")
    document("maintain")
    assert document("archive", "verify")["files"] > 12
    (file,) = folder.glob(f"positions/*/{FIRST + DAY:%Y-%m-%d}.parquet")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    at = (FIRST + DAY + HOUR).isoformat()
    for ended in (run("share", "--at", at), run("archive", "verify")):
        assert ended.exit_code == 1
        assert isinstance(ended.exception, ArchiveUnusable)
        assert file.name in str(ended.exception)
    file.unlink()
    assert f"{file.name} is missing" in str(run("untrackable", "--at", at).exception)
    (other,) = folder.glob(f"before/*/{FIRST:%Y-%m-%d}.parquet")
    other.write_bytes(b"")
    both = str(run("archive", "verify").exception)
    assert "2 of " in both
    assert file.name in both
    assert other.name in both


@one_engine
def test_a_day_can_be_put_back(url: str, database: Connection, folder: Path) -> None:  # noqa: F811
    """All of it as it was, and the next maintenance leaves it there."""
    fill(url, database)
    rows = "select row::text from report as row where observed_at::date = %s order by 1"
    day = (FIRST + DAY).date()
    before = database.execute(rows, (day,)).fetchall()
    document("archive")
    document("maintain")
    assert database.execute(rows, (day,)).fetchall() == []
    assert document("archive", "restore", f"{day}")["positions"] == len(before)
    assert database.execute(rows, (day,)).fetchall() == before
    document("maintain")
    assert database.execute(rows, (day,)).fetchall() == before
    ended = run("archive", "restore", "2001-01-01")
    assert isinstance(ended.exception, PositionsNotKept)
    found = cast("list[dict[str, Any]]", document("archive", "list"))
    (listed,) = (
        each["rows"] for each in found if (each["day"], each["part"]) == (f"{day}", "positions")
    )
    assert listed == len(before)
    assert folder.is_dir()


@one_engine
@pytest.mark.usefixtures("folder")
def test_a_forgotten_vehicle_does_not_come_back(url: str, database: Connection) -> None:  # noqa: F811
    """Neither for a look nor for a week; the others do."""
    fill(url, database)
    document("archive")
    document("maintain")
    run("forget", "op/2", "--yes")
    day = FIRST.date()
    document("archive", "restore", f"{day}")
    restored = database.execute(
        "select distinct vehicle_id from report join vehicle using (vehicle_key)"
        " where observed_at::date = %s",
        (day,),
    ).fetchall()
    assert {name for (name,) in restored} >= {"1", "3"}
    assert ("2",) not in restored


def holds(folder: Path, vehicle: str) -> list[str]:
    """The files that have a row of a vehicle."""
    return [
        path.name
        for path in sorted(folder.glob("[bp]*/*/*"))
        if vehicle in pq.read_table(path)["vehicle_id"].to_pylist()
    ]


@one_engine
def test_a_forgotten_vehicle_is_taken_out_of_the_files(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    folder: Path,
) -> None:
    """And nothing else is; a run that is stopped half-way is finished by the next."""
    fill(url, database)
    document("archive")
    document("maintain")
    asked = [FIRST + DAY + 11.7 * HOUR, FIRST + 3 * DAY + 5 * HOUR]
    held = holds(folder, "2")
    others = {vehicle: len(holds(folder, vehicle)) for vehicle in "1345"}
    assert held
    told = run("forget", "op/2", "--yes")
    assert "files of the archive may still hold positions of it" in told.stderr
    before = documents(asked)
    store = Store(str(folder))
    stopped = forget_archived(database, store, files_in_question(database))
    while not next(stopped):
        pass
    del stopped
    assert len(holds(folder, "2")) == len(held)
    found = document("archive", "forget")
    assert found["positions"] > 0
    assert holds(folder, "2") == []
    assert {vehicle: len(holds(folder, vehicle)) for vehicle in "1345"} == others
    listed = cast("list[dict[str, Any]]", document("archive", "list"))
    assert document("archive", "verify")["files"] == len(listed) == len([*folder.glob("*/*/*")])
    assert documents(asked) == before
    assert document("archive", "forget")["files"] == 0
    assert run("forget", "op/1", "--yes").stderr != ""
    (file,) = folder.glob(f"positions/*/{FIRST:%Y-%m-%d}*")
    file.write_bytes(b"")
    ended = run("archive", "forget")
    assert isinstance(ended.exception, ArchiveUnusable)
    assert file.name in str(ended.exception)


@one_engine
def test_a_vehicle_that_is_forgotten_while_a_day_is_written(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    folder: Path,
) -> None:
    """Is in none of the day's files: they are written again, and that once."""
    fill(url, database)

    class Beside(Store):
        written = 0

        def write(self, path: str, write: Any) -> Verified:
            self.written += 1
            found = super().write(path, write)
            if self.written == 1:
                assert holds(folder, "2")
                assert run("forget", "op/2", "--yes").exit_code == 0
            return found

    store = Beside(str(folder))
    (of_day,) = archive_days(url, store, [FIRST.date()])
    assert [each.path for each in of_day]
    assert holds(folder, "2") == []
    assert holds(folder, "1") != []
    assert store.written == 6
    assert files_in_question(database) == []


@one_engine
@pytest.mark.usefixtures("folder")
def test_who_is_forgotten_while_a_day_is_put_back_is_gone(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
) -> None:
    """To forget waits for what comes back, and takes it away with the rest."""
    fill(url, database)
    (key,) = database.execute(
        "select vehicle_key from vehicle where vehicle_id = '2'"
    ).fetchone() or (0,)
    waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = %s"
    name = database.info.dbname
    with connect(url, "test") as restoring:
        restoring.execute(queries("archive")["keep_from_forgetting"])
        restoring.execute(
            "insert into report select (jsonb_populate_record(report, jsonb_build_object("
            "'observed_at', observed_at - interval '1 year'))).* from report"
            " where vehicle_key = %s",
            (key,),
        )
        with ThreadPoolExecutor(1) as pool:
            told = pool.submit(run, "forget", "op/2", "--yes")
            wait_until(
                lambda: database.execute(waiting, (name,)).fetchone() is not None,
                seconds=60,
                what="forget waits",
            )
            receive(url, [position(NOW, "2")])
            restoring.commit()
            assert told.result().exit_code == 0
    left = database.execute("select count(*) from report where vehicle_key = %s", (key,))
    assert left.fetchone() == (0,)


@one_engine
@pytest.mark.usefixtures("folder")
def test_when_a_position_was_recorded_goes_and_comes_with_it(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    tmp_path: Path,
) -> None:
    """As history bears it that names its receptions; that of what is kept stays."""
    receive(url, [position(NOW - HOUR)])
    lines = [
        f"op,1,{at.isoformat()},{(at + SECOND).isoformat()},57.0,41.0\n"
        for at in (FIRST, FIRST + MINUTE, NOW - 20 * DAY)
    ]
    header = "operator_id,vehicle_id,observed_at,received_at,latitude,longitude\n"
    (tmp_path / "old.csv").write_text(header + "".join(lines))
    document("backfill", str(tmp_path / "old.csv"))

    def recorded() -> list[tuple[Any, ...]]:
        query = "select observed_at, recorded_at from recorded_later order by 1"
        return database.execute(query).fetchall()

    before = recorded()
    assert [at for at, _ in before] == [FIRST, FIRST + MINUTE, NOW - 20 * DAY]
    document("archive")
    thrown = {each["table"]: each["rows"] for each in document("maintain")["tables"]}
    assert thrown["recorded_later"] == 2
    assert recorded() == before[2:]
    document("archive", "restore", f"{FIRST.date()}")
    assert recorded() == before
    assert document("maintain")["tables"] == []
    assert recorded() == before


@one_engine
def test_other_programs_can_read_the_files(url: str, database: Connection, folder: Path) -> None:  # noqa: F811
    """Columns in the words of the documents, units as they say, and a geometry by GeoParquet."""
    fill(url, database)
    document("archive")
    (file,) = folder.glob(f"positions/*/{FIRST:%Y-%m-%d}.parquet")
    table = pq.read_table(file)
    geo = json.loads(table.schema.metadata[b"geo"])
    assert geo["columns"][geo["primary_column"]]["geometry_types"] == ["Point"]
    keys = [(row["vehicle_id"], row["observed_at"]) for row in table.to_pylist()]
    assert keys == sorted(keys)
    row = next(each for each in table.to_pylist() if each["vehicle_id"] == "1")
    (latitude, longitude, speed) = database.execute(
        "select degrees(latitude), degrees(longitude), speed / 100.0 from report"
        " join vehicle using (vehicle_key) where vehicle_id = '1' and observed_at = %s",
        (row["observed_at"],),
    ).fetchone() or (0, 0, 0)
    assert row["geometry"]["y"] == pytest.approx(latitude, abs=3e-8)
    assert row["geometry"]["x"] == pytest.approx(longitude, abs=3e-8)
    assert row["speed_mps"] == pytest.approx(float(speed), abs=1e-4)


@one_engine
def test_without_an_archive_nothing_is_written(
    url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line that says what to set."""
    monkeypatch.delenv("FLEETGAUGE_ARCHIVE", raising=False)
    assert url
    assert "FLEETGAUGE_ARCHIVE" in str(run("archive").exception)


@one_engine
def test_a_moment_after_the_horizon_keeps_its_seconds(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    folder: Path,
) -> None:
    """Of a bus that has been silent since before it, the last position is in the archive."""
    fill(url, database)
    receive(url, [position(NOW - 20 * DAY + timedelta(seconds=3), "2")])
    asked = [NOW - 10 * DAY]
    before = documents(asked)
    document("archive")
    document("maintain")
    assert documents(asked) == before
    assert folder.is_dir()
