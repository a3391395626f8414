"""`fleetgauge backfill`: history from files, the same as if it had been received."""

import csv
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from fleetgauge.commands.errors import CommandError
from models.rules import Rules
from storage.backfill.keeping import Backfill
from storage.backfill.tables import FileUnusable
from storage.connection import Connection
from tests.integration.storage.test_cases import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
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

OLD = (NOW - 390 * DAY).replace(hour=9, minute=0, second=0)
COLUMNS = (
    "operator_id", "vehicle_id", "observed_at", "received_at", "latitude", "longitude",
    "speed_mps", "bearing_deg", "route_id", "cctv", "cctv_working",
)  # fmt: skip
WHAT = (
    "select vehicle_id, observed_at, latitude, longitude, speed, bearing, route_id,"
    " equipment & ((1::bigint << 60) - 1) from report join vehicle using (vehicle_key)"
    " join journey using (journey_key) order by 1, 2"
)
DAYS = (
    "select vehicle_key, day, bit_or(minutes)::text, max(equipment) from vehicle_day"
    " group by 1, 2 order by 1, 2"
)


def rows() -> Iterator[dict[str, Any]]:
    for day in range(3):
        for minute in range(60):
            for vehicle in ("1", "2"):
                at = OLD + day * DAY + minute * MINUTE
                yield {
                    "operator_id": "op",
                    "vehicle_id": vehicle,
                    "observed_at": at.isoformat(),
                    "received_at": (at + timedelta(seconds=1)).isoformat(),
                    "latitude": 57 + minute / 1000,
                    "longitude": -41 - day / 1000,
                    "speed_mps": minute / 10 if minute else "",
                    "bearing_deg": 359.96 if minute == 3 else minute,
                    "route_id": "7" if minute % 2 else "",
                    "cctv": "true" if vehicle == "1" else "",
                    "cctv_working": "false" if minute == 59 and vehicle == "1" else "",
                }


def table(path: Path, lines: Iterator[dict[str, Any]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(lines)
    return path


def messages() -> list[Sent]:
    """The same as a worker receives it."""
    sent = []
    for row in rows():
        at = datetime.fromisoformat(row["observed_at"])
        more: dict[str, Any] = {"latitude": row["latitude"], "longitude": row["longitude"]}
        more["bearing_deg"] = row["bearing_deg"]
        if row["speed_mps"] != "":
            more["speed_mps"] = row["speed_mps"]
        if row["route_id"]:
            more["route_id"] = row["route_id"]
        if row["cctv"]:
            flag: Any = {"fitted": True, "working": False} if row["cctv_working"] else True
            more["cctv"] = flag
        sent.append(position(at, row["vehicle_id"], **more))
    return sent


def test_what_is_backfilled_is_as_if_it_had_been_received(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Positions, days, equipment: of CSV, Parquet, recorded lines; once and a second time."""
    receive(url, messages(), 100)
    expected = database.execute(WHAT).fetchall(), database.execute(DAYS).fetchall()
    file = table(tmp_path / "old.csv", rows())
    parquet = tmp_path / "old.parquet"
    pq.write_table(pyarrow.csv.read_csv(file), parquet)
    lines = tmp_path / "old.dump"
    lines.write_text(
        "".join(
            f"{at.isoformat()} {topic} {json.dumps(payload)}\n" for at, topic, payload in messages()
        )
    )
    for path in (file, parquet, lines):
        clear(database)
        (found,) = document("backfill", str(path))["files"]
        assert (found["rows"], found["stored"], found["rejected"]) == (360, 360, 0), path
        assert (database.execute(WHAT).fetchall(), database.execute(DAYS).fetchall()) == expected
        database.execute("delete from backfilled_file")
        (again,) = document("backfill", str(path))["files"]
        assert (again["stored"], again["duplicate"]) == (0, 360)
        assert (database.execute(WHAT).fetchall(), database.execute(DAYS).fetchall()) == expected


ZONES = ("Europe/Moscow", "Africa/Cairo", "America/Havana", "Asia/Kolkata")
"""Among them two whose clocks change at midnight."""
SUMMER = datetime(2024, 4, 25, 20, tzinfo=UTC)
"""Of the night in which Egypt puts its clocks forward."""
STATES = (
    "select substring(vehicle_id from 2) as name, operator_id, (to_jsonb(state)"
    " - 'vehicle_key' - 'equipment' - 'equipment_since')::text,"
    " array_remove(equipment, null), array_remove(equipment_since, null)"
    " from vehicle_state as state join vehicle using (vehicle_key)"
    " where vehicle_id like %s order by 1, 2"
)
ROWS = (
    "select substring(vehicle_id from 2) as name, operator_id,"
    " (to_jsonb(report) - 'vehicle_key' - 'received_at')::text,"
    " case when received_at < now() - interval '1 day' then received_at end,"
    " recorded_later.observed_at is not null"
    " from report join vehicle using (vehicle_key)"
    " left join recorded_later using (vehicle_key, observed_at)"
    " where vehicle_id like %s order by 1, 2, 3"
)
KEPT_DAYS = (
    "select substring(vehicle_id from 2) as name, operator_id, day, recorded_on, south, north,"
    " west, east, minutes::text, array_remove(equipment, null)"
    " from vehicle_day join vehicle using (vehicle_key)"
    " where vehicle_id like %s order by 1, 2, 3"
)


def some_rows(draw: random.Random, prefix: str, received: bool) -> list[dict[str, Any]]:
    """A few buses around a night, with whatever a row may say."""
    found = []
    for _ in range(draw.randrange(1, 120)):
        within = draw.choice((8 * HOUR, 12 * MINUTE))
        at = SUMMER + draw.random() * within + draw.randrange(3) * DAY
        if draw.random() < 0.1:
            at -= draw.randrange(300) * DAY
        row: dict[str, Any] = {
            "operator_id": f"z{draw.randrange(len(ZONES))}",
            "vehicle_id": f"{prefix}{draw.randrange(3)}",
            "observed_at": at.isoformat(),
            "route_id": draw.choice(("", "7", "8")),
            "cctv": draw.choice(("", "", "true", "false")),
            "cctv_working": draw.choice(("", "true", "false")),
        }
        if received:
            late = draw.choice((1, 1, 20, 900, 4000, -3))
            row["received_at"] = (at + timedelta(seconds=late * draw.random())).isoformat()
        if draw.random() < 0.8:
            row["latitude"], row["longitude"] = 57 + draw.random(), -41 - draw.random()
        found.append(row)
    return found


@one_engine
def test_rows_worked_out_at_once_are_kept_as_the_worker_keeps_them(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reports, states and days of random rows, file after file, by both ways and in parts."""
    for number, zone in enumerate(ZONES):
        database.execute(
            "insert into operator (operator_id, time_zone) values (%s, %s)", (f"z{number}", zone)
        )
    monkeypatch.setattr("storage.backfill.tables.ROWS", 50)
    by_both: dict[str, list[Any]] = {}
    for prefix in "ab":
        draw = random.Random(11)
        for turn in range(8):
            found = some_rows(draw, prefix, received=turn % 2 == 0)
            file = table(tmp_path / f"{prefix}{turn}.csv", iter(found))
            if prefix == "a":
                worked_out = document("backfill", str(file), "--jobs", str(1 + turn % 3))
                by_both.setdefault("counts", []).append(worked_out["files"][0]["stored"])
                continue
            with monkeypatch.context() as patch:
                patch.setattr("storage.backfill.preparing._has_repeats", lambda _: True)
                (general,) = document("backfill", str(file))["files"]
                assert general["stored"] == by_both["counts"][turn]
    for query in (ROWS, STATES, KEPT_DAYS):
        one, other = (database.execute(query.encode(), (f"{p}%",)).fetchall() for p in "ab")
        assert one == other
        assert len(one) > 8
    sums = "select sum(received), sum(stored + duplicate + contact + rejected) from reception"
    received, ended = database.execute(sums).fetchone() or (0, 1)
    assert received == ended


def clear(database: Connection) -> None:  # noqa: F811
    for statement in (
        "delete from report",
        "delete from vehicle_day",
        "delete from backfilled_file",
        "delete from recorded_later",
    ):
        database.execute(statement.encode())


@one_engine
def test_what_is_none_is_counted_by_its_reason(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    tmp_path: Path,
) -> None:
    """And all of it is in the account."""
    assert url
    wrong: list[dict[str, Any]] = [
        {"latitude": 91},
        {"latitude": 0, "longitude": 0},
        {"vehicle_id": "a/b"},
        {"observed_at": (NOW + HOUR).isoformat()},
        {"longitude": ""},
        {"observed_at": ""},
    ]
    good = list(islice(rows(), 3))
    lines = [*good, *({**good[0], **each} for each in wrong)]
    (found,) = document("backfill", str(table(tmp_path / "f.csv", iter(lines))))["files"]
    assert found["reasons"] == {"out_of_range": 2, "null_island": 1, "schema": 2, "in_future": 1}
    assert (found["stored"], found["rejected"], found["first_rejected"]) == (3, 6, 4)
    sums = "select received, stored, rejected from reception where worker = 'backfill'"
    assert database.execute(sums).fetchone() == (9, 3, 6)
    again = run("backfill", str(table(tmp_path / "g.csv", iter(lines)))).stdout
    assert "0 stored" in again
    assert "9 by an earlier run" in again
    fewer = run("backfill", str(table(tmp_path / "h.csv", iter(lines[:-1])))).stdout
    assert "3 duplicate" in fewer
    assert "the first is row 4" in fewer


@one_engine
def test_what_is_backfilled_was_known_from_now_on(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    tmp_path: Path,
) -> None:
    """A report of then, as known on then, has nothing of it; a bus is not heard now."""
    assert url
    register(database, "1", "2")
    document("backfill", str(table(tmp_path / "f.csv", rows())))
    recorded = "select distinct recorded_on >= current_date - 1 from vehicle_day"
    assert database.execute(recorded).fetchall() == [(True,)]
    listed = document("untrackable")["untrackable"]
    assert {each["reason"] for each in listed} == {"silent"}
    then = OLD + 30 * MINUTE
    assert document("share", "--at", then.isoformat())["indicators"]["trackable"]["vehicles"] == 2


@one_engine
def test_what_was_stopped_goes_on_where_it_was(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is kept is passed over, and not looked at again."""
    monkeypatch.setattr("storage.backfill.tables.ROWS", 100)
    file = table(tmp_path / "f.csv", rows())
    worker = Backfill(url, Rules(), "Europe/Moscow")
    (first,) = islice(worker.keep(file), 1)
    assert first.stored == 100
    (found,) = document("backfill", str(file))["files"]
    assert (found["rows"], found["earlier"], found["stored"]) == (360, 100, 260)


@one_engine
def test_a_file_that_will_not_do_is_named(url: str, tmp_path: Path) -> None:  # noqa: F811
    """A missing column, a text where a number should be, a line that is none."""
    assert url
    bad = {
        "a.csv": "operator_id,vehicle_id\nop,1\n",
        "a-without-rows.csv": "operator_id;vehicle_id;observed_at\n",
        "b.csv": "operator_id,vehicle_id,observed_at,latitude\nop,1,2024-01-01T00:00:00Z,north\n",
        "c.parquet": "no",
        "d.dump": "2024-01-01T00:00:00Z nothing\n",
    }
    for name, text in bad.items():
        (tmp_path / name).write_text(text)
        ended = run("backfill", str(tmp_path / name))
        assert ended.exit_code == 1
        assert isinstance(ended.exception, FileUnusable | CommandError), name
        assert name in str(ended.exception)
