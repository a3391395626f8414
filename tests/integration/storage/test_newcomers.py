"""Vehicles that nobody registered: bounded numbers an hour, counted beyond, and none lost."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from models.decode import decode
from models.rules import Rules
from storage.connection import Connection
from storage.writing import reception
from storage.writing.batch import Batch, Message, Written
from storage.writing.quotas import Quotas
from storage.writing.rejected_list import Selection
from storage.writing.reprocess import Reprocessing
from storage.writing.writer import Writer

QUOTAS = Quotas(new_vehicles=10, new_operators=3)
RULES = Rules()


@pytest.fixture
def writer(url: str) -> Iterator[Writer]:
    with Writer(url, "ingest", "UTC", QUOTAS) as writer:
        yield writer


def receive(writer: Writer, *vehicles: str) -> Written:
    """Write a batch of a position of each vehicle, named operator/vehicle."""
    now, batch = datetime.now(UTC), Batch()
    for vehicle in vehicles:
        payload = {"observed_at": now.isoformat(), "latitude": 57.0, "longitude": 41.0}
        message = Message(f"fleet/{vehicle}/position".encode(), json.dumps(payload).encode(), now)
        batch.add(message, *decode(*message, RULES))
    return writer.write(batch)


def names(database: Connection) -> set[str]:
    rows = database.execute("select operator_id || '/' || vehicle_id from vehicle").fetchall()
    return {name for (name,) in rows}


def register(database: Connection, vehicle: str) -> None:
    operator, _, number = vehicle.partition("/")
    binds = {"operator": operator, "vehicle": number}
    for statement in (
        "insert into operator (operator_id, time_zone) values (%(operator)s, 'UTC')"
        " on conflict do nothing",
        "insert into vehicle (operator_id, vehicle_id) values (%(operator)s, %(vehicle)s)"
        " on conflict do nothing",
        "insert into registry_change (changed_by, source) values ('test', 'test')",
        "insert into registry_entry (known_from, change_id, vehicle_key, operator_id)"
        " select now(), max(change_id), vehicle_key, operator_id"
        " from registry_change, vehicle"
        " where (operator_id, vehicle_id) = (%(operator)s, %(vehicle)s)"
        " group by vehicle_key, operator_id",
    ):
        database.execute(statement.encode(), binds)


def test_invented_vehicles_are_bounded(writer: Writer, database: Connection) -> None:
    """Over batches; what is beyond is rejected and kept, those that were there go on."""
    invented = [f"op/{number}" for number in range(25)]
    first = receive(writer, *invented[:7])
    second = receive(writer, *invented)
    assert (first.stored, first.turned_away) == (7, 0)
    assert (second.stored, second.turned_away, second.rejected.total()) == (10, 15, 15)
    assert names(database) == set(invented[:10])
    totals = reception.totals(database)
    assert (totals["received"], totals["stored"], totals["rejected"]) == (32, 17, 15)


def test_invented_operators_are_bounded(writer: Writer, database: Connection) -> None:
    """Those that came first are taken; all share the vehicles that one operator may have."""
    written = receive(writer, *(f"invented-{number}/1" for number in range(100)))
    assert (written.stored, written.turned_away) == (3, 97)
    again = receive(writer, *(f"invented-{number % 3}/{number}" for number in range(2, 50)))
    assert again.stored == 7
    [(operators,)] = database.execute("select count(*) from operator").fetchall()
    assert (operators, len(names(database))) == (3, 10)


def test_a_registered_operator_has_room_of_its_own(writer: Writer, database: Connection) -> None:
    """Whatever is invented beside it; its vehicles in the fleet list take none of it."""
    for number in range(20):
        register(database, f"ours/{number}")
    receive(writer, *(f"invented-{number}/1" for number in range(100)))
    assert receive(writer, *(f"ours/{number}" for number in range(30))).stored == 30
    assert receive(writer, "ours/31", "theirs/1").turned_away == 2


def test_who_is_registered_is_never_turned_away(writer: Writer, database: Connection) -> None:
    """What was turned away before is stored when it is reprocessed."""
    receive(writer, *(f"op/{number}" for number in range(10)))
    assert receive(writer, "op/late").turned_away == 1
    register(database, "op/late")
    assert receive(writer, "op/late").stored == 1
    [done] = Reprocessing(database, RULES, "UTC").run(Selection())
    assert (done.messages, done.left, done.stored) == (1, 1, 1)
    assert reception.totals(database)["rejected"] == 0


def test_an_hour_later_there_is_room(writer: Writer, database: Connection) -> None:
    """The bound is of the last hour, by the server's clock."""
    receive(writer, *(f"op/{number}" for number in range(10)))
    database.execute("update vehicle set added_at = added_at - interval '1 hour'")
    assert receive(writer, "op/next").stored == 1
