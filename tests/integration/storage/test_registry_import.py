"""Importing fleet lists on real databases, against a slow computation day by day."""

import threading
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.registry import RegistryEntry
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.errors import DataRejected
from storage.migrate import migrate
from storage.registry.change import ClaimOutOfRange
from storage.registry.file import Reading, RegistryFileError, read_registry
from storage.registry.importing import (
    FleetWouldShrink,
    ImportReport,
    UnexpectedOperator,
    import_registry,
)
from storage.registry.listing import Selection, registry_changes, registry_entries
from storage.writing.keys import known_kinds

REAL_LIST = Path(__file__).parents[3].parent / "shared" / "data" / "hsl-fleet.json"
ZONE = "Europe/Moscow"
JANUARY = datetime(2024, 1, 10, 9, tzinfo=UTC)
MARCH = datetime(2024, 3, 10, 9, tzinfo=UTC)
TODAY = date(2024, 3, 10)
YESTERDAY = date(2024, 3, 9)
BUS = VehicleId("op", "1")
OTHER = VehicleId("op", "2")
Row = tuple[str, str | None, str | None, str, str]


def imported(
    connection: Connection,
    *entries: RegistryEntry,
    at: datetime = MARCH,
    yes: bool = True,
    correct: bool = False,
    effective: date | None = None,
    columns: Collection[str] | None = None,
    operators: Collection[str] | None = None,
    dry_run: bool = False,
    end_limit: float = 0.1,
) -> ImportReport:
    return import_registry(
        connection,
        entries,
        time_zone=ZONE,
        changed_by="tester",
        source="list.csv",
        claimed_at=at,
        yes=yes,
        correct=correct,
        effective=effective,
        columns=columns,
        operators=operators,
        dry_run=dry_run,
        end_limit=end_limit,
    )


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.ended, report.unchanged


def known(connection: Connection) -> list[Row]:
    return connection.execute(
        """
        select vehicle_id, plate, attributes->>'depot', in_service_from::text, in_service_to::text
        from registry_entry join vehicle using (vehicle_key, operator_id)
        where known_to = 'infinity'
        order by operator_id, vehicle_id, in_service_from
        """
    ).fetchall()


def depots(
    connection: Connection, day: date, known_at: datetime | None = None
) -> dict[str, str | None]:
    entries = registry_entries(connection, Selection(on=day, known_at=known_at))
    return {entry.vehicle.vehicle_id: entry.attributes.get("depot") for entry in entries}


def clock(connection: Connection) -> datetime:
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


def in_depot(
    vehicle: VehicleId,
    depot: str | None,
    plate: str | None = None,
    begins: date | None = None,
    ends: date | None = None,
) -> RegistryEntry:
    return RegistryEntry(vehicle, plate, begins, ends, {"depot": depot} if depot else {})


def test_a_first_list_has_been_always_there(database: Connection) -> None:
    """Nothing is known of its beginning, and last week's reports need a fleet to count in."""
    report = imported(database, in_depot(BUS, "North"))
    assert (counts(report), report.without_start) == ((1, 0, 0, 0), 1)
    assert known(database) == [("1", None, "North", "-infinity", "infinity")]


def test_the_same_list_again_writes_nothing(database: Connection) -> None:
    """Only the change itself is on record."""
    entries = [in_depot(BUS, "North"), RegistryEntry(OTHER, in_service_to=TODAY)]
    imported(database, *entries, at=JANUARY)
    assert counts(imported(database, *entries)) == (0, 0, 0, 2)
    assert database.execute("select count(*) from registry_entry").fetchone() == (2,)
    assert database.execute("select count(*) from registry_change").fetchone() == (2,)


def test_a_bus_that_moves_today_stays_in_last_years_depot(database: Connection) -> None:
    """Attributes change from the import's local day on."""
    imported(database, in_depot(BUS, "North"), at=JANUARY)
    before = clock(database)
    report = imported(database, in_depot(BUS, "South"))
    assert counts(report) == (0, 1, 0, 0)
    assert known(database) == [
        ("1", None, "North", "-infinity", str(YESTERDAY)),
        ("1", None, "South", str(TODAY), "infinity"),
    ]
    assert depots(database, YESTERDAY) == {"1": "North"}
    assert depots(database, TODAY) == {"1": "South"}
    assert depots(database, TODAY, known_at=before) == {"1": "North"}
    assert counts(imported(database, in_depot(BUS, "South"))) == (0, 0, 0, 1)


def test_a_correction_holds_from_the_beginning_of_the_period(database: Connection) -> None:
    """Moves before the period in force stay what they were."""
    imported(database, in_depot(BUS, "North", "A1"), at=JANUARY - timedelta(days=9))
    imported(database, in_depot(BUS, "South", "A1"), at=JANUARY)
    report = imported(database, in_depot(BUS, "South", "A2"), correct=True)
    assert (counts(report), report.retroactive) == ((0, 1, 0, 0), 1)
    assert known(database) == [
        ("1", "A1", "North", "-infinity", "2024-01-09"),
        ("1", "A2", "South", "2024-01-10", "infinity"),
    ]


def test_a_correction_takes_the_past_that_a_list_spells_out(database: Connection) -> None:
    """Otherwise it is left alone, and the report says so."""
    imported(database, in_depot(BUS, "North"), at=JANUARY)
    imported(database, in_depot(BUS, "South"), at=MARCH - timedelta(days=1))
    listed = [
        in_depot(BUS, "East", ends=date(2024, 3, 8)),
        in_depot(BUS, "South", begins=YESTERDAY),
    ]
    report = imported(database, *listed)
    assert (counts(report), report.left_alone) == ((0, 0, 0, 1), 1)
    report = imported(database, *listed, correct=True)
    assert (counts(report), report.left_alone) == ((0, 1, 0, 0), 0)
    assert depots(database, date(2024, 1, 1)) == {"1": "East"}


def test_a_vehicle_that_is_not_listed_ends_the_day_before(database: Connection) -> None:
    """One that would have begun today or later is never in service."""
    future = RegistryEntry(OTHER, in_service_from=TODAY)
    imported(database, RegistryEntry(BUS), future, at=JANUARY)
    before = clock(database)
    keep = RegistryEntry(VehicleId("op", "3"))
    report = imported(database, keep)
    assert counts(report) == (1, 0, 2, 0)
    assert report.ended_vehicles == [BUS, OTHER]
    assert known(database) == [
        ("1", None, None, "-infinity", str(YESTERDAY)),
        ("3", None, None, str(TODAY), "infinity"),
    ]
    assert depots(database, TODAY, known_at=before).keys() == {"1", "2"}
    assert counts(imported(database, keep)) == (0, 0, 0, 1)
    assert counts(imported(database, keep, RegistryEntry(BUS))) == (1, 0, 0, 1)
    assert depots(database, TODAY).keys() == {"1", "3"}


def test_the_day_is_that_of_the_operators_time_zone(database: Connection) -> None:
    """An evening in UTC is the next day in Moscow."""
    imported(database, in_depot(BUS, "North"), at=JANUARY)
    imported(database, in_depot(BUS, "South"), at=MARCH.replace(hour=21))
    assert [row[3] for row in known(database)] == ["-infinity", "2024-03-11"]


def test_the_effective_day_can_be_given(database: Connection) -> None:
    """In the past, or ahead."""
    imported(database, in_depot(BUS, "North"), at=JANUARY)
    imported(database, in_depot(BUS, "South"), effective=date(2024, 5, 1))
    assert depots(database, date(2024, 4, 30)) == {"1": "North"}
    assert depots(database, date(2024, 5, 1)) == {"1": "South"}


def test_dates_given_are_taken_at_their_word(database: Connection) -> None:
    """A vehicle withdrawn last month was not in last week's fleet."""
    imported(database, RegistryEntry(BUS), RegistryEntry(OTHER), at=JANUARY)
    withdrawn = RegistryEntry(OTHER, in_service_to=date(2024, 2, 12))
    report = imported(database, RegistryEntry(BUS), withdrawn)
    assert (counts(report), report.retroactive) == ((0, 0, 1, 1), 1)
    assert depots(database, date(2024, 2, 12)).keys() == {"1", "2"}
    assert depots(database, date(2024, 2, 13)).keys() == {"1"}


def test_a_column_that_the_list_has_not_says_nothing(database: Connection) -> None:
    """An empty value in one that it has says that nothing is known."""
    whole = in_depot(BUS, "North", "A1", ends=date(2024, 12, 31))
    imported(database, whole, at=JANUARY)
    ids = {"operator_id", "vehicle_id"}
    assert counts(imported(database, RegistryEntry(BUS), columns=ids)) == (0, 0, 0, 1)
    imported(database, RegistryEntry(BUS), columns=ids | {"depot"})
    assert known(database)[1] == ("1", "A1", None, str(TODAY), "2024-12-31")


def test_attributes_and_equipment_are_what_the_list_has(database: Connection) -> None:
    """Whatever its columns are called; a kind of equipment that is new is learnt."""
    whole = RegistryEntry(
        BUS,
        attributes={"depot": "North", "Примечание, гараж": "у ворот"},
        equipment={"cctv": True, "cashless": False, "air_conditioning": True},
    )
    imported(database, whole, at=JANUARY)
    assert registry_entries(database) == [whole]
    assert known_kinds(database).names == ("cctv", "cashless", "air_conditioning")
    assert counts(imported(database, whole)) == (0, 0, 0, 1)


def test_what_a_list_does_not_state_stays(database: Connection) -> None:
    """Of attributes and of equipment alike; an empty value in a column that it has clears it."""
    attributes = {"depot": "North", "note": "old", "color": "red"}
    whole = RegistryEntry(
        BUS, attributes=attributes, equipment={"cctv": True, "cashless": True, "lift": False}
    )
    imported(database, whole, at=JANUARY)
    listed = RegistryEntry(BUS, attributes={"note": "new"}, equipment={"cctv": False})
    columns = {"operator_id", "vehicle_id", "note", "color", "cctv", "lift"}
    imported(database, listed, columns=columns)
    (now,) = registry_entries(database, Selection(on=TODAY))
    assert now.attributes == {"depot": "North", "note": "new"}
    assert now.equipment == {"cctv": False, "cashless": True}
    (before,) = registry_entries(database, Selection(on=YESTERDAY))
    assert before == whole._replace(in_service_to=YESTERDAY)


def test_an_attribute_that_has_become_a_kind_gives_way_to_it(database: Connection) -> None:
    """A column kept as text before its kind was named says it in one place afterwards."""
    imported(database, RegistryEntry(BUS, attributes={"lift": "yes"}), at=JANUARY)
    columns = {"operator_id", "vehicle_id", "lift"}
    imported(database, RegistryEntry(BUS, equipment={"lift": True}), columns=columns)
    (now,) = registry_entries(database, Selection(on=TODAY))
    assert (now.attributes, now.equipment) == ({}, {"lift": True})


def test_other_operators_stay_as_they_are(database: Connection) -> None:
    """The list is the whole list of the operators that occur in it."""
    elsewhere = RegistryEntry(VehicleId("else", "1"))
    imported(database, RegistryEntry(BUS), elsewhere, at=JANUARY)
    assert counts(imported(database, RegistryEntry(BUS), yes=False)) == (0, 0, 0, 1)
    with pytest.raises(UnexpectedOperator, match="else"):
        imported(database, RegistryEntry(BUS), elsewhere, operators=["op"])
    with pytest.raises(UnexpectedOperator, match="there is no operator nobody"):
        imported(database, operators=["else", "nobody"])
    assert counts(imported(database, operators=["else"])) == (0, 0, 1, 0)


def fleet(size: int) -> list[RegistryEntry]:
    return [RegistryEntry(VehicleId("op", str(number))) for number in range(size)]


def test_a_truncated_list_does_not_wipe_the_fleet(database: Connection) -> None:
    """A tenth may end; more needs a yes, and nothing is changed without it."""
    imported(database, *fleet(20), at=JANUARY)
    with pytest.raises(FleetWouldShrink, match="3 of 20 vehicles of operator op") as caught:
        imported(database, *fleet(17), yes=False)
    assert caught.value.losses == [("op", 3, 20)]
    assert len(depots(database, TODAY)) == 20
    assert counts(imported(database, *fleet(18), yes=False)) == (0, 0, 2, 18)
    assert counts(imported(database, *fleet(3))) == (0, 0, 15, 3)


def test_dates_that_take_the_past_away_need_a_yes_too(database: Connection) -> None:
    """A list that dates everything today would wipe last year's denominator."""
    imported(database, *fleet(20), at=JANUARY)
    dated = [entry._replace(in_service_from=TODAY) for entry in fleet(20)]
    with pytest.raises(FleetWouldShrink, match="20 of 20"):
        imported(database, *dated, yes=False)


def test_a_dry_run_changes_nothing(database: Connection) -> None:
    """It reports what an import would change, and uses up no number of a change."""
    report = imported(database, *fleet(3), dry_run=True)
    assert (counts(report), report.dry_run) == ((3, 0, 0, 0), True)
    for table in ("registry_entry", "registry_change", "vehicle", "operator"):
        assert database.execute(f"select count(*) from {table}".encode()).fetchone() == (0,)
    imported(database, *fleet(3))
    assert [change.change_id for change in registry_changes(database, 9)] == [1]


def test_a_claim_is_kept_and_moves_nothing_that_was_known(database: Connection) -> None:
    """Knowledge goes by the server's clock, whatever moment a user names, and in whatever order."""
    begins = clock(database)
    imported(database, *fleet(1), at=MARCH)
    between = clock(database)
    report = imported(database, *fleet(2), at=JANUARY)
    assert begins < between < report.entered_at < clock(database)
    assert [len(depots(database, TODAY, moment)) for moment in (begins, between)] == [0, 1]
    assert depots(database, TODAY, known_at=JANUARY) == {}
    assert depots(database, JANUARY.date()).keys() == {"0", "1"}
    changes = registry_changes(database, 9)
    assert [change.claimed_at for change in changes] == [JANUARY, MARCH]
    assert changes[0].entered_at == report.entered_at > changes[1].entered_at


@pytest.mark.parametrize("year", [1969, 9999])
def test_a_claim_is_of_the_past(database: Connection, year: int) -> None:
    """And of a time when there were databases; nothing is changed otherwise."""
    with pytest.raises(ClaimOutOfRange):
        imported(database, *fleet(1), at=datetime(year, 12, 31, tzinfo=UTC))
    assert registry_changes(database, 9) == []


def test_knowledge_goes_forward_where_the_clock_does_not(database: Connection) -> None:
    """A server whose clock was set back never dates a change before the previous one."""
    ahead = clock(database) + timedelta(hours=1)
    database.execute(
        "insert into registry_change (entered_at, changed_by, source) values (%s, 'a', 'b')",
        [ahead],
    )
    assert imported(database, *fleet(1)).entered_at > ahead


def test_who_changed_what_is_on_record(database: Connection) -> None:
    """An ending has an author, too; so has an operator's row."""
    imported(database, RegistryEntry(BUS), RegistryEntry(OTHER), at=JANUARY)
    imported(database, RegistryEntry(OTHER))
    assert database.execute(
        """
        select opened.source, closed.changed_by, closed.claimed_at
        from registry_entry
        join vehicle using (vehicle_key)
        join registry_change as opened using (change_id)
        join registry_change as closed on closed.change_id = superseded_by
        where vehicle_id = '1'
        """
    ).fetchall() == [("list.csv", "tester", MARCH)]
    authors = database.execute("select entered_by from operator_history").fetchall()
    assert authors == [("tester",)]


def test_entries_that_overlap_are_rejected(database: Connection) -> None:
    """A vehicle would count twice."""
    with pytest.raises(DataRejected, match="op/1 overlap"):
        imported(database, RegistryEntry(BUS), in_depot(BUS, "North"))
    assert known(database) == []


def test_an_unknown_time_zone_is_rejected(database: Connection) -> None:
    """In words of this room, and with nothing kept."""
    with pytest.raises(DataRejected, match="Mars"):
        import_registry(
            database, fleet(1), time_zone="Mars/Crater", changed_by="tester", source="list.csv"
        )


def test_two_imports_at_once_take_turns(database_url: str) -> None:
    """Whichever is second finds what the first has done."""
    migrate(database_url)
    reports: list[ImportReport] = []

    def run() -> None:
        with connect(database_url, "test") as connection:
            reports.append(
                import_registry(
                    connection, fleet(500), time_zone=ZONE, changed_by="tester", source="x"
                )
            )

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts(report) for report in reports) == [(0, 0, 0, 500), (500, 0, 0, 0)]


@pytest.mark.skipif(not REAL_LIST.exists(), reason="the real list is not beside this checkout")
def test_a_real_list_is_imported(database: Connection) -> None:
    """2,675 lines, 2,668 vehicles; seven are in it twice, with two types."""
    with pytest.raises(RegistryFileError, match="7 bad lines") as caught:
        read_registry(REAL_LIST)
    assert str(caught.value.faults[0]).endswith('or leave out what differs: --column "type="')
    read = read_registry(REAL_LIST, Reading(columns={"type": ""}))
    report = import_registry(
        database,
        read.entries,
        time_zone="Europe/Helsinki",
        changed_by="tester",
        source=REAL_LIST.name,
        columns=read.columns,
        repeated=read.repeated,
    )
    assert (counts(report), report.repeated) == ((2668, 0, 0, 0), 7)


START = date(2024, 3, 1)
DAYS = [START + timedelta(days=number) for number in range(-1, 30)]
"""The first is on no list by its date: it stands for all the time before."""
OFFSETS = st.integers(1, len(DAYS) - 1)
YES_OR_NO = st.sampled_from([True, False])
Timeline = dict[date, str | None]


@st.composite
def lines_of_a_vehicle(draw: st.DrawFn, vehicle: VehicleId) -> list[RegistryEntry]:
    """One to three periods that do not overlap, the first and last perhaps open."""
    size = draw(st.integers(0, 3))
    edges = sorted(draw(st.sets(OFFSETS, min_size=2 * size, max_size=2 * size)))
    pairs = list(zip(edges[::2], edges[1::2], strict=True))
    entries = [
        RegistryEntry(
            vehicle,
            in_service_from=DAYS[first],
            in_service_to=DAYS[last],
            attributes=draw(st.sampled_from([{"depot": "N"}, {"depot": "S"}, {}])),
        )
        for first, last in pairs
    ]
    if draw(YES_OR_NO) and entries:
        entries[0] = entries[0]._replace(in_service_from=None)
    if draw(YES_OR_NO) and entries:
        entries[-1] = entries[-1]._replace(in_service_to=None)
    return entries


@st.composite
def imports(draw: st.DrawFn) -> tuple[list[RegistryEntry], int, bool]:
    vehicles = [VehicleId("op", number) for number in "12"]
    entries = [entry for one in vehicles for entry in draw(lines_of_a_vehicle(one))]
    return entries, draw(OFFSETS), draw(st.booleans())


def listed_on(entries: list[RegistryEntry], day: date) -> RegistryEntry | None:
    for entry in entries:
        if (entry.in_service_from or date.min) <= day <= (entry.in_service_to or date.max):
            return entry
    return None


def expected(
    before: Timeline,
    entries: list[RegistryEntry],
    effective: date,
    *,
    correct: bool,
    first_list: bool,
) -> Timeline:
    """The rules of storage.registry.importing, once more, one day at a time."""
    after: Timeline = {}
    in_force = period_in_force(before, effective)
    for day in DAYS:
        entry = listed_on(entries, day)
        past = day < effective
        if not entries:
            if past and day in before:
                after[day] = before[day]
        elif entry is None:
            continue
        elif past and entry.in_service_from is None and day not in before:
            ended_before = entry.in_service_to is not None and entry.in_service_to < effective
            if not before and (first_list or correct or ended_before):
                after[day] = entry.attributes.get("depot")
        elif past and day in before:
            closed = entry.in_service_to is not None and entry.in_service_to < effective
            takes = correct and (closed or day in in_force)
            after[day] = entry.attributes.get("depot") if takes else before[day]
        else:
            after[day] = entry.attributes.get("depot")
    return after


def period_in_force(before: Timeline, effective: date) -> set[date]:
    if effective not in before:
        return set()
    days = {effective}
    day = effective - timedelta(days=1)
    while day in before and before[day] == before[effective]:
        days.add(day)
        day -= timedelta(days=1)
    return days


def timeline(connection: Connection, vehicle: VehicleId, known_at: datetime | None) -> Timeline:
    found: Timeline = {}
    for day in DAYS:
        by_vehicle = depots(connection, day, known_at)
        if vehicle.vehicle_id in by_vehicle:
            found[day] = by_vehicle[vehicle.vehicle_id]
    return found


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(imports(), min_size=1, max_size=4))
def test_any_imports_agree_with_a_computation_by_day(
    database: Connection, history: list[tuple[list[RegistryEntry], int, bool]]
) -> None:
    """After every import, and as known at each moment between them."""
    database.execute("truncate registry_change, registry_entry, vehicle, operator cascade")
    database.execute("insert into operator (operator_id, time_zone) values ('op', 'UTC')")
    vehicles = [VehicleId("op", number) for number in "12"]
    states: list[dict[VehicleId, Timeline]] = [{vehicle: {} for vehicle in vehicles}]
    moments: list[datetime] = []
    first_list = True
    for number, (entries, offset, correct) in enumerate(history):
        effective = DAYS[offset]
        at = JANUARY + timedelta(days=number)
        before = states[-1]
        states.append(
            {
                vehicle: expected(
                    before[vehicle],
                    [entry for entry in entries if entry.vehicle == vehicle],
                    effective,
                    correct=correct,
                    first_list=first_list,
                )
                for vehicle in vehicles
            }
        )
        moments.append(clock(database))
        report = imported(
            database, *entries, at=at, correct=correct, effective=effective, operators=["op"]
        )
        first_list = first_list and not entries
        for vehicle in vehicles:
            assert timeline(database, vehicle, None) == states[-1][vehicle]
        if before == states[-1]:
            assert report.added == report.ended == 0
    for known_at, state in zip(moments, states, strict=False):
        for vehicle in vehicles:
            assert timeline(database, vehicle, known_at) == state[vehicle]
