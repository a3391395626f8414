"""When we were deaf: the gaps between the spans in which a worker was up and connected."""

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


class DeafDay(NamedTuple):
    """A local day on which we were deaf for longer than is put up with."""

    day: date
    deaf: timedelta


def gaps(heard: Iterable[Span], within: Span) -> list[Span]:
    """Return the parts of a span in which no worker was connected.

    Args:
        heard: of any number of workers, overlapping as they like.
    """
    found = []
    deaf_from = within.begins
    for span in sorted(span for span in heard if span.begins < span.ends):
        if span.begins > deaf_from:
            found.append(Span(deaf_from, min(span.begins, within.ends)))
        deaf_from = max(deaf_from, span.ends)
        if deaf_from >= within.ends:
            return [gap for gap in found if gap.begins < gap.ends]
    return [*found, Span(deaf_from, within.ends)]


def deaf_days(
    heard: Sequence[Span], days: Iterable[date], zone: tzinfo, until: datetime, limit: timedelta
) -> list[DeafDay]:
    """Return the local days on which the gaps add up to more than the limit.

    Of the time before the first span nothing is on record, and nothing is said.

    Args:
        until: the moment up to which the spans are known.
    """
    if not heard:
        return []
    first = min(span.begins for span in heard)
    found = []
    for day in days:
        within = _clipped(_local_day(day, zone), first, until)
        deaf = sum((gap.length for gap in gaps(heard, within)), timedelta()) if within else None
        if deaf is not None and deaf > limit:
            found.append(DeafDay(day, deaf))
    return found


def _local_day(day: date, zone: tzinfo) -> Span:
    # In UTC: two local times of one zone are subtracted as if every day had 24 hours.
    midnights = (datetime.combine(day + timedelta(days=more), time(), zone) for more in (0, 1))
    return Span(*(midnight.astimezone(UTC) for midnight in midnights))


def _clipped(span: Span, first: datetime, until: datetime) -> Span | None:
    begins, ends = max(span.begins, first), min(span.ends, until)
    return Span(begins, ends) if begins < ends else None
