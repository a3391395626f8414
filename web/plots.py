"""What a vehicle's last hours look like: numbers for the small pictures on its page."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from reports.vehicle_document import gaps
from storage.shares.vehicle import SentReport

WIDTH: Final = 720
HEIGHT: Final = 100


class Bar(NamedTuple):
    """A minute's reports, in units of the picture."""

    x: float
    y: float
    width: float
    height: float


class Gap(NamedTuple):
    """A time without a position longer than the window."""

    begins: datetime
    ends: datetime
    x: float
    width: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.ends - self.begins).total_seconds()


class Plots(NamedTuple):
    """The pictures of a period."""

    bars: list[Bar]
    most: int
    """Reports in the fullest minute."""
    speeds: list[str]
    """Points of each unbroken line."""
    fastest_kmh: float
    gaps: list[Gap]
    ticks: list[datetime]


def plots(
    reports: Sequence[SentReport], since: datetime, until: datetime, window: timedelta
) -> Plots:
    """Return the pictures of what a vehicle sent in a period."""
    span = (until - since).total_seconds()

    def x(moment: datetime) -> float:
        return round((moment - since).total_seconds() / span * WIDTH, 2)

    minutes: dict[int, int] = {}
    for report in reports:
        minute = int((report.observed_at - since).total_seconds() // 60)
        minutes[minute] = minutes.get(minute, 0) + 1
    most = max(minutes.values(), default=0)
    width = round(60 / span * WIDTH, 2)
    bars = [
        Bar(round(minute * 60 / span * WIDTH, 2), HEIGHT - tall, width, tall)
        for minute, count in sorted(minutes.items())
        for tall in [round(count / most * HEIGHT, 2)]
    ]
    fixes = [report for report in reports if report.is_fix]
    found = [
        Gap(begins, ends, x(begins), round(x(ends) - x(begins), 2))
        for begins, ends in gaps(reports, since, until, window)
    ]
    fastest = max((report.speed_mps or 0 for report in fixes), default=0.0) * 3.6

    def point(fix: SentReport) -> str:
        return f"{x(fix.observed_at)},{HEIGHT - (fix.speed_mps or 0) * 3.6 / fastest * HEIGHT:.1f}"

    fast = [[fix for fix in line if fix.speed_mps is not None] for line in unbroken(fixes, window)]
    speeds = [" ".join(map(point, line)) for line in fast if line and fastest]
    ticks = [since + (until - since) * part / 4 for part in range(5)]
    return Plots(bars, most, speeds, fastest, found, ticks)


def unbroken(fixes: Sequence[SentReport], window: timedelta) -> list[list[SentReport]]:
    """Split fixes where one is older than the window before the next."""
    lines: list[list[SentReport]] = []
    for fix in fixes:
        if not lines or fix.observed_at - lines[-1][-1].observed_at > window:
            lines.append([])
        lines[-1].append(fix)
    return lines
