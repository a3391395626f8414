"""The gaps between spans, and the days on which they add up to downtime."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from models.uptime import DowntimeDay, Span, downtime_days, gaps

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


@given(connected=SPANS, within=st.tuples(st.integers(0, 60), st.integers(0, 30)))
def test_gaps_agree_with_a_minute_by_minute_walk(
    connected: list[Span], within: tuple[int, int]
) -> None:
    """However the workers' spans overlap."""
    span = Span(_at(within[0]), _at(sum(within)))
    found = gaps(connected, span)
    for minute in range(within[0], sum(within)):
        at = _at(minute)
        down = not any(each.begins <= at < each.ends for each in connected)
        assert down == any(gap.begins <= at < gap.ends for gap in found)
    assert all(one.ends < other.begins for one, other in itertools.pairwise(found))


def test_a_day_of_23_hours_has_23_hours() -> None:
    """The hour that the clocks skip is not downtime."""
    before = Span(T0 - HOUR, T0)
    days = [date(2024, 3, 31), date(2024, 4, 1)]
    until = T0 + 23 * HOUR
    assert downtime_days([before], days, HELSINKI, until, HOUR) == [DowntimeDay(days[0], 23 * HOUR)]
    all_day = Span(T0, until)
    assert downtime_days([before, all_day], days, HELSINKI, until, HOUR) == []


def test_time_before_the_record_is_not_downtime() -> None:
    """A worker first started at 20:00 was not down before."""
    connected = [Span(T0 + 20 * HOUR, T0 + 22 * HOUR)]
    day = date(2024, 3, 31)
    assert downtime_days(connected, [day], HELSINKI, T0 + 99 * HOUR, HOUR) == []
    assert downtime_days(connected, [day], HELSINKI, T0 + 99 * HOUR, HOUR / 2) == [
        DowntimeDay(day, HOUR)
    ]
    assert downtime_days([], [day], HELSINKI, T0 + 99 * HOUR, HOUR) == []
