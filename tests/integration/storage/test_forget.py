"""A vehicle that is forgotten: what it sent is gone, what was counted stays."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from models.decode import decode
from models.rules import Rules
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.forgetting import NothingKnown, forget
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from tests.integration.storage.test_newcomers import register

PLACE = (57.1234567, 41.7654321)


def send(url: str, *vehicles: str, moments: int = 30) -> None:
    """Write positions of the last minutes, and a message of each vehicle that is rejected."""
    now, batch = datetime.now(UTC).replace(microsecond=0), Batch()
    for vehicle in vehicles:
        topic = f"fleet/{vehicle}/position".encode()
        for minute in range(moments):
            at = (now - timedelta(minutes=minute)).isoformat()
            body = {"observed_at": at, "latitude": PLACE[0], "longitude": PLACE[1], "cctv": True}
            message = Message(topic, json.dumps(body).encode(), now)
            batch.add(message, *decode(*message, Rules()))
        message = Message(topic, b'{"phone": "+79001234567", "lat": ', now)
        batch.add(message, *decode(*message, Rules()))
    with Writer(url, "test", "UTC") as writer:
        writer.write(batch)


def located(database: Connection) -> list[str]:
    """Return the vehicles whose last position is known."""
    query = "select vehicle_id from vehicle_state join vehicle using (vehicle_key)"
    rows = database.execute(f"{query} where latitude > 0".encode()).fetchall()
    return [name for (name,) in rows]


def test_all_that_tells_where_it_was_is_removed(url: str, database: Connection) -> None:
    """Of this vehicle alone; days, counts and the fleet list stay; who did it is on record."""
    send(url, "op/1", "op/2")
    for vehicle in ("op/1", "op/2"):
        register(database, vehicle)
    database.execute("update registry_entry set plate = 'А123ВС37'")
    days = database.execute("select * from vehicle_day order by vehicle_key").fetchall()
    account = database.execute("select * from reception").fetchall()

    done = forget(database, VehicleId("op", "1"), changed_by="auditor")

    assert done == (30, 1, 1, 0)
    for table, left in {"report": 30, "rejected_message": 1, "registry_entry": 2}.items():
        [(rows,)] = database.execute(f"select count(*) from {table}".encode()).fetchall()
        assert rows == left
    plates = "select count(plate) from registry_entry"
    assert database.execute(plates.encode()).fetchone() == (1,)
    assert located(database) == ["2"]
    assert database.execute("select * from vehicle_day order by vehicle_key").fetchall() == days
    assert database.execute("select * from reception").fetchall() == account
    changes = "select changed_by, source from registry_change where source like 'forget%'"
    assert database.execute(changes.encode()).fetchall() == [("auditor", "forget, op/1")]


def test_it_may_report_again(url: str, database: Connection) -> None:
    """As a vehicle that is known."""
    send(url, "op/1", moments=1)
    forget(database, VehicleId("op", "1"), changed_by="auditor")
    send(url, "op/1", moments=1)
    assert located(database) == ["1"]


def test_a_vehicle_that_nobody_knows_is_named(database: Connection) -> None:
    """Nothing is put on record."""
    with pytest.raises(NothingKnown, match="there is no vehicle op/7"):
        forget(database, VehicleId("op", "7"), changed_by="auditor")
    assert database.execute("select count(*) from registry_change").fetchone() == (0,)


def test_personal_fields_of_rejected_messages_are_not_kept(url: str, database: Connection) -> None:
    """Unless a setting says so."""
    send(url, "op/1", moments=0)
    [(payload,)] = database.execute("select payload from rejected_message").fetchall()
    assert payload == b'{"phone": "************", "lat": '
