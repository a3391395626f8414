"""Reprocessing rejected messages: what is accepted moves, the account stays true."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from models.decode import decode
from models.rejection import RejectReason
from models.rules import Rules, ServiceArea
from storage.connection import Connection
from storage.writing import reception
from storage.writing.batch import Batch, Message
from storage.writing.rejected_list import Selection, newest
from storage.writing.reprocess import Reprocessed, Reprocessing
from storage.writing.writer import Writer

LONG_AGO = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
ELSEWHERE = Rules(service_area=ServiceArea(0, 0, 1, 1))
TOPIC = b"fleet/op/1/position"
LENIENT = Rules()
EVERYTHING = Selection()


@pytest.fixture
def writer(url: str) -> Iterator[Writer]:
    with Writer(url, "ingest", "UTC") as writer:
        yield writer


def position(seconds_ago: float, **more: object) -> dict[str, object]:
    observed_at = (LONG_AGO - timedelta(seconds=seconds_ago)).isoformat()
    return {"observed_at": observed_at, "latitude": 57.0, "longitude": 41.0, **more}


def receive(
    writer: Writer, payload: object, rules: Rules = ELSEWHERE, *, topic: bytes = TOPIC
) -> None:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    message = Message(topic, raw, LONG_AGO)
    batch = Batch()
    batch.add(message, *decode(*message, rules))
    writer.write(batch)


def reprocess(
    database: Connection, rules: Rules = LENIENT, selection: Selection = EVERYTHING
) -> Reprocessed:
    parts = list(Reprocessing(database, rules, "UTC").run(selection))
    columns = list(zip(*parts, strict=True))
    return Reprocessed(*map(sum, columns)) if parts else Reprocessed(0, 0, 0, 0, 0, 0, 0)


def assert_account(database: Connection, **expected: int) -> None:
    totals = reception.totals(database)
    assert (
        totals
        == {"received": sum(expected.values())}
        | dict.fromkeys(["stored", "duplicate", "contact", "rejected"], 0)
        | expected
    )
    assert reception.totals_by_reason(database).total() == totals["rejected"]


def test_what_is_now_accepted_is_stored_at_its_own_time(
    writer: Writer, database: Connection
) -> None:
    """It counts as if received then, and leaves the list; the days learn of it now."""
    receive(writer, position(5))
    assert_account(database, rejected=1)
    replayed = reprocess(database)
    assert (replayed.messages, replayed.left, replayed.stored) == (1, 1, 1)
    assert_account(database, stored=1)
    assert list(newest(database, EVERYTHING, 10)) == []
    fix = database.execute("select observed_at, received_at from report").fetchall()
    assert fix == [(LONG_AGO - timedelta(seconds=5), LONG_AGO)]
    day = database.execute("select day, recorded_on = now()::date from vehicle_day").fetchone()
    assert day == (LONG_AGO.date(), True)


def test_what_is_still_rejected_stays(writer: Writer, database: Connection) -> None:
    """With its number, its newest reason and detail; the account knows the new reason."""
    receive(writer, position(40 * 86400), Rules(max_age=timedelta(days=1)))
    receive(writer, position(5, latitude=0, longitude=0), Rules(max_age=timedelta(seconds=1)))
    before = {number: row.reason for number, row in newest(database, EVERYTHING, 10)}
    assert list(before.values()) == ["too_old", "too_old"]
    replayed = reprocess(database)
    assert (replayed.left, replayed.rejected) == (0, 2)
    after = dict(newest(database, EVERYTHING, 10))
    assert after.keys() == before.keys()
    assert {row.reason for row in after.values()} == {"too_old", "null_island"}
    assert any("30 days" in row.detail for row in after.values())
    assert_account(database, rejected=2)


def test_only_the_rejected_elements_are_reprocessed(writer: Writer, database: Connection) -> None:
    """The other reports of an array were counted when they were stored."""
    inside = {"latitude": 0.5, "longitude": 0.5}
    array = [position(0), position(1, **inside), position(2), position(3, latitude=200), {}]
    receive(writer, array)
    assert_account(database, stored=1, rejected=4)
    replayed = reprocess(database)
    assert (replayed.stored, replayed.duplicate, replayed.rejected) == (2, 0, 2)
    assert_account(database, stored=3, rejected=2)
    rows = {row.reason: row.elements for _, row in newest(database, EVERYTHING, 10)}
    assert rows == {"out_of_range": (3,), "schema": (4,)}
    assert reprocess(database).stored == 0
    assert_account(database, stored=3, rejected=2)


def test_a_message_received_often_counts_each_time(writer: Writer, database: Connection) -> None:
    """One of them is stored, the others are its duplicates."""
    for _ in range(3):
        receive(writer, position(5))
    assert_account(database, rejected=3)
    reprocess(database)
    assert_account(database, stored=1, duplicate=2)


def test_what_came_otherwise_meanwhile_is_a_duplicate(writer: Writer, database: Connection) -> None:
    """The same vehicle and instant is there already."""
    receive(writer, position(5))
    receive(writer, position(5, speed=3), Rules())
    reprocess(database)
    assert_account(database, stored=1, duplicate=1)


def test_a_contact_stays_a_contact(writer: Writer, database: Connection) -> None:
    """Neither position nor flag: only that the vehicle was heard, and when."""
    late = Rules(max_age=timedelta(seconds=-3600))
    receive(writer, position(5, latitude=None, longitude=None), late)
    reprocess(database)
    assert_account(database, contact=1)
    heard = database.execute("select contact_at from vehicle_state").fetchone()
    assert heard == (LONG_AGO,)


def test_a_message_that_opens_counts_what_is_in_it(writer: Writer, database: Connection) -> None:
    """It counted as one while nobody knew better; those beyond the one are received now."""
    receive(writer, [position(0), position(1), {}], Rules())
    database.execute("update rejected_message set elements = '{}', reason = 'not_json'")
    database.execute("truncate report, vehicle_day, reception_rejected")
    database.execute("update reception set received = 1, stored = 0, rejected = 1")
    database.execute("insert into reception_rejected values (now(), 'ingest', 'not_json', 1)")
    reprocess(database)
    assert_account(database, stored=2, rejected=1)


def test_a_newer_state_is_not_overwritten(writer: Writer, database: Connection) -> None:
    """A replayed report is as late as any other late one."""
    receive(writer, position(5, route_id="old"))
    receive(writer, position(0, route_id="new"), Rules())
    reprocess(database)
    state = database.execute(
        "select fix_at, route_id from vehicle_state join journey using (journey_key)"
    ).fetchone()
    assert state == (LONG_AGO, "new")


def test_the_selection_bounds_the_replay(writer: Writer, database: Connection) -> None:
    """By reason, operator, time or number; the rest is left alone."""
    receive(writer, position(5))
    receive(writer, position(5), topic=b"fleet/other/1/position")
    for selection in (
        Selection(reason=RejectReason.SCHEMA),
        Selection(operator_id="nobody"),
        Selection(since=LONG_AGO + timedelta(seconds=1)),
        Selection(until=LONG_AGO),
        Selection(rejected_id=0),
    ):
        assert reprocess(database, selection=selection).messages == 0
    assert reprocess(database, selection=Selection(operator_id="other")).left == 1
    assert reprocess(database, selection=Selection(until=LONG_AGO + timedelta(days=1))).left == 1


def test_one_that_the_database_rejects_does_not_hold_up_the_others(
    writer: Writer, database: Connection
) -> None:
    """It stays in the list with the database's words."""
    for number in range(1, 6):
        receive(writer, position(number, satellites=number))
    database.execute("alter table report add check (satellites <> 3)")
    replayed = reprocess(database)
    assert (replayed.left, replayed.stored, replayed.rejected) == (4, 4, 1)
    [(_, row)] = newest(database, EVERYTHING, 10)
    assert "the database rejects it" in row.detail
    assert_account(database, stored=4, rejected=1)


def test_more_than_a_transaction_holds(writer: Writer, database: Connection) -> None:
    """A long list is worked off in parts."""
    batch = Batch()
    for seconds in range(350):
        message = Message(TOPIC, json.dumps(position(seconds)).encode(), LONG_AGO)
        batch.add(message, *decode(*message, ELSEWHERE))
    writer.write(batch)
    assert reprocess(database).stored == 350
    assert_account(database, stored=350)
