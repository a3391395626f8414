"""Service hours on a real database, against a slow computation."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.service_hours import Holiday, ServiceHours
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.service_hours import (
    UnknownOperators,
    holidays,
    import_holidays,
    import_hours,
    operators_in_service,
    service_hours,
)

MONDAY = date(2024, 3, 25)
ZONE = "Europe/Helsinki"
numbers = count()


@pytest.fixture
def database(embedded_url: str) -> Iterator[Connection]:
    migrate(embedded_url)
    with connect(embedded_url, "test", autocommit=True) as connection:
        yield connection


def known(connection: Connection, *operators: str) -> None:
    for operator in operators:
        connection.execute("insert into operator values (%s, null, %s)", [operator, ZONE])


def slowly(hours: list[ServiceHours], free: set[date], moment: datetime) -> bool:
    """Walk over the days and spans, with no database."""
    local = moment.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        begins = datetime.combine(day, datetime.min.time())
        kind = day.isoweekday()
        if day in free:
            kind = 8 if any(each.day_kind == 8 for each in hours) else 7
        for each in hours:
            starts = begins + timedelta(minutes=each.from_minute)
            ends = begins + timedelta(minutes=each.to_minute)
            if each.day_kind == kind and starts <= local < ends:
                return True
    return False


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int, int]:
    begins = draw(st.integers(0, 1439))
    return draw(st.integers(1, 8)), begins, begins + draw(st.integers(1, 1440))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    given_spans=st.lists(spans(), min_size=1, max_size=6, unique_by=lambda span: span[:2]),
    free=st.sets(st.integers(0, 7).map(lambda days: MONDAY + timedelta(days=days))),
    minutes=st.lists(st.integers(-60, 9 * 1440), min_size=1, max_size=9),
)
def test_in_service_agrees_with_a_slow_computation(
    database: Connection,
    given_spans: list[tuple[int, int, int]],
    free: set[date],
    minutes: list[int],
) -> None:
    """Past midnight, on holidays, and on the day of 23 hours that is among them."""
    operator = f"op{next(numbers)}"
    known(database, operator)
    hours = [ServiceHours(operator, *span) for span in given_spans]
    import_hours(database, hours, entered_by="t")
    import_holidays(database, [Holiday(day, operator) for day in free], entered_by="t")
    for minute in minutes:
        moment = datetime(2024, 3, 24, 22, tzinfo=UTC) + timedelta(minutes=minute)
        found = operators_in_service(database, moment)[operator]
        assert found == slowly(hours, free, moment)


def test_an_import_replaces_its_operators_hours(database: Connection) -> None:
    """Others keep theirs; where none are given, it is not known. Of the past the old ones hold."""
    known(database, "a", "b", "c")
    hours = [ServiceHours("a", 1, 300, 1500), ServiceHours("b", 1, 0, 1440)]
    import_hours(database, hours, entered_by="t")
    import_hours(database, [ServiceHours("a", 2, 300, 1500)], entered_by="t")
    assert service_hours(database) == [
        ServiceHours("a", 2, 300, 1500),
        ServiceHours("b", 1, 0, 1440),
    ]
    monday_noon = datetime(2024, 3, 25, 10, tzinfo=UTC)
    assert operators_in_service(database, monday_noon) == {"a": True, "b": True, "c": None}
    later = monday_noon + timedelta(weeks=4000)
    assert operators_in_service(database, later) == {"a": False, "b": True, "c": None}


def test_nothing_that_was_known_is_deleted(database: Connection) -> None:
    """Hours and holidays say who entered and who ended them; what is the same stays as it is."""
    known(database, "a")
    first, second = ServiceHours("a", 1, 300, 1500), ServiceHours("a", 2, 300, 1500)
    import_hours(database, [first, second], entered_by="one")
    import_hours(database, [first], entered_by="two")
    rows = "select {}, entered_by, ended_by, known_to = 'infinity' from {} order by 1"
    assert database.execute(rows.format("day_kind", "service_hours")).fetchall() == [
        (1, "one", None, True),
        (2, "one", "two", False),
    ]
    fair, may = Holiday(MONDAY, "a", "Fair"), Holiday(date(2024, 5, 1))
    import_holidays(database, [fair, may, may], entered_by="one")
    import_holidays(database, [may], entered_by="two")
    assert database.execute(rows.format("day", "holiday")).fetchall() == [
        (MONDAY, "one", "two", False),
        (may.day, "one", None, True),
    ]
    assert holidays(database) == [may]


def test_a_misspelt_operator_is_rejected(database: Connection) -> None:
    """Nothing of the file is taken then."""
    known(database, "a")
    with pytest.raises(UnknownOperators, match="operator z"):
        import_hours(
            database, [ServiceHours("a", 1, 0, 9), ServiceHours("z", 1, 0, 9)], entered_by="t"
        )
    with pytest.raises(UnknownOperators, match="operator z"):
        import_holidays(database, [Holiday(MONDAY), Holiday(MONDAY, "z")], entered_by="t")
    assert (service_hours(database), holidays(database)) == ([], [])
