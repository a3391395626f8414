"""Whatever comes in whatever batches, order and number of times, the tables end up the same."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import strategies as st

from models.equipment import DEFAULT_KINDS, Flag
from models.rejection import RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.writing import reception
from tests.integration.storage.crowd import Crowds, same
from tests.integration.storage.crowd_writing import analyzing, empty, moments_analyzed, write_crowd
from tests.integration.storage.fleet_history import (
    FIX,
    T0,
    ZONES,
    Event,
    History,
    Received,
    RejectedReport,
    flags,
    live,
)
from tests.integration.storage.random_histories import received, rejections

SECOND = timedelta(seconds=1)
BUS = VehicleId("east", "1")

TABLES = {
    "report": """
        select operator_id, vehicle_id, observed_at, received_at, equipment, latitude, longitude,
               speed, bearing, hdop, satellites, route_id
        from report join vehicle using (vehicle_key) join journey using (journey_key)
    """,
    "vehicle_state": """
        select operator_id, vehicle_id, contact_at, fix_at, fix_heard_at, rejected_at, flags,
               latitude, longitude, first_contact_at, first_observed_at, first_rejected_at,
               route_id, equipment[1], equipment[2], equipment[3], equipment[4]
        from vehicle_state join vehicle using (vehicle_key) left join journey using (journey_key)
    """,
    "vehicle_day": """
        select operator_id, vehicle_id, day, recorded_on, south, north, west, east,
               minutes::text,
               equipment[1], equipment[2], equipment[3], equipment[4]
        from vehicle_day join vehicle using (vehicle_key)
    """,
}


def tables(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return all that is kept of the vehicles, in a fixed order."""
    return {
        name: sorted(connection.execute(query.encode()).fetchall(), key=repr)
        for name, query in TABLES.items()
    }


@st.composite
def told_twice(draw: st.DrawFn) -> tuple[History, History]:
    """The same events in two orders and two kinds of batches, some of them again in the second."""
    events: list[Event] = draw(st.lists(received() | rejections(), max_size=25))
    again = draw(st.lists(st.sampled_from(events), max_size=8)) if events else []
    shuffled = draw(st.permutations([*events, *again]))
    sizes = st.integers(1, 12)
    return History((), events, draw(sizes)), History((), shuffled, draw(sizes))


told_once_or_twice = st.builds(
    lambda events, batch_size, times: History((), events * times, batch_size),
    st.lists(received() | rejections(), max_size=25),
    st.integers(1, 12),
    st.integers(1, 2),
)


def test_batches_and_order_of_histories_do_not_matter(
    url: str, database: Connection, crowds: Crowds
) -> None:
    """Twice the same, in other batches, another order and with some of it again: the same rows."""

    def judge(analyzed: frozenset[int], crowd: Sequence[tuple[History, History]]) -> None:
        first, second = (
            kept(url, database, telling, analyzed) for telling in zip(*crowd, strict=True)
        )
        same(second, first)

    crowds.check(moments_analyzed, lambda _: told_twice(), judge)


def test_both_ways_of_histories_end_in_the_same_rows(
    url: str, database: Connection, crowds: Crowds
) -> None:
    """The usual way, which a batch without duplicates takes, and the general one, once or twice."""

    def judge(analyzed: frozenset[int], crowd: Sequence[History]) -> None:
        ends = []
        for as_usual in (True, False):
            database.execute("truncate reception, reception_rejected")
            rows = kept(url, database, crowd, analyzed, as_usual=as_usual)
            ends.append(rows | {"account": [tuple(reception.totals(database).values())]})
        same(ends[0], ends[1])

    crowds.check(moments_analyzed, lambda _: told_once_or_twice, judge)


def kept(
    url: str,
    database: Connection,
    histories: Sequence[History],
    analyzed: frozenset[int],
    *,
    as_usual: bool = True,
) -> dict[str, list[tuple[object, ...]]]:
    """Write histories into an empty database, and return what is there then."""
    empty(database)
    crowd = [history.numbered(number) for number, history in enumerate(histories)]
    for region, zone in ZONES.items():
        batches = [history.batches(region) for history in crowd]
        write_crowd(url, zone, batches, analyzing(database, analyzed), as_usual=as_usual)
    return tables(database)


def account(url: str, database: Connection, *events: Event, batch_size: int = 100) -> list[int]:
    """Write events; return how many were stored, duplicate, contact and rejected."""
    History((), events, batch_size=batch_size).write(url)
    _, *outcomes = reception.totals(database).values()
    return outcomes


def test_flags_of_an_instant_that_has_a_position_are_stored(url: str, database: Connection) -> None:
    """A controller stamps its position and its equipment alike: both are kept, in one row."""
    position = live(Report(BUS, T0, FIX))
    equipment = live(Report(BUS, T0, equipment=flags(cctv=Flag(True))))
    assert account(url, database, position, equipment, batch_size=1) == [2, 0, 0, 0]
    assert len(tables(database)["report"]) == 1
    assert account(url, database, position, equipment, batch_size=1) == [2, 2, 0, 0]


def test_each_instant_is_stored_once_within_a_batch(url: str, database: Connection) -> None:
    """Of the same report twice in one batch one is stored, the other a duplicate."""
    again = live(Report(BUS, T0, FIX, flags(cctv=Flag(True))))
    assert account(url, database, again, again, again) == [1, 2, 0, 0]


def test_of_a_contradiction_within_an_instant_the_worse_counts(
    url: str, database: Connection
) -> None:
    """Not fitted beats fitted, not working beats working, whichever came first."""
    good = live(Report(BUS, T0, equipment=flags(cctv=Flag(True, True))))
    bad = live(Report(BUS, T0, equipment=flags(cctv=Flag(False, False))))
    for events in ((good, bad), (bad, good)):
        empty(database)
        account(url, database, *events, batch_size=1)
        (found,) = database.execute("select flags from vehicle_state").fetchone() or (None,)
        assert DEFAULT_KINDS.flags(found) == {"cctv": Flag(False, False)}


def test_a_day_knows_what_was_received_live(url: str, database: Connection) -> None:
    """A minute observed long before its reception is a tracked one, and not a live one."""
    late = Received(Report(BUS, T0, FIX), T0 + timedelta(hours=2))
    account(url, database, late, live(Report(BUS, T0 + 60 * SECOND, FIX)))
    (counts,) = database.execute("""
        select array[minutes_count, live_count, route_count] from vehicle_day
    """).fetchone() or (None,)
    assert counts == [2, 1, 0]


def test_a_position_is_kept_to_a_centimetre(url: str, database: Connection) -> None:
    """What a view gives back is what was sent, within the stated precision."""
    sent = Fix(57.123456789, -41.987654321, 12.345, 359.96, 1.234, 11)
    account(url, database, live(Report(BUS, T0, sent)))
    row = database.execute("""
        select degrees(latitude), degrees(longitude), measured(speed, 100), measured(bearing, 10),
               measured(hdop, 100), measured(satellites, 1)
        from report
    """).fetchone()
    assert row == (57.1234568, -41.9876543, 12.34, 0.0, 1.23, 11)


def test_a_rejection_of_an_unknown_vehicle_is_of_no_vehicle(url: str, database: Connection) -> None:
    """A hostile account cannot fill the tables with vehicles that never sent a good report."""
    rejected = RejectedReport(BUS, T0, RejectReason.SCHEMA)
    account(url, database, rejected)
    assert database.execute("select count(*) from vehicle").fetchone() == (0,)


def test_a_repetition_and_a_contact_of_its_very_reception_are_kept(
    url: str, database: Connection
) -> None:
    """An array of old reports, sent twice, in the moment in which the vehicle says it is online."""
    old = Received(Report(BUS, T0 - timedelta(hours=1), FIX), T0)
    again = Received(old.report, T0 + SECOND)
    online = Received(Report(BUS, T0 + SECOND), T0 + SECOND)
    assert account(url, database, old, again, online) == [1, 1, 1, 0]
    assert len(tables(database)["report"]) == 2


def test_an_instant_bears_the_first_reception_by_which_its_vehicle_was_heard(
    url: str, database: Connection
) -> None:
    """A position that its gateway sent later tells nothing of hearing at that very instant."""
    position = Received(Report(BUS, T0, FIX, sent_at=T0 + 5 * SECOND), T0 + 7 * SECOND)
    contact = Received(Report(BUS, T0, sent_at=T0), T0 + 600 * SECOND)
    for events in ((position, contact), (contact, position)):
        for batch_size in (1, 2):
            empty(database)
            account(url, database, *events, batch_size=batch_size)
            rows = database.execute("select observed_at, received_at from report order by 1")
            assert rows.fetchall() == [
                (T0, contact.received_at),
                (T0 + 5 * SECOND, position.received_at),
            ]
            later = database.execute("select observed_at, recorded_at from recorded_later")
            assert later.fetchall() == [(T0, position.received_at)]
