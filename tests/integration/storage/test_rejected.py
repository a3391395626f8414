"""Keeping rejected messages: whole, folded, bounded, and fast under a flood."""

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
from storage.writing.rejected_list import Selection, count, newest

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVERYTHING = Selection()


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
    rejected.keep(connection, [RejectedMessage(message, [rejection])], quota=10)
    [(_, row)] = newest(connection, EVERYTHING, 10)
    assert (row.topic, row.payload, row.received_at) == message
    assert (row.reason, row.detail, row.times, row.reports) == ("unknown_topic", "what is it", 1, 1)


def test_the_same_again_is_the_same_row(connection: Connection) -> None:
    """Within a batch and over batches it is counted, with the first and the last time."""
    later = NOON + timedelta(days=1)
    rejected.keep(connection, [message_of(b"x"), message_of(b"x")], quota=10)
    rejected.keep(connection, [message_of(b"x", received_at=later)], quota=10)
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
    rejected.keep(connection, [RejectedMessage(message, rejections)], quota=10)
    rows = {row.reason: row.elements for _, row in newest(connection, EVERYTHING, 10)}
    assert rows == {"schema": (0, 3), "in_future": (2,)}


@pytest.mark.parametrize("operator", ["op", None])
def test_the_quota_bounds_an_operator_and_hour(
    connection: Connection, operator: str | None
) -> None:
    """Beyond it nothing new is kept; what is kept goes on being counted; the next hour is free."""
    rejected.keep(connection, many(70, operator=operator), quota=100)
    rejected.keep(connection, many(150, operator=operator), quota=100)
    rejected.keep(connection, many(30, operator="other"), quota=100)
    next_hour = message_of(b"next", operator=operator, received_at=NOON + timedelta(hours=1))
    rejected.keep(connection, [next_hour], quota=100)
    kept = {each.operator_id: each for each in count(connection, EVERYTHING)}
    assert kept[operator].messages == 101
    assert kept[operator].reports == 171
    assert kept["other"].messages == 30


@pytest.mark.slow
def test_a_flood_of_rejections_takes_no_seconds(connection: Connection) -> None:
    """5,000 rejected messages in a batch; the bound leaves room for a busy machine."""
    started = time.monotonic()
    rejected.keep(connection, many(5_000), quota=10_000)
    rejected.keep(connection, many(5_000), quota=10_000)
    assert time.monotonic() - started < 6
