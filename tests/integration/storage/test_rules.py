"""The history of the settings on a real database, against a slow computation."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from storage.connection import Connection
from storage.rules import RuleInForce, record, rules_on
from tests.integration.storage.crowd import Crowds, same

DEFAULTS = {"time_zone": "Europe/Moscow", "tracked_minutes": "10", "windows": "90s,5m"}
ON = date(2024, 12, 31)
SECOND = timedelta(seconds=1)

Row = tuple[str, str, datetime]


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


days = st.integers(-3, 3).map(lambda number: ON + timedelta(days=number))
asked = st.lists(st.tuples(days, st.none() | days), min_size=1, max_size=4)
"""Of which dates, as known on which."""


def test_rules_of_histories_are_those_in_force(database: Connection, crowds: Crowds) -> None:
    """Whatever was set when, in whichever zone the day ended, as known on any day.

    The rules are the whole database's: no two histories are in it at once.
    """

    def judge(asked: Sequence[tuple[date, date | None]], crowd: Sequence[list[Row]]) -> None:
        for history in crowd:
            database.execute("delete from rule_setting")
            with database.cursor() as cursor:
                cursor.executemany(
                    "insert into rule_setting (name, value, known_from) values (%s, %s, %s)",
                    history,
                )
            for on, known_on in asked:
                found = rules_on(database, on, DEFAULTS, known_on)
                same(found, slowly(history, on, known_on), f"{on}, as known {known_on}")

    crowds.check(asked, lambda _: histories(), judge)


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
