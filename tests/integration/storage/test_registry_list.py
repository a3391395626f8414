"""Listing and exporting the registry, and its inbox, on real databases."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TextIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.attribute import ATTRIBUTES
from models.equipment import BUILT_IN
from models.lists.characters import normal
from models.probe import OPERATOR as RESERVED
from models.registry import PLATE_LENGTH, TEXT_LENGTH, RegistryEntry, is_column
from models.report import Fix, Report
from models.vehicle import VehicleId, is_identifier
from storage.connection import Connection
from storage.registry import inbox as registry_inbox
from storage.registry.export import write_csv, write_json
from storage.registry.file import Reading, parse_registry
from storage.registry.importing import ImportReport, import_registry
from storage.registry.inbox import Accepted, NotInInbox
from storage.registry.listing import Selection, registry_changes, registry_entries
from storage.registry.lookalikes import look_alikes
from storage.registry.names import known_names
from storage.writing.batch import Batch, Message
from storage.writing.keys import known_kinds
from storage.writing.writer import Writer

ZONE = "Europe/Moscow"
JANUARY = datetime(2024, 1, 10, 9, tzinfo=UTC)
MARCH = datetime(2024, 3, 10, 9, tzinfo=UTC)
BUS = VehicleId("op", "1")
OTHER = VehicleId("op", "2")
Write = Callable[[Sequence[RegistryEntry], TextIO, Sequence[str]], None]


def imported(
    connection: Connection, *entries: RegistryEntry, at: datetime | None = JANUARY
) -> ImportReport:
    return import_registry(
        connection,
        entries,
        time_zone=ZONE,
        changed_by="tester",
        source="list.csv",
        claimed_at=at,
        yes=True,
    )


def heard(url: str, *reports: Report, received_at: datetime | None = None) -> None:
    with Writer(url, "test", ZONE) as writer:
        batch = Batch()
        for report in reports:
            message = Message(b"t", b"{}", received_at or report.observed_at)
            batch.add(message, [report], [])
        writer.write(batch)


def test_a_list_can_be_narrowed(database: Connection) -> None:
    """By every attribute, whatever its column is called, by lack of one, and by day."""
    north = RegistryEntry(BUS, attributes={"route_id": "7", "depot": "North", "Класс": "II"})
    south = RegistryEntry(
        OTHER, in_service_to=date(2024, 2, 1), attributes={"depot": "South", "Класс": "I"}
    )
    imported(database, north, south)
    for selection, found in [
        (Selection(), [north, south]),
        (Selection(operator_id="other"), []),
        (Selection(vehicle_id="2"), [south]),
        (Selection(attributes={"route_id": "7"}), [north]),
        (Selection(attributes={"depot": "South"}), [south]),
        (Selection(attributes={"depot": "South", "route_id": "7"}), []),
        (Selection(attributes={"Класс": "II", "depot": "North"}), [north]),
        (Selection(attributes={"route_id": ""}), [south]),
        (Selection(attributes={"nothing": ""}), [north, south]),
        (Selection(on=date(2024, 2, 1)), [north, south]),
        (Selection(on=date(2024, 2, 2)), [north]),
        (Selection(at=datetime(2024, 2, 1, 20, 59, tzinfo=UTC)), [north, south]),
        (Selection(at=datetime(2024, 2, 1, 21, 0, tzinfo=UTC)), [north]),
    ]:
        assert registry_entries(database, selection) == found


def test_a_list_is_given_as_it_was_known(database: Connection) -> None:
    """An entry that was superseded is still there for who asks about then."""
    first, second = (RegistryEntry(BUS, attributes={"depot": d}) for d in ("North", "South"))
    imported(database, first)
    learnt_at = imported(database, second, at=MARCH).entered_at
    before = registry_entries(database, Selection(known_at=learnt_at - timedelta(microseconds=1)))
    assert before == [first]
    entries = registry_entries(database, Selection(known_at=learnt_at))
    assert [entry.attributes["depot"] for entry in entries] == ["North", "South"]
    assert registry_entries(database, Selection(known_at=MARCH)) == []


def test_changes_are_listed_newest_first(database: Connection) -> None:
    """Who, when, from what, and how many entries it opened and closed."""
    imported(database, RegistryEntry(BUS))
    learnt_at = imported(database, RegistryEntry(OTHER), at=None).entered_at
    newest, oldest = registry_changes(database, 9)
    assert newest[1:] == (learnt_at, None, "tester", "list.csv", 2, 1)
    assert oldest[2:] == (JANUARY, "tester", "list.csv", 1, 0)
    assert len(registry_changes(database, 1)) == 1


PRINTABLE = st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"))


def texts(longest: int) -> st.SearchStrategy[str]:
    return st.text(PRINTABLE, min_size=1, max_size=longest).filter(
        lambda text: text == text.strip()
    )


def normal_texts(longest: int) -> st.SearchStrategy[str]:
    return texts(longest).map(normal).filter(bool)


IDS = texts(64).filter(is_identifier)
KINDS = (*BUILT_IN, "lift")
NAMES = st.sampled_from([each.name for each in ATTRIBUTES]) | normal_texts(64).filter(
    lambda name: is_column(name) and Reading(KINDS).vocabulary().column(name) is None
)
ENTRIES = st.lists(
    st.builds(
        RegistryEntry,
        st.builds(VehicleId, IDS.filter(lambda text: text != RESERVED), IDS),
        st.none() | normal_texts(PLATE_LENGTH),
        st.none() | st.dates(max_value=date(2024, 1, 1)),
        st.none() | st.dates(min_value=date(2024, 1, 1)),
        st.dictionaries(NAMES, normal_texts(TEXT_LENGTH), max_size=4),
        st.dictionaries(st.sampled_from(KINDS), st.booleans()),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda entry: entry.vehicle,
)


@pytest.mark.parametrize(("write", "name"), [(write_csv, "f.csv"), (write_json, "f.json")])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ENTRIES)
def test_an_export_is_imported_all_unchanged(
    database: Connection, write: Write, name: str, entries: list[RegistryEntry]
) -> None:
    """Whatever the registry holds, in either format, also after a change."""
    database.execute("truncate registry_change, registry_entry, vehicle, operator cascade")
    imported(database, *entries)
    moved = [entry._replace(attributes={"depot": "moved"}) for entry in entries]
    imported(database, *moved, at=MARCH)
    exported = registry_entries(database)
    kinds = known_kinds(database).names
    file = io.StringIO(newline="")
    write(exported, file, kinds)
    reading = Reading(kinds, accept_odd=True, literal=known_names(database).literal)
    read = parse_registry(file.getvalue().encode(), name, reading)
    assert read.entries == exported
    report = imported(database, *read.entries, at=None)
    assert report.added == report.changed == report.ended == 0


def test_nothing_is_exported_as_an_empty_array() -> None:
    """Not as half of one."""
    file = io.StringIO()
    write_json([], file)
    assert file.getvalue() == "[]\n"


def test_the_inbox_holds_who_publishes_unregistered(url: str, database: Connection) -> None:
    """With first and last contact, distinct minutes with a fix, and where it was last."""
    later = JANUARY + timedelta(minutes=5)
    imported(database, RegistryEntry(OTHER))
    heard(
        url,
        Report(BUS, JANUARY, Fix(57.0, 40.9)),
        Report(BUS, later - timedelta(seconds=9), Fix(57.05, 40.95)),
        Report(BUS, later, Fix(57.1, 41.0)),
        Report(BUS, later + timedelta(minutes=1)),
        Report(OTHER, JANUARY, Fix(57.0, 40.9)),
    )
    # What comes late is recorded on another day, and is none the more for it.
    heard(url, Report(BUS, JANUARY, Fix(57.0, 40.9)), received_at=JANUARY + timedelta(days=2))
    last = JANUARY + timedelta(days=2)
    assert registry_inbox.inbox(database, MARCH) == [(BUS, JANUARY, last, 3, later, 57.1, 41.0)]
    assert registry_inbox.inbox(database, MARCH, "other") == []


def test_a_bus_that_retired_and_is_silent_is_not_in_the_inbox(
    url: str, database: Connection
) -> None:
    """One that goes on publishing is."""
    last_day = JANUARY.date()
    imported(database, *[RegistryEntry(bus, in_service_to=last_day) for bus in (BUS, OTHER)])
    heard(url, Report(BUS, JANUARY), Report(OTHER, JANUARY + timedelta(days=1)))
    assert [found.vehicle for found in registry_inbox.inbox(database, MARCH)] == [OTHER]


def test_a_vehicle_is_accepted_from_its_first_contact(url: str, database: Connection) -> None:
    """From that day in the operator's time zone, and then it is in the inbox no more."""
    evening = JANUARY.replace(hour=21)
    heard(url, Report(BUS, evening), Report(OTHER, evening))
    accepted = registry_inbox.accept(database, "op", "1", changed_by="tester")
    assert accepted == [Accepted(BUS, date(2024, 1, 11))]
    assert [found.vehicle for found in registry_inbox.inbox(database, MARCH)] == [OTHER]
    assert registry_entries(database) == [RegistryEntry(BUS, in_service_from=date(2024, 1, 11))]
    assert registry_changes(database, 1)[0][3:] == ("tester", "inbox, op/1", 1, 0)


def test_all_of_an_operator_are_accepted_from_a_day(url: str, database: Connection) -> None:
    """The day given counts, for each of them."""
    elsewhere = VehicleId("else", "1")
    heard(url, *[Report(bus, JANUARY) for bus in (BUS, OTHER, elsewhere)])
    day = date(2024, 2, 1)
    accepted = registry_inbox.accept(database, "op", changed_by="tester", since=day)
    assert accepted == [(BUS, day), (OTHER, day)]
    assert [found.vehicle for found in registry_inbox.inbox(database, MARCH)] == [elsewhere]


def test_a_bus_that_comes_back_is_accepted_from_its_return(url: str, database: Connection) -> None:
    """With what was last known of it, and around what is planned for it already."""
    planned = date(2030, 1, 1)
    imported(
        database,
        RegistryEntry(BUS, "A1", None, date(2024, 1, 31), {"depot": "North"}, {"cctv": True}),
        RegistryEntry(BUS, "A1", planned, None, {"depot": "East"}, {"cctv": True}),
    )
    heard(
        url,
        Report(BUS, JANUARY, Fix(57.0, 40.9)),
        Report(BUS, MARCH, Fix(57.0, 40.9)),
        Report(BUS, MARCH + timedelta(days=2), Fix(57.0, 40.9)),
    )
    assert registry_inbox.accept(database, "op", "1", changed_by="tester") == [(BUS, MARCH.date())]
    assert [entry[2:] for entry in registry_entries(database)] == [
        (None, date(2024, 1, 31), {"depot": "North"}, {"cctv": True}),
        (MARCH.date(), date(2029, 12, 31), {"depot": "East"}, {"cctv": True}),
        (planned, None, {"depot": "East"}, {"cctv": True}),
    ]


def test_only_what_is_in_the_inbox_is_accepted(database: Connection) -> None:
    """Nothing is put on record otherwise."""
    imported(database, RegistryEntry(BUS))
    for vehicle_id in ("1", "9", None):
        with pytest.raises(NotInInbox):
            registry_inbox.accept(database, "op", vehicle_id, changed_by="tester")
    assert len(registry_changes(database, 9)) == 1


def test_who_publishes_under_nearly_a_registered_name_is_found(
    url: str, database: Connection
) -> None:
    """A Latin letter for a Cyrillic one, no leading zero, another case of the operator."""
    registered = [VehicleId("hg", name) for name in ("А101", "0102", "103")]
    imported(database, *[RegistryEntry(each) for each in registered])
    publishing = [
        VehicleId("hg", "A101"),
        VehicleId("hg", "102"),
        VehicleId("HG", "103"),
        VehicleId("hg", "104"),
    ]
    assert look_alikes(database, MARCH) == []
    heard(url, *[Report(each, JANUARY) for each in publishing])
    found = dict(look_alikes(database, MARCH))
    assert found == dict(zip(publishing[:3], registered, strict=True))
