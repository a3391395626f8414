"""The history of the settings on a real database, against a slow computation."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.rules import RuleInForce, record, rules_on

DEFAULTS = {"time_zone": "Europe/Moscow", "tracked_minutes": "10", "windows": "90s,5m"}
ON = date(2024, 12, 31)
SECOND = timedelta(seconds=1)

Row = tuple[str, str, datetime]


@pytest.fixture
def database(embedded_url: str) -> Iterator[Connection]:
    migrate(embedded_url)
    with connect(embedded_url, "test", autocommit=True) as connection:
        yield connection


def day_end(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def slowly(history: Sequence[Row], on: date, known_on: date | None) -> dict[str, RuleInForce]:
    """Go through the history setting by setting, with no database."""
    known = list(history)
    if known_on is not None:
        limit = day_end(known_on, _zone(history, known_on) or DEFAULTS["time_zone"])
        known = [row for row in history if row[2] < limit]
    oldest_zone = min((row for row in known if row[0] == "time_zone"), key=_at, default=None)
    zone = _zone(known, on) or (oldest_zone[1] if oldest_zone else DEFAULTS["time_zone"])
    found = {}
    for name, default in DEFAULTS.items():
        own = sorted((row for row in known if row[0] == name), key=_at)
        before = [row for row in own if row[2] < day_end(on, zone)]
        row = before[-1] if before else own[0] if own else None
        found[name] = RuleInForce(row[1], row[2]) if row else RuleInForce(default, None)
    return found


def _zone(history: Sequence[Row], day: date) -> str | None:
    """Return the zone that was set when a day ended by it."""
    zones = [row for row in history if row[0] == "time_zone" and row[2] < day_end(day, row[1])]
    return max(zones, key=_at)[1] if zones else None


def _at(row: Row) -> datetime:
    return row[2]


VALUES = {
    "time_zone": ["Europe/Moscow", "Asia/Kamchatka", "America/Santiago"],
    "tracked_minutes": ["5", "10", "20"],
    "windows": ["90s,5m", "1h"],
}
MOMENTS = st.builds(
    lambda day, zone, aside: day_end(ON + timedelta(days=day), zone) + aside * SECOND,
    st.integers(-3, 3),
    st.sampled_from(VALUES["time_zone"]),
    st.integers(-1, 1),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    return [
        (name, draw(st.sampled_from(values)), moment)
        for name, values in VALUES.items()
        for moment in draw(st.sets(MOMENTS, max_size=4))
    ]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories(), days=st.integers(-3, 3), known=st.none() | st.integers(-3, 3))
def test_the_rule_in_force_agrees_with_a_slow_computation(
    database: Connection, history: list[Row], days: int, known: int | None
) -> None:
    """Whatever was set when, in whichever zone the day ended, as known on any day."""
    database.execute("truncate rule_setting")
    for row in history:
        database.execute(
            "insert into rule_setting (name, value, known_from) values (%s, %s, %s)", row
        )
    on = ON + timedelta(days=days)
    known_on = None if known is None else ON + timedelta(days=known)
    assert rules_on(database, on, DEFAULTS, known_on) == slowly(history, on, known_on)


def test_only_what_has_changed_is_recorded(database: Connection) -> None:
    """With whose doing it was, and the clock of the server."""
    assert record(database, DEFAULTS, "ingest") == sorted(DEFAULTS)
    assert record(database, DEFAULTS, "metrics") == []
    assert record(database, DEFAULTS | {"tracked_minutes": "5"}, "metrics") == ["tracked_minutes"]
    assert record(database, DEFAULTS, "ingest") == ["tracked_minutes"]
    rows = database.execute(
        """
        select value, entered_by, clock_timestamp() - known_from < interval '1 minute'
        from rule_setting where name = 'tracked_minutes' order by known_from
        """
    ).fetchall()
    assert rows == [("10", "ingest", True), ("5", "metrics", True), ("10", "ingest", True)]


def test_a_change_of_today_moves_no_rule_of_the_past(database: Connection) -> None:
    """What nobody had recorded by then is the oldest recorded, or the default."""
    assert rules_on(database, ON, DEFAULTS)["tracked_minutes"] == RuleInForce("10", None)
    record(database, DEFAULTS | {"tracked_minutes": "7"}, "ingest")
    record(database, DEFAULTS | {"tracked_minutes": "5"}, "ingest")
    assert rules_on(database, ON, DEFAULTS)["tracked_minutes"].value == "7"
    assert rules_on(database, ON, DEFAULTS, ON)["tracked_minutes"] == RuleInForce("10", None)
