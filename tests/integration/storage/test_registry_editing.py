"""Partial lists, single vehicles, and changes taken back, on real databases."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from models.registry import RegistryEntry
from models.report import Report
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.registry.differences import IN_SERVICE, rehearsed_differences
from storage.registry.editing import (
    Fields,
    NotMatched,
    NotRegistered,
    NotUndone,
    end_service,
    match,
    set_fields,
    undo,
)
from storage.registry.importing import FleetWouldShrink, ImportReport, import_registry
from storage.registry.inbox import inbox
from storage.registry.listing import Selection, registry_changes, registry_entries
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

ZONE = "Europe/Moscow"
JANUARY = datetime(2024, 1, 10, 9, tzinfo=UTC)
MARCH = datetime(2024, 3, 10, 9, tzinfo=UTC)
TODAY = date(2024, 3, 10)
BUS = VehicleId("op", "1")
OTHER = VehicleId("op", "2")


def imported(
    connection: Connection,
    *entries: RegistryEntry,
    at: datetime = MARCH,
    partial: bool = False,
    yes: bool = True,
    dry_run: bool = False,
) -> ImportReport:
    return import_registry(
        connection,
        entries,
        time_zone=ZONE,
        changed_by="tester",
        source="list.csv",
        claimed_at=at,
        partial=partial,
        yes=yes,
        dry_run=dry_run,
    )


def bus(
    vehicle: VehicleId, depot: str, begins: date | None = None, ends: date | None = None
) -> RegistryEntry:
    return RegistryEntry(vehicle, None, begins, ends, {"depot": depot})


def periods(connection: Connection, vehicle: VehicleId = BUS) -> Sequence[RegistryEntry]:
    return registry_entries(connection, Selection(*vehicle))


def depot(name: str | None) -> Fields:
    return Fields({"depot"}, RegistryEntry(BUS, attributes={"depot": name} if name else {}))


def test_a_partial_list_touches_only_its_own_vehicles(database: Connection) -> None:
    """Others of its operators stay, in service and as they are."""
    imported(database, bus(BUS, "North"), bus(OTHER, "North"), at=JANUARY)
    report = imported(database, bus(BUS, "South"), partial=True, yes=False)
    assert (report.added, report.changed, report.ended, report.unchanged) == (0, 1, 0, 0)
    assert periods(database, OTHER) == [bus(OTHER, "North")]
    assert [each.attributes["depot"] for each in periods(database)] == ["North", "South"]


def test_a_partial_list_ends_no_more_of_a_fleet_unasked(database: Connection) -> None:
    """A tenth of the whole fleet, not of the vehicles that are listed."""
    fleet = [bus(VehicleId("op", str(number)), "North") for number in range(20)]
    imported(database, *fleet, at=JANUARY)
    ended = [each._replace(in_service_to=date(2024, 2, 1)) for each in fleet]
    assert imported(database, *ended[:2], partial=True, yes=False).ended == 2
    with pytest.raises(FleetWouldShrink, match="2 of 18 vehicles of operator op"):
        imported(database, *ended[2:4], partial=True, yes=False)


def test_the_operators_whose_list_it_is_not_are_named(database: Connection) -> None:
    """They keep their fleets; one that has none any more is not named."""
    elsewhere = [bus(VehicleId(operator, "1"), "North") for operator in ("else", "gone")]
    imported(database, bus(BUS, "North"), *elsewhere, at=JANUARY)
    end_service(database, VehicleId("gone", "1"), last_day=date(2024, 1, 31), changed_by="tester")
    assert imported(database, bus(BUS, "North")).unlisted_operators == ["else"]


def test_a_dry_run_lists_what_would_change(database: Connection) -> None:
    """Each field with its days, before and after; what is added, and what is ended."""
    third = VehicleId("op", "3")
    known = RegistryEntry(BUS, "A1", attributes={"depot": "North"}, equipment={"cctv": True})
    imported(database, known, bus(OTHER, "North"), at=JANUARY)
    listed = RegistryEntry(BUS, "A2", equipment={"cctv": False, "cashless": True})
    report = imported(database, listed, bus(third, "East"), dry_run=True)
    ended = (OTHER, "ended", TODAY, None, IN_SERVICE, True, False)
    added = (third, "added", TODAY, None, IN_SERVICE, False, True)
    assert [*report.differences] == [
        (BUS, "changed", TODAY, None, "plate", "A1", "A2"),
        (BUS, "changed", TODAY, None, "depot", "North", None),
        (BUS, "changed", TODAY, None, "cctv", True, False),
        (BUS, "changed", TODAY, None, "cashless", None, True),
        ended,
        added,
    ]
    assert imported(database, listed).differences == ()


def test_a_difference_that_goes_on_is_one(database: Connection) -> None:
    """The day of the import parts nothing that changes in the same way before it and after."""
    imported(database, bus(BUS, "North", date(2024, 1, 1)), at=JANUARY)
    earlier = bus(BUS, "North", date(2023, 1, 1))
    (difference,) = imported(database, earlier, dry_run=True).differences
    assert difference[1:] == (
        "changed",
        date(2023, 1, 1),
        date(2023, 12, 31),
        IN_SERVICE,
        False,
        True,
    )


def test_a_field_is_set_from_a_day_on(database: Connection) -> None:
    """Before that day it stays what it was; what is planned is changed too."""
    planned = bus(BUS, "East", date(2025, 1, 1))
    imported(database, bus(BUS, "North", ends=date(2024, 12, 31)), planned, bus(OTHER, "x"))
    since = date(2024, 6, 1)
    report = set_fields(database, BUS, depot("South"), since=since, changed_by="Anna")
    assert (report.changed, report.ended) == (1, 0)
    assert periods(database) == [
        bus(BUS, "North", None, date(2024, 5, 31)),
        bus(BUS, "South", since),
    ]
    assert periods(database, OTHER) == [bus(OTHER, "x")]
    assert registry_changes(database, 1)[0][3:5] == ("Anna", "set, op/1")
    set_fields(database, BUS, depot(None), since=since, changed_by="Anna")
    assert periods(database)[1].attributes == {}
    flags = Fields(
        {"plate", "cctv", "lift"}, RegistryEntry(BUS, "A1", equipment={"cctv": True, "lift": False})
    )
    set_fields(database, BUS, flags, since=since, changed_by="Anna")
    assert periods(database)[1][1:] == ("A1", since, None, {}, {"cctv": True, "lift": False})


def test_a_gap_in_service_stays_one(database: Connection) -> None:
    """A field that is set does not put a bus into service on days when it was not."""
    listed = [bus(BUS, "A", ends=date(2024, 2, 1)), bus(BUS, "B", date(2024, 5, 1))]
    imported(database, *listed, at=JANUARY)
    set_fields(database, BUS, depot("C"), since=date(2024, 3, 1), changed_by="tester")
    assert periods(database) == [listed[0], bus(BUS, "C", date(2024, 5, 1))]


def test_a_vehicle_s_service_is_ended(database: Connection) -> None:
    """With a day, that day included; what was planned for later goes."""
    imported(database, bus(BUS, "North", ends=TODAY), bus(BUS, "South", TODAY + timedelta(days=1)))
    report = end_service(database, BUS, last_day=date(2024, 2, 1), changed_by="Anna")
    assert report.ended_vehicles == [BUS]
    assert periods(database) == [bus(BUS, "North", ends=date(2024, 2, 1))]


def test_only_what_is_registered_is_changed(database: Connection) -> None:
    """And only on days when it is; nothing is put on record otherwise."""
    imported(database, bus(BUS, "North", date(2024, 1, 1), TODAY))
    for vehicle, day in ((OTHER, TODAY), (BUS, TODAY + timedelta(days=1))):
        with pytest.raises(NotRegistered):
            set_fields(database, vehicle, depot("x"), since=day, changed_by="tester")
    for vehicle, day in ((OTHER, TODAY), (BUS, date(2023, 12, 31))):
        with pytest.raises(NotRegistered):
            end_service(database, vehicle, last_day=day, changed_by="tester")
    assert len(registry_changes(database, 9)) == 1


def test_a_change_is_undone_by_another(database: Connection) -> None:
    """What it opened is closed, what it closed is open again; and so with the undoing."""
    first = [bus(BUS, "North"), bus(OTHER, "North")]
    imported(database, *first, at=JANUARY)
    imported(database, bus(BUS, "South"))
    wrong = registry_changes(database, 1)[0].change_id
    after = registry_entries(database)
    make = partial(undo, database, wrong, changed_by="Anna")
    assert rehearsed_differences(database, make) == [
        (BUS, "changed", TODAY, None, "depot", "South", "North"),
        (OTHER, "changed", TODAY, None, IN_SERVICE, False, True),
    ]
    undone = undo(database, wrong, changed_by="Anna")
    assert registry_entries(database) == first
    newest = registry_changes(database, 1)[0]
    assert newest[:5] == (
        undone.change_id,
        undone.entered_at,
        None,
        "Anna",
        f"undo of change {wrong}",
    )
    assert (
        registry_entries(
            database, Selection(known_at=undone.entered_at - timedelta(microseconds=1))
        )
        == after
    )
    undo(database, undone.change_id, changed_by="Anna")
    assert registry_entries(database) == after


def test_what_later_changes_stand_on_is_not_undone(database: Connection) -> None:
    """They are named; changes to other vehicles do not matter."""
    imported(database, bus(BUS, "North"), bus(OTHER, "North"), at=JANUARY)
    imported(database, bus(BUS, "South"), partial=True)
    south, first = (change.change_id for change in registry_changes(database, 2))
    imported(database, bus(OTHER, "East"), partial=True)
    with pytest.raises(NotUndone, match=f"same vehicles: {south}, {south + 1}; undo those first"):
        undo(database, first, changed_by="tester")
    undo(database, south, changed_by="tester")
    with pytest.raises(NotUndone, match="there is no change 99"):
        undo(database, 99, changed_by="tester")


def test_a_misspelt_vehicle_is_matched_with_the_one_that_publishes(
    url: str, database: Connection
) -> None:
    """It is in the fleet in its place, with all its days; and can be undone."""
    publishing, misspelt = VehicleId("hg", "A101"), VehicleId("hg", "А101")
    imported(database, bus(misspelt, "North", date(2020, 1, 1)), at=JANUARY)
    for one, other in ((publishing, misspelt), (misspelt, publishing)):
        with pytest.raises(NotMatched):
            match(database, one, other, changed_by="tester")
    batch = Batch()
    batch.add(Message(b"t", b"{}", MARCH), [Report(publishing, MARCH)], [])
    with Writer(url, "test", ZONE) as writer:
        writer.write(batch)
    with pytest.raises(NotMatched):
        match(database, publishing, BUS, changed_by="tester")
    before = registry_changes(database, 9)
    make = partial(match, database, publishing, misspelt, changed_by="Anna")
    since = (date(2020, 1, 1), None, IN_SERVICE)
    assert rehearsed_differences(database, make) == [
        (publishing, "added", *since, False, True),
        (misspelt, "ended", *since, True, False),
    ]
    assert registry_changes(database, 9) == before
    change = make()
    assert change.change_id == before[0].change_id + 1
    assert registry_entries(database) == [bus(publishing, "North", date(2020, 1, 1))]
    assert inbox(database, MARCH) == []
    undo(database, change.change_id, changed_by="Anna")
    assert registry_entries(database) == [bus(misspelt, "North", date(2020, 1, 1))]
