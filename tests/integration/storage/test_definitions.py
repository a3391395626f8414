"""Each figure's definition, one SQL function, asked by itself."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models.equipment import BITS, DEFAULT_KINDS, MAX_KINDS, Flag, Kinds
from storage.connection import Connection

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=5)


def ask(database: Connection, call: str, *values: object) -> object:
    row = database.execute(f"select {call}".encode(), values).fetchone()
    return row[0] if row else None


def flags(**said: Flag) -> int:
    return DEFAULT_KINDS.bits(said)


@pytest.mark.parametrize(
    ("observed", "declared", "equipped"),
    [(None, None, False), (None, True, True), (False, True, False), (True, False, True)],
)
def test_what_is_observed_wins_over_what_is_declared(
    database: Connection, observed: bool | None, declared: bool | None, equipped: bool
) -> None:
    """What the registry declares counts only where the vehicle never reported anything."""
    bits = [
        0 if fitted is None else flags(cashless=Flag(fitted)) for fitted in (observed, declared)
    ]
    found = ask(database, "equipped(%s, %s)", *bits)
    assert found == (1 << BITS if equipped else 0)


def test_no_working_without_equipment(database: Connection) -> None:
    """A state reported of equipment that is not fitted does not count."""
    assert ask(database, "working(%s, 0)", flags(cctv=Flag(True, True))) == 1
    assert ask(database, "working(%s, 0)", flags(cctv=Flag(False, True))) == 0
    assert ask(database, "working(%s, %s)", 4, flags(cctv=Flag(True))) == 1


def test_the_last_kind_is_counted_like_the_first(database: Connection) -> None:
    """All kinds at once: the bits of one never spill into another's."""
    kinds = Kinds(tuple(f"kind_{number}" for number in range(MAX_KINDS)))
    bits = kinds.bits({"kind_14": Flag(True, True), "kind_13": Flag(False, False)})
    assert ask(database, "equipped(%s, 0)", bits) == 1 << BITS * 14
    assert ask(database, "working(%s, 0)", bits) == 1 << BITS * 14


@pytest.mark.parametrize(
    ("fix", "fix_heard", "contact", "rejected", "reason"),
    [
        (5 * 60, 1, 1, None, None),
        (5 * 60 + 1, None, None, None, "never_seen"),
        (None, None, 301, None, "silent"),
        (None, None, None, 301, "silent"),
        (None, None, 300, None, "no_fix"),
        (7200, 300, 10, None, "late"),
        (7200, 301, 10, None, "no_fix"),
        (7200, 10, 10, 9, "bad_clock"),
        (7200, 10, 10, 10, "late"),
    ],
)
def test_why_a_vehicle_is_not_trackable(
    database: Connection,
    fix: int | None,
    fix_heard: int | None,
    contact: int | None,
    rejected: int | None,
    reason: str | None,
) -> None:
    """Of what was heard within the window the last decides, in seconds before now."""
    fix_at, fix_heard_at, contact_at, rejected_at = (
        None if seconds is None else NOW - timedelta(seconds=seconds)
        for seconds in (fix, fix_heard, contact, rejected)
    )
    found = ask(
        database,
        "why_not_trackable(%s, %s, %s, %s, 'in_future', %s, %s)",
        *(fix_at, fix_heard_at, contact_at, rejected_at, NOW, WINDOW),
    )
    assert found == reason


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/Moscow", date(2026, 3, 1), "2026-02-28T21:00:00+00:00"),
        # Clocks go back from 01:00 to 00:00: of two midnights the day begins with the first.
        ("Atlantic/Azores", date(2026, 10, 25), "2026-10-25T00:00:00+00:00"),
        # From 02:00 to 00:00, for good: a day of 26 hours.
        ("Asia/Chita", date(2014, 10, 26), "2014-10-25T14:00:00+00:00"),
        # Clocks go forward from 00:00 to 01:00: the day begins at 01:00.
        ("America/Havana", date(2026, 3, 8), "2026-03-08T05:00:00+00:00"),
    ],
)
def test_a_day_begins_with_its_first_moment(
    database: Connection, zone: str, day: date, begins: str
) -> None:
    """Where clocks change at midnight, too."""
    assert ask(database, "day_begins(%s, %s)", day, zone) == datetime.fromisoformat(begins)
