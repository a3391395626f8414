"""Keeping rejected messages: folded, bounded in number and bytes, and fast under a flood."""

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from models.rejection import Rejection, RejectReason
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.writing import rejected
from storage.writing.batch import Message, RejectedMessage
from storage.writing.quotas import Quotas
from storage.writing.rejected import PAYLOAD_BYTES
from storage.writing.rejected_list import Selection, count, newest

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVERYTHING = Selection()
QUOTAS = Quotas(rejected_messages=100, rejected_bytes=1_000_000)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    migrate(database_url)
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


def message_of(
    payload: bytes, *, operator: str | None = "op", received_at: datetime = NOON
) -> RejectedMessage:
    vehicle = VehicleId(operator, "1") if operator else None
    rejection = Rejection(RejectReason.NOT_JSON, "no JSON", vehicle)
    return RejectedMessage(
        Message(f"fleet/{operator}/1/x".encode(), payload, received_at), [rejection]
    )


def many(messages: int, **more: str | None) -> list[RejectedMessage]:
    return [message_of(b"%d" % number, **more) for number in range(messages)]  # type: ignore[arg-type]


def test_a_message_is_kept_whole(connection: Connection) -> None:
    """Topic and payload come back byte for byte, NUL and invalid UTF-8 included."""
    message = Message(b"\xff/\x00", bytes(range(256)), NOON)
    rejection = Rejection(RejectReason.UNKNOWN_TOPIC, "what is it", None)
    rejected.keep(connection, [RejectedMessage(message, [rejection])], QUOTAS)
    [(_, row)] = newest(connection, EVERYTHING, 10)
    assert (row.topic, row.payload, row.received_at) == message
    assert (row.reason, row.detail, row.times, row.reports) == ("unknown_topic", "what is it", 1, 1)


def test_the_same_again_is_the_same_row(connection: Connection) -> None:
    """Within a batch and over batches it is counted, with the first and the last time."""
    later = NOON + timedelta(days=1)
    rejected.keep(connection, [message_of(b"x"), message_of(b"x")], QUOTAS)
    rejected.keep(connection, [message_of(b"x", received_at=later)], QUOTAS)
    [(_, row)] = newest(connection, EVERYTHING, 10)
    assert (row.times, row.received_at, row.last_received_at) == (3, NOON, later)


def test_each_reason_of_a_message_is_a_row(connection: Connection) -> None:
    """Each names the elements that it rejects."""
    rejections = [
        Rejection(RejectReason.SCHEMA, "a", element=0),
        Rejection(RejectReason.IN_FUTURE, "b", element=2),
        Rejection(RejectReason.SCHEMA, "c", element=3),
    ]
    message = Message(b"fleet/op/1/position", b"[]", NOON)
    rejected.keep(connection, [RejectedMessage(message, rejections)], QUOTAS)
    rows = {row.reason: row.elements for _, row in newest(connection, EVERYTHING, 10)}
    assert rows == {"schema": (0, 3), "in_future": (2,)}


def test_a_long_payload_is_kept_in_part(connection: Connection) -> None:
    """With its length and hash; two that begin alike are two."""
    payloads = [b"x" * PAYLOAD_BYTES, b"x" * PAYLOAD_BYTES + b"y", b"x" * 200_000]
    rejected.keep(connection, [message_of(payload) for payload in payloads], QUOTAS)
    rows = {row.payload_length: row for _, row in newest(connection, EVERYTHING, 10)}
    assert set(rows) == set(map(len, payloads))
    for payload in payloads:
        row = rows[len(payload)]
        assert row.payload == payload[:PAYLOAD_BYTES]
        assert row.payload_digest == hashlib.sha256(payload).digest()
        assert row.is_cut == (len(payload) > PAYLOAD_BYTES)


@pytest.fixture
def registered(connection: Connection) -> None:
    """Of all operators ``op`` and ``other`` have a vehicle in the fleet list."""
    connection.execute(
        "insert into operator (operator_id, time_zone) values ('op', 'UTC'), ('other', 'UTC')"
    )
    connection.execute(
        "insert into vehicle (operator_id, vehicle_id) values ('op', '7'), ('other', '7')"
    )
    connection.execute("insert into registry_change (changed_by, source) values ('test', 'test')")
    connection.execute(
        "insert into registry_entry (known_from, change_id, vehicle_key, operator_id)"
        " select now(), change_id, vehicle_key, operator_id from registry_change, vehicle"
    )


@pytest.mark.parametrize("operator", ["op", "invented", None])
@pytest.mark.usefixtures("registered")
def test_messages_are_bounded_by_operator_and_hour(
    connection: Connection, operator: str | None
) -> None:
    """Beyond it nothing new is kept; what is kept goes on being counted; the next hour is free."""
    assert rejected.keep(connection, many(70, operator=operator), QUOTAS) == 0
    assert rejected.keep(connection, many(150, operator=operator), QUOTAS) == 50
    assert rejected.keep(connection, many(30, operator="other"), QUOTAS) == 0
    next_hour = message_of(b"next", operator=operator, received_at=NOON + timedelta(hours=1))
    assert rejected.keep(connection, [next_hour], QUOTAS) == 0
    kept = {each.operator_id: each for each in count(connection, EVERYTHING)}
    assert kept[operator].messages == 101
    assert kept[operator].reports == 171
    assert kept["other"].messages == 30


@pytest.mark.usefixtures("registered")
def test_bytes_are_bounded_by_operator_and_hour(connection: Connection) -> None:
    """Of the part that is kept, topic and elements included, over batches; none of another's."""
    quotas = Quotas(rejected_messages=1_000, rejected_bytes=100_000)
    for first in (0, 50):
        batch = [message_of(b"%d" % number + b"x" * 30_000) for number in range(first, first + 50)]
        rejected.keep(connection, batch, quotas)
    assert rejected.keep(connection, [message_of(b"y" * 16_000, operator="other")], quotas) == 0
    kept = {each.operator_id: each.messages for each in count(connection, EVERYTHING)}
    assert kept == {"op": 100_000 // (PAYLOAD_BYTES + 13), "other": 1}
    topic = b"t" * 60_000
    deep = Rejection(RejectReason.SCHEMA, "", VehicleId("other", "1"), element=1)
    long_named = RejectedMessage(Message(topic, b"z", NOON), [deep])
    assert (
        rejected.keep(connection, [long_named, message_of(b"y" * 16_000, operator="op")], quotas)
        == 1
    )


@pytest.mark.usefixtures("registered")
def test_invented_operators_share_one_room(connection: Connection) -> None:
    """However many names, they take what one operator may, and nothing of a registered one's."""
    invented = [message_of(b"x", operator=f"invented-{number}") for number in range(500)]
    nobody = many(500, operator=None)
    assert rejected.keep(connection, invented + nobody, QUOTAS) == 900
    assert rejected.keep(connection, many(100), QUOTAS) == 0


@pytest.mark.slow
def test_a_flood_of_rejections_takes_no_seconds(connection: Connection) -> None:
    """5,000 rejected messages in a batch; the bound leaves room for a busy machine."""
    started = time.monotonic()
    rejected.keep(connection, many(5_000), Quotas(rejected_messages=10_000))
    rejected.keep(connection, many(5_000), Quotas(rejected_messages=10_000))
    assert time.monotonic() - started < 6
