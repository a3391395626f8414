"""What the small pictures of a vehicle's last hours are made of."""

from datetime import UTC, datetime, timedelta

from storage.shares.positions import VehiclePosition
from storage.shares.vehicle import SentReport
from web.plots import HEIGHT, WIDTH, plots
from web.traces import Traces

UNTIL = datetime(2026, 3, 1, 12, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=1)
WINDOW = timedelta(minutes=5)


def sent(minute: float, speed: float | None = 5.0, latitude: float | None = 57.0) -> SentReport:
    at = SINCE + timedelta(minutes=minute)
    return SentReport(at, at, latitude, 41.0, speed, {}, None)


def test_a_gap_is_longer_than_the_window() -> None:
    """At either end of the hours, too; a contact without a position ends none."""
    found = plots([sent(10), sent(15), sent(18, latitude=None), sent(25)], SINCE, UNTIL, WINDOW)
    assert [gap.seconds / 60 for gap in found.gaps] == [10, 10, 35]
    assert found.gaps[0].x == 0
    assert found.gaps[-1].x + found.gaps[-1].width == WIDTH


def test_reports_are_counted_by_the_minute() -> None:
    """The fullest minute is as high as the picture."""
    found = plots([sent(1), sent(1.5), sent(2)], SINCE, UNTIL, WINDOW)
    assert [bar.height for bar in found.bars] == [HEIGHT, HEIGHT / 2]
    assert found.most == 2


def test_nothing_sent_is_one_gap() -> None:
    """Without a bar, a speed or a fault."""
    found = plots([], SINCE, UNTIL, WINDOW)
    assert (found.bars, found.speeds, found.most, len(found.gaps)) == ([], [], 0, 1)
    standing = plots([sent(1, 0.0), sent(2, None)], SINCE, UNTIL, WINDOW)
    assert standing.speeds == []


def test_a_way_driven_twice_is_one_street() -> None:
    """In either direction; a leap, or a long silence, is not a street."""
    traces = Traces()

    def at(seconds: float, longitude: float) -> None:
        moment = UNTIL + timedelta(seconds=seconds)
        bus = VehiclePosition("a", "1", None, None, None, moment, 57.0, longitude, None, None)
        traces.note([bus])

    for seconds, longitude in ((0, 41.0), (10, 41.001), (20, 41.0), (30, 41.5), (400, 41.501)):
        at(seconds, longitude)
    assert traces.lines() == [[[41.0, 57.0], [41.001, 57.0]]]
