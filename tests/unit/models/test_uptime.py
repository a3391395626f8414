"""The gaps between spans, and the days they make deaf."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from models.uptime import DeafDay, Span, deaf_days, gaps

T0 = datetime(2024, 3, 30, 22, tzinfo=UTC)
"""The midnight in Helsinki before a day of 23 hours."""
HELSINKI = ZoneInfo("Europe/Helsinki")
HOUR = timedelta(hours=1)
SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 30)).map(
        lambda pair: Span(_at(pair[0]), _at(sum(pair)))
    ),
    max_size=8,
)


def _at(minute: int) -> datetime:
    return T0 + timedelta(minutes=minute)


@given(heard=SPANS, within=st.tuples(st.integers(0, 60), st.integers(0, 30)))
def test_gaps_agree_with_a_minute_by_minute_walk(
    heard: list[Span], within: tuple[int, int]
) -> None:
    """However the workers' spans overlap."""
    span = Span(_at(within[0]), _at(sum(within)))
    found = gaps(heard, span)
    for minute in range(within[0], sum(within)):
        at = _at(minute)
        deaf = not any(each.begins <= at < each.ends for each in heard)
        assert deaf == any(gap.begins <= at < gap.ends for gap in found)
    assert all(one.ends < other.begins for one, other in itertools.pairwise(found))


def test_a_day_of_23_hours_has_23_hours() -> None:
    """The hour that the clocks jump over is no downtime."""
    before = Span(T0 - HOUR, T0)
    days = [date(2024, 3, 31), date(2024, 4, 1)]
    until = T0 + 23 * HOUR
    assert deaf_days([before], days, HELSINKI, until, HOUR) == [DeafDay(days[0], 23 * HOUR)]
    all_day = Span(T0, until)
    assert deaf_days([before, all_day], days, HELSINKI, until, HOUR) == []


def test_of_the_time_before_the_record_nothing_is_said() -> None:
    """A worker that was put to use at 20:00 was not deaf all day."""
    heard = [Span(T0 + 20 * HOUR, T0 + 22 * HOUR)]
    day = date(2024, 3, 31)
    assert deaf_days(heard, [day], HELSINKI, T0 + 99 * HOUR, HOUR) == []
    assert deaf_days(heard, [day], HELSINKI, T0 + 99 * HOUR, HOUR / 2) == [DeafDay(day, HOUR)]
    assert deaf_days([], [day], HELSINKI, T0 + 99 * HOUR, HOUR) == []
