"""What the states bear of the registry: always its last word, whoever else writes them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import text

from models.indicator import DEFAULT_WINDOWS
from models.registry import RegistryEntry
from models.report import Flag, Report
from models.vehicle import VehicleId
from storage import registry_inbox
from storage.writing.batch import Batch, Message
from storage.connection import Connection, connect
from storage.migrate import _config, _connected, migrate
from storage.registry_import import import_registry
from storage.shares import shares_now
from storage.writing.writer import Writer
from tests.integration.storage.fleet_history import FIX
from tests.servers.waiting import wait_until

ZONE = "Europe/Moscow"
NOW = datetime(2024, 3, 10, 9, tzinfo=UTC)
TODAY = date(2024, 3, 10)
BUS = VehicleId("op", "1")
OTHER = VehicleId("op", "2")
STRANGER = VehicleId("op", "3")

_ENTRIES = """
select vehicle_key, in_service_from::text, in_service_to::text, operated_by, depot, municipality,
       route_id, cctv, cashless
from registry_entry
where known_to = 'infinity'
order by vehicle_key, in_service_from
"""

_STATES = """
select vehicle_key, registered_from::text, registered_to::text, registered_operator,
       registered_depot, registered_municipality, registered_route, registered_cctv,
       registered_cashless
from vehicle_state
where (registered_from, registered_to, registered_operator, registered_depot,
       registered_municipality, registered_route, registered_cctv, registered_cashless)
      is distinct from (null, null, null, null, null, null, null, null)
order by vehicle_key
"""

_WAITING = """
select from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and application_name = %s
"""


def last_words(database: Connection) -> list[tuple[Any, ...]]:
    """Return each registered vehicle's last entry; of a vehicle's rows the last one stays."""
    return list({row[0]: row for row in database.execute(_ENTRIES)}.values())


def borne(database: Connection) -> list[tuple[Any, ...]]:
    return database.execute(_STATES).fetchall()


def imported(
    database: Connection,
    *entries: RegistryEntry,
    correct: bool = False,
    effective: date | None = None,
    dry_run: bool = False,
) -> None:
    import_registry(
        database,
        entries,
        time_zone=ZONE,
        changed_by="tester",
        source="list.csv",
        operators=["op"] if not entries else None,
        effective=effective or TODAY,
        correct=correct,
        yes=True,
        dry_run=dry_run,
    )


def written(url: str, *reports: Report) -> None:
    batch = Batch()
    batch.add(Message(b"fleet/op/1/position", b"{}", NOW), list(reports), [])
    with Writer(url, "test", ZONE) as writer:
        writer.write(batch)


def test_every_change_reaches_the_states(url: str, database: Connection) -> None:
    """A first list, changes, periods to come and gone, an acceptance, an end, an empty registry."""
    written(url, Report(STRANGER, NOW, FIX))
    assert borne(database) == []

    first = [RegistryEntry(BUS, depot="North", cctv=True), RegistryEntry(OTHER, route_id="7")]
    next_week = TODAY + timedelta(days=7)
    moves = [
        RegistryEntry(BUS, depot="North", in_service_to=next_week),
        RegistryEntry(BUS, depot="South", in_service_from=next_week + timedelta(days=2)),
        RegistryEntry(OTHER, "A 1", "7", "North", "Kineshma", cctv=False, cashless=True),
    ]
    steps: list[tuple[Callable[[], object], int]] = [
        (lambda: imported(database, *first), 2),
        (lambda: imported(database, *first), 2),
        (lambda: imported(database, *moves), 2),
        (lambda: imported(database, *first, correct=True), 2),
        (lambda: registry_inbox.accept(database, "op", "3", changed_by="tester"), 3),
        (lambda: imported(database, effective=TODAY + timedelta(days=1)), 3),
        (lambda: database.execute("delete from registry_entry where depot is null"), 1),
        (lambda: database.execute("truncate registry_entry"), 0),
    ]
    for change, vehicles in steps:
        change()
        assert borne(database) == last_words(database)
        assert len(borne(database)) == vehicles


def test_a_dry_run_changes_no_state(database: Connection) -> None:
    """It tells what would be, and ingest need not wait for it."""
    imported(database, RegistryEntry(BUS, depot="North"))
    before = borne(database)
    imported(database, RegistryEntry(BUS, depot="South"), dry_run=True)
    assert borne(database) == before == last_words(database)


@contextmanager
def waiting(database: Connection, application: str, work: Callable[[], None]) -> Iterator[None]:
    """Let some work run into a lock, yield while it waits, and return when it is done."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        wait_until(
            lambda: database.execute(_WAITING, [application]).fetchone() is not None,
            seconds=20,
            what=f"{application} waits",
        )
        yield
    finally:
        thread.join(20)
    assert not thread.is_alive()


def test_an_import_waits_for_a_batch_and_loses_nothing(url: str, database: Connection) -> None:
    """A bus is heard for the first time while it is being registered."""
    imported(database, RegistryEntry(OTHER))
    written(url, Report(OTHER, NOW, FIX))
    database.execute("insert into vehicle (operator_id, vehicle_id) values ('op', '1')")

    def register() -> None:
        with connect(url, "an import", autocommit=True) as own:
            imported(own, RegistryEntry(BUS, depot="North"), RegistryEntry(OTHER, depot="South"))

    with connect(url, "a batch") as batch:
        batch.execute(
            "insert into vehicle_state (vehicle_key, contact_at) "
            "select vehicle_key, %s from vehicle where vehicle_id = '1'",
            [NOW],
        )
        with waiting(database, "an import", register):
            # What the batch does next would be the other's turn if each waited row by row.
            batch.execute("update vehicle_state set contact_at = %s", [NOW])
            batch.commit()
    assert borne(database) == last_words(database)
    assert shares_now(database, NOW, DEFAULT_WINDOWS).fleet.vehicles == 2
    heard = database.execute("select count(contact_at) from vehicle_state").fetchone()
    assert heard == (2,)


def test_a_batch_waits_for_an_import_and_loses_nothing(url: str, database: Connection) -> None:
    """A bus is registered, and heard for the first time before that is committed."""
    imported(database, RegistryEntry(OTHER))
    with connect(url, "an import") as own:
        own.execute("select")  # begins the transaction that the import becomes part of
        imported(own, RegistryEntry(BUS, cctv=True), RegistryEntry(OTHER))
        report = Report(STRANGER, NOW, FIX, cctv=Flag(False))
        with waiting(database, "fleetgauge ingest", lambda: written(url, report)):
            own.commit()
    written(url, Report(BUS, NOW, FIX))
    assert borne(database) == last_words(database)
    shares = shares_now(database, NOW, DEFAULT_WINDOWS)
    assert shares.fleet.vehicles == 2
    assert set(shares.fleet.trackable.values()) == {1}
    assert shares.unregistered == {"op": 1}


def test_a_database_of_before_keeps_all_and_learns_the_rest(database_url: str) -> None:
    """The table is made anew: every column has its value, and the registry's words are there."""
    with _connected(database_url) as old:
        config = _config()
        config.attributes["connection"] = old
        command.upgrade(config, "0005")
        old.execute(text("insert into operator values ('op', null, 'UTC')"))
        old.execute(text("insert into vehicle (operator_id, vehicle_id) values ('op', '1')"))
        old.execute(text("insert into registry_change (changed_by, source) values ('a', 'b')"))
        old.execute(
            text(
                "insert into registry_entry (vehicle_key, depot, cctv, known_from, change_id) "
                "values (1, 'North', true, now(), 1)"
            )
        )
        columns = (
            "vehicle_key, first_contact_at, contact_at, fix_at, latitude, longitude, speed_mps, "
            "bearing_deg, hdop, satellites, route_id, trip_id, cctv_fitted, cctv_fitted_at, "
            "cctv_working, cctv_working_at, cashless_fitted, cashless_fitted_at, "
            "cashless_working, cashless_working_at, presence, presence_at, first_rejected_at, "
            "rejected_at, rejected_reason, cctv_fitted_since, cctv_working_since, "
            "cashless_fitted_since, cashless_working_since"
        )
        days = iter(range(1, 29))
        values = ", ".join(
            "1" if name == "vehicle_key"
            else f"'2024-01-{next(days):02}'" if name.endswith(("_at", "_since"))
            else "true" if name.endswith(("_fitted", "_working"))
            else f"'{name}'" if name.endswith(("_id", "presence", "reason"))
            else str(next(days))
            for name in columns.split(", ")
        )  # fmt: skip
        old.execute(text(f"insert into vehicle_state ({columns}) values ({values})"))
        before = old.execute(text(f"select {columns} from vehicle_state")).one()
        old.commit()

    assert migrate(database_url)[0] == "0005"
    with connect(database_url, "test", autocommit=True) as database:
        assert database.execute(f"select {columns} from vehicle_state").fetchone() == tuple(before)
        assert borne(database) == last_words(database) != []


@pytest.mark.parametrize("loss", ["delete from vehicle_state", "truncate vehicle_state"])
def test_no_registered_vehicle_loses_its_state(database: Connection, loss: str) -> None:
    """It would be missing from the shares; so a slip at the database's prompt is rejected."""
    imported(database, RegistryEntry(BUS))
    with pytest.raises((psycopg.IntegrityError, psycopg.NotSupportedError)):
        database.execute(loss)
    assert shares_now(database, NOW, DEFAULT_WINDOWS).fleet.vehicles == 1


@pytest.mark.parametrize("first_heard", [True, False])
def test_a_deleted_entry_leaves_the_observations(
    url: str, database: Connection, first_heard: bool
) -> None:
    """Only the registry's words go."""
    steps: list[Callable[[], None]] = [
        lambda: written(url, Report(BUS, NOW, FIX)),
        lambda: imported(database, RegistryEntry(BUS)),
    ]
    for step in steps if first_heard else reversed(steps):
        step()
    database.execute("delete from registry_entry")
    assert borne(database) == []
    assert shares_now(database, NOW, DEFAULT_WINDOWS).unregistered == {"op": 1}
