"""The registry changes while vehicles publish: nobody waits, and nothing of before is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.registry import RegistryEntry
from models.rejection import Rejection, RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.registry.importing import import_registry
from storage.registry.inbox import accept
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

ZONE = "Europe/Moscow"
NOW = datetime(2024, 3, 10, 9, tzinfo=UTC)
BUS = VehicleId("op", "1")
OTHER = VehicleId("op", "2")
FIX = Fix(57.0, 41.0)


def imported(connection: Connection, *entries: RegistryEntry) -> None:
    import_registry(
        connection, entries, time_zone=ZONE, changed_by="tester", source="list.csv", yes=True
    )


def moved(vehicle: VehicleId, depot: str) -> RegistryEntry:
    return RegistryEntry(vehicle, attributes={"depot": depot})


def written(url: str, *reports: Report) -> None:
    batch = Batch()
    batch.add(Message(b"fleet/op/1/position", b"{}", NOW), list(reports), [])
    with Writer(url, "test", ZONE) as writer:
        writer.write(batch)


def rejected(
    url: str, at: datetime, reason: RejectReason, vehicle: VehicleId = BUS, *, heard: bool = True
) -> None:
    batch = Batch()
    batch.add(
        Message(b"fleet/op/1/position", b"{", at), [], [Rejection(reason, "", vehicle, heard)]
    )
    with Writer(url, "test", ZONE) as writer:
        writer.write(batch)


@contextmanager
def uncommitted(url: str, *entries: RegistryEntry) -> Iterator[Connection]:
    """An import that is made, and not yet committed."""
    with connect(url, "an import") as own:
        own.execute("select")  # begins the transaction that the import becomes part of
        imported(own, *entries)
        yield own


def refusing_to_wait(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}options=-c%20lock_timeout%3D2s"


def test_a_batch_does_not_wait_for_an_import(url: str, database: Connection) -> None:
    """Of the vehicles that an import changes, adds and ends, what they send is kept meanwhile."""
    imported(database, moved(BUS, "North"), moved(OTHER, "North"))
    fresh = VehicleId("op", "3")
    written(url, Report(fresh, NOW, FIX))
    with uncommitted(url, moved(BUS, "South"), moved(fresh, "North")) as own:
        written(refusing_to_wait(url), *[Report(each, NOW, FIX) for each in (BUS, OTHER, fresh)])
        own.commit()
    heard = database.execute("select count(*) from vehicle_state where fix_at = %s", [NOW])
    assert heard.fetchone() == (3,)
    fleet = database.execute("select attributes->>'depot' from fleet_at(now()) order by 1")
    assert fleet.fetchall() == [("North",), ("South",)]


def test_an_import_does_not_wait_for_a_batch(url: str, database: Connection) -> None:
    """A state that is being written is nothing to the registry."""
    imported(database, moved(BUS, "North"))
    with connect(url, "a batch") as batch:
        batch.execute("update vehicle_state set contact_at = %s", [NOW])
        with connect(refusing_to_wait(url), "an import", autocommit=True) as own:
            imported(own, moved(BUS, "South"))


def reasons(database: Connection) -> tuple[Any, ...] | None:
    return database.execute(
        """
        select first_rejected_at, rejected_at, rejected_reason
        from vehicle_state join vehicle using (vehicle_key)
        where (operator_id, vehicle_id) = ('op', '1')
        """
    ).fetchone()


def rejections(database: Connection) -> list[tuple[Any, ...]]:
    return database.execute(
        """
        select first_at, first_reason from rejection
        union
        select last_at, last_reason from rejection
        order by 1
        """
    ).fetchall()


def test_what_was_rejected_before_a_vehicle_was_registered_is_its_reason(
    url: str, database: Connection
) -> None:
    """The first and the last time of each message; not what the broker repeated, nor another's."""
    times = [NOW + timedelta(minutes=minute) for minute in range(5)]
    for at in times[:2]:
        rejected(url, at, RejectReason.IN_FUTURE)
    rejected(url, times[2], RejectReason.NULL_ISLAND)
    rejected(url, times[3], RejectReason.SCHEMA, heard=False)
    rejected(url, times[4], RejectReason.TOO_OLD, OTHER)
    assert rejections(database) == []
    imported(database, RegistryEntry(BUS))
    assert reasons(database) == (times[0], times[2], "null_island")
    assert rejections(database) == [
        (times[0], "in_future"),
        (times[1], "in_future"),
        (times[2], "null_island"),
    ]
    assert database.execute(
        "select reason from figures(%s, '5 min', false)", [times[2]]
    ).fetchall() == [("rejected",)]


@pytest.mark.parametrize("later", [True, False])
def test_what_was_rejected_first_and_heard_then_is_known_once_accepted(
    url: str, database: Connection, later: bool
) -> None:
    """Whatever was rejected since the vehicle was heard of stays as it is."""
    rejected(url, NOW, RejectReason.IN_FUTURE)
    written(url, Report(BUS, NOW + timedelta(minutes=1), FIX))
    if later:
        rejected(url, NOW + timedelta(minutes=2), RejectReason.SCHEMA)
    accept(database, "op", "1", changed_by="tester")
    last = (NOW + timedelta(minutes=2), "schema") if later else (NOW, "in_future")
    assert reasons(database) == (NOW, *last)
    assert rejections(database) == [(NOW, "in_future")] + ([last] if later else [])


def test_a_vehicle_that_is_known_already_is_left_alone(url: str, database: Connection) -> None:
    """What is rejected of it is kept as it comes; another list adds nothing."""
    imported(database, RegistryEntry(BUS))
    rejected(url, NOW, RejectReason.SCHEMA)
    database.execute("update vehicle_state set rejected_reason = 'kept'")
    imported(database, moved(BUS, "South"))
    assert reasons(database) == (NOW, NOW, "kept")
