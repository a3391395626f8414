"""One grammar for the dates and times of every command."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
import typer

from fleetgauge.commands.dates import (
    end_of_day,
    parse_as_known_on,
    parse_change_day,
    parse_date,
    parse_moment,
    parse_window,
)

MOSCOW = timezone(timedelta(hours=3))


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETGAUGE_TIME_ZONE", "Europe/Moscow")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=MOSCOW)),
        ("2026-03-01T08:30", datetime(2026, 3, 1, 8, 30, tzinfo=MOSCOW)),
        ("2026-03-01 08:30:15", datetime(2026, 3, 1, 8, 30, 15, tzinfo=MOSCOW)),
        ("2026-03-01T08:30:15.5Z", datetime(2026, 3, 1, 8, 30, 15, 500_000, UTC)),
        (" 2026-03-01t08:30z ", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01T08:30-01:30", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("01.03.2026", datetime(2026, 3, 1, tzinfo=MOSCOW)),
        ("01.03.2026 08:30", datetime(2026, 3, 1, 8, 30, tzinfo=MOSCOW)),
    ],
)
def test_a_time_without_an_offset_is_local(text: str, moment: datetime) -> None:
    """In the settings' time zone; a date is its first moment there."""
    assert parse_moment(text) == moment


@pytest.mark.parametrize("text", ["01.12.2204", "1902-01-01", "31.06.2024", "soon"])
def test_a_change_is_of_a_day_that_somebody_can_mean(text: str) -> None:
    """A slip of the pen would end a fleet in the next century, and today's would stay."""
    assert parse_change_day("01.12.2024") == date(2024, 12, 1)
    with pytest.raises(typer.BadParameter, match="is not a d"):
        parse_change_day(text)


@pytest.mark.parametrize("parse", [parse_date, parse_moment, parse_as_known_on])
@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "20260301", "2026-W09-7", "2026-3-1", "2026-02-30", "30.02.2026"),
        *(
            "2026-03-01T",
            "2026-03-01T8:30",
            "2026-03-01T08",
            "2026-03-01X08:30",
            "2026-03-01T08:60",
        ),
        *("2026-03-01T08:30+3", "2026-03-01T08:30 MSK", "\u0662026-03-01", "2026-03-01\n08:30"),
    ],
)
def test_nothing_else_is_taken(parse: Callable[[str], object], text: str) -> None:
    """Neither by one command nor by another."""
    with pytest.raises(typer.BadParameter, match=r"is not a (date|time)"):
        parse(text)


def test_a_date_has_no_time() -> None:
    """Where a day is asked for, a time is a mistake."""
    assert parse_date("2026-03-01") == date(2026, 3, 1)
    with pytest.raises(typer.BadParameter, match="is not a date such as"):
        parse_date("2026-03-01T00:00")


@pytest.mark.parametrize(
    ("text", "days", "clock"),
    [
        ("today", 0, time()),
        ("Yesterday", 1, time()),
        ("yesterday 10:00", 1, time(10)),
        ("10:00", 0, time(10)),
        ("10:00:05+03:00", 0, time(10, 0, 5)),
    ],
)
def test_today_and_yesterday_are_local(text: str, days: int, clock: time) -> None:
    """By the settings' time zone, whatever that of the machine is."""
    before = datetime.now(MOSCOW).date()
    moment = parse_moment(text)
    expected = {
        datetime.combine(day - timedelta(days=days), clock, MOSCOW)
        for day in (before, datetime.now(MOSCOW).date())
    }
    assert moment in expected
    if clock == time():
        assert parse_date(text) in {each.date() for each in expected}


def test_known_on_a_day_is_known_when_it_ended() -> None:
    """By the last moment that the database can tell from the next day; a time is itself."""
    midnight = datetime(2026, 3, 1, 21, tzinfo=UTC)
    assert end_of_day(date(2026, 3, 1), MOSCOW) == midnight
    assert parse_as_known_on("2026-03-01") == midnight - timedelta(microseconds=1)
    assert parse_as_known_on("2026-03-01T12:00Z") == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("parse", [parse_as_known_on, parse_moment])
def test_what_has_no_date_in_utc_is_refused(parse: Callable[[str], object]) -> None:
    """It could be neither compared nor stored."""
    with pytest.raises(typer.BadParameter, match="outside the years 1 to 9999"):
        parse("0001-01-01T00:00:00+03:00")


def test_the_calendar_s_last_day_has_no_end() -> None:
    """Its last moment would need the first of the year 10000."""
    with pytest.raises(typer.BadParameter, match="outside the years 1 to 9999"):
        parse_as_known_on("9999-12-31")


@pytest.mark.parametrize("text", ["0s", "400d", "5 buses", "99999999999999d", ""])
def test_a_window_is_above_nothing_and_up_to_a_year(text: str) -> None:
    """Or it is wrong usage."""
    assert parse_window("90s") == timedelta(seconds=90)
    with pytest.raises(typer.BadParameter, match="is not a window"):
        parse_window(text)
