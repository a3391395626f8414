"""What is old enough is thrown away, ingest and figures notice nothing, and the rest is kept."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from psycopg import sql

from fleetgauge.environment import SettingsError
from fleetgauge.settings import load_settings
from models.retention import Retention
from storage.connection import Connection, connect
from storage.kpi.fix_ages import PositionsNotKept
from storage.retention.due import due
from storage.retention.shrinking import SPARE
from storage.retention.throw_away import BusyElsewhere, leading, maintain, throw_away
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

KEPT = Retention(timedelta(days=60), timedelta(days=20), timedelta(days=60))
OLD = (NOW - 100 * DAY).replace(hour=12, minute=0, second=0)


def count(connection: Connection, table: str) -> int:
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def bad(at: datetime) -> Sent:
    return at, "fleet/op/3/position", {"observed_at": at.isoformat(), "latitude": "north"}


def history() -> list[Sent]:
    """Two buses, of a hundred days ago, of forty, and of now; a third with a wrong message."""
    days = (OLD, OLD + 60 * DAY, NOW - HOUR)
    sent = [
        position(day + turn * MINUTE, vehicle, cctv=turn % 2 == 0)
        for day in days
        for turn in range(20)
        for vehicle in ("1", "2")
    ]
    return [*sent, bad(OLD), bad(NOW - 2 * HOUR)]


def kept_for_ever(connection: Connection) -> list[list[tuple[Any, ...]]]:
    tables = ("vehicle_day", "vehicle_state", "registry_entry", "operator", "worker_uptime")
    return [
        sorted(
            connection.execute(
                sql.SQL("select row::text from {} as row").format(sql.Identifier(each))
            ),
            key=repr,
        )
        for each in tables
    ]


def test_only_what_is_old_enough_goes(url: str, database: Connection) -> None:  # noqa: F811
    """Positions before the horizon, and no figure of after it is another; days stay for ever."""
    register(database, "1", "2")
    receive(url, history(), 100)
    asked = [
        ("share", "--at", (OLD + 60 * DAY + 5 * MINUTE).isoformat()),
        ("untrackable", "--at", (OLD + 60 * DAY + HOUR).isoformat()),
        ("report", "--on", f"{OLD + DAY:%Y-%m-%d}"),
    ]
    before = [run(*each, "--json").stdout for each in asked]
    stays = kept_for_ever(database)
    assert document("share", "--at", (OLD + 5 * MINUTE).isoformat())["vehicles"] == 2

    maintain(url, KEPT, NOW)

    assert [run(*each, "--json").stdout for each in asked] == before
    assert all(before)
    assert kept_for_ever(database) == stays
    assert count(database, "report") == 80
    assert count(database, "rejected_message") == 1
    ended = run("share", "--at", (OLD + 5 * MINUTE).isoformat())
    assert isinstance(ended.exception, PositionsNotKept)
    assert "no longer kept" in str(ended.exception)
    assert maintain(url, KEPT, NOW) == []


@one_engine
def test_states_that_a_long_transaction_spread_are_brought_together(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
) -> None:
    """Nothing of them changes; the next run leaves them as they are."""
    receive(url, [position(NOW, str(vehicle)) for vehicle in range(200)], 200)
    with connect(url, "somebody") as other:
        other.execute("set transaction isolation level repeatable read")
        other.execute("select from vehicle_state")
        for _ in range(180):
            database.execute("update vehicle_state set speed = speed")
    row = "select vehicle_key, state::text from vehicle_state as state order by 1"
    before = database.execute(row).fetchall()
    assert document("maintain")["shrunk"] > SPARE
    assert database.execute(row).fetchall() == before
    assert document("maintain")["shrunk"] == 0


@one_engine
def test_a_reading_that_a_later_one_hid_is_not_made_up(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
) -> None:
    """Noon's camera was broken, the evening's was not: of noon nothing is kept, and so it says."""
    register(database, "1", cctv=True)
    receive(url, [position(OLD, cctv=False), position(OLD + 6 * HOUR, cctv=True)])
    receive(url, [position(NOW - HOUR, cctv=True)])
    noon = (OLD + MINUTE).isoformat()
    assert document("share", "--at", noon)["indicators"]["cctv"]["vehicles"] == 0
    maintain(url, KEPT, NOW)
    assert isinstance(run("share", "--at", noon).exception, PositionsNotKept)
    assert document("share", "--at", (NOW - MINUTE).isoformat())["indicators"]["cctv"]["vehicles"]


def test_when_messages_were_rejected_stays_by_the_quarter(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
) -> None:
    """Of what is old the last minute of each, on which the reasons of a KPI rest; the rest goes."""
    register(database, "3")
    receive(url, [bad(OLD + turn * MINUTE) for turn in range(35)])
    receive(url, [bad(NOW - HOUR + turn * MINUTE) for turn in range(20)])
    asked = ("report", "--on", f"{OLD + DAY:%Y-%m-%d}", "--json")
    before = run(*asked).stdout
    assert '"rejected"' in before
    assert count(database, "rejection") == 55
    never_analysed = {each.relation: each for each in due(database, KEPT, NOW)}
    assert never_analysed["rejection"].rows == 32
    assert never_analysed["rejection"].bytes > 0
    maintain(url, KEPT, NOW)
    old = database.execute(
        "select minute from rejection where minute < %s order by 1", [NOW - DAY]
    ).fetchall()
    assert [row[0] for row in old] == [OLD + minutes * MINUTE for minutes in (14, 29, 34)]
    assert count(database, "rejection") == 3 + 20
    assert run(*asked).stdout == before
    assert isinstance(run("untrackable", "--at", OLD.isoformat()).exception, PositionsNotKept)
    assert maintain(url, KEPT, NOW) == []


@one_engine
def test_who_sent_a_backlog_is_late_and_not_silent(url: str, database: Connection) -> None:  # noqa: F811
    """The positions of the backlog are thrown away; that it came is still the reason."""
    register(database, "1")
    horizon = (NOW - 60 * DAY).replace(hour=0, minute=0, second=0)
    observed = position(horizon - 10 * DAY)
    came = horizon + 2 * DAY
    receive(url, [(came, *observed[1:]), position(NOW - HOUR)])
    at = ("untrackable", "--at", (came + MINUTE).isoformat())
    (before,) = document(*at)["untrackable"]
    assert before["reason"] == "late"
    maintain(url, KEPT, NOW)
    (after,) = document(*at)["untrackable"]
    assert (after["reason"], after["contact_at"]) == ("late", before["contact_at"])


def test_a_dry_run_changes_nothing(
    url: str,  # noqa: F811
    database: Connection,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It names what would go, with its bytes; the run itself then says the same."""
    receive(url, history(), 100)
    database.execute("vacuum analyze report")
    monkeypatch.setenv("FLEETGAUGE_KEEP_POSITIONS", "60d")
    monkeypatch.setenv("FLEETGAUGE_KEEP_REJECTED", "0")
    would = document("maintain", "--dry-run")
    assert (would["dry_run"], count(database, "report")) == (True, 120)
    (positions,) = (each for each in would["tables"] if each["table"] == "report")
    assert (positions["rows"] or 40) == 40
    assert positions["bytes"] > 0
    assert count(database, "horizon") == 0
    assert document("maintain")["tables"] == would["tables"]
    assert count(database, "report") == 80
    assert "nothing is old enough" in run("maintain").stdout


def test_what_was_stopped_half_way_goes_on(url: str, database: Connection) -> None:  # noqa: F811
    """After the first step nothing old is answered any more, and the next run does the rest."""
    register(database, "1", "2")
    receive(url, history(), 100)
    with leading(url) as connection:
        (positions, *_) = due(connection, KEPT, NOW)
        assert len(list(islice(throw_away(connection, positions), 1))) == 1
    assert isinstance(run("share", "--at", OLD.isoformat()).exception, PositionsNotKept)
    maintain(url, KEPT, NOW)
    assert count(database, "report") == 80


@one_engine
def test_one_throws_away_at_a_time(url: str) -> None:  # noqa: F811
    """A second one says that another does, and ends with 1."""
    with leading(url), pytest.raises(BusyElsewhere), leading(url):
        raise AssertionError("two at once")
    with leading(url):
        ended = run("maintain")
        assert ended.exit_code == 1
        assert isinstance(ended.exception, BusyElsewhere)


@one_engine
def test_the_account_by_the_day_has_the_same_sums(url: str, database: Connection) -> None:  # noqa: F811
    """What was received is still what became of it, over all and by reason."""
    receive(url, history(), 7)
    for hours in (1, 2, 30):
        binds = {"back": timedelta(days=70, hours=hours)}
        database.execute(
            "insert into reception select date_trunc('hour', now()) - %(back)s, worker, received,"
            " stored, duplicate, contact, rejected from reception where hour > now() - interval"
            " '2 hours' on conflict do nothing",
            binds,
        )
    sums = "select sum(received), sum(stored), sum(rejected) from reception"
    before = database.execute(sums).fetchall()
    maintain(url, KEPT, NOW)
    assert database.execute(sums).fetchall() == before
    old = database.execute(
        "select count(*) from reception where hour < %s and extract(hour from hour) > 0",
        (NOW - 61 * DAY,),
    ).fetchone()
    assert old == (0,)


def test_positions_may_not_go_before_late_ones_are_refused() -> None:
    """The setting that would do so stops the start, with its name and what it takes."""
    with pytest.raises(SettingsError, match="FLEETGAUGE_KEEP_POSITIONS"):
        load_settings(keep_positions=timedelta(days=31))
    assert load_settings(keep_positions=timedelta()).retention.positions == timedelta()


def test_unless_set_positions_are_kept_as_long_as_late_ones_are_taken() -> None:
    """To take reports of 400 days ago needs no second setting."""
    found = load_settings(max_age=400 * DAY).retention.positions
    assert (load_settings().retention.positions, found) == (400 * DAY, 402 * DAY)
