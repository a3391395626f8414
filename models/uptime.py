"""Ingest downtime: the gaps between the spans in which a worker was up and connected."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple


class Span(NamedTuple):
    """From one moment to another, UTC-aware."""

    begins: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ends - self.begins


class DowntimeDay(NamedTuple):
    """A local day on which ingest was down for longer than the limit."""

    day: date
    downtime: timedelta


def gaps(connected: Iterable[Span], within: Span) -> list[Span]:
    """Return the parts of a span in which no worker was connected.

    Args:
        connected: when any worker was; they may overlap.
    """
    found = []
    down_from = within.begins
    for span in sorted(span for span in connected if span.begins < span.ends):
        if span.begins > down_from:
            found.append(Span(down_from, min(span.begins, within.ends)))
        down_from = max(down_from, span.ends)
        if down_from >= within.ends:
            return [gap for gap in found if gap.begins < gap.ends]
    return [*found, Span(down_from, within.ends)]


def downtime_days(
    connected: Sequence[Span],
    days: Iterable[date],
    zone: tzinfo,
    until: datetime,
    limit: timedelta,
) -> list[DowntimeDay]:
    """Return the local days on which the gaps add up to more than the limit.

    Time before the first span is not on record and counts as neither up nor down.

    Args:
        until: the moment up to which the spans are known.
    """
    if not connected:
        return []
    first = min(span.begins for span in connected)
    found = []
    for day in days:
        within = _clipped(_local_day(day, zone), first, until)
        if within is None:
            continue
        downtime = sum((gap.length for gap in gaps(connected, within)), timedelta())
        if downtime > limit:
            found.append(DowntimeDay(day, downtime))
    return found


def _local_day(day: date, zone: tzinfo) -> Span:
    # In UTC: two local times of one zone are subtracted as if every day had 24 hours.
    midnights = (datetime.combine(day + timedelta(days=more), time(), zone) for more in (0, 1))
    return Span(*(midnight.astimezone(UTC) for midnight in midnights))


def _clipped(span: Span, first: datetime, until: datetime) -> Span | None:
    begins, ends = max(span.begins, first), min(span.ends, until)
    return Span(begins, ends) if begins < ends else None
