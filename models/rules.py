"""What makes a well-formed report acceptable: its time, its position, the service area."""

from collections.abc import Set
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final, NamedTuple, Self

from models.equipment import DEFAULT_KINDS, Kinds
from models.gateways import DEFAULT, Gateways
from models.rejection import Rejection, RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId


class ServiceArea(NamedTuple):
    """The box outside which no bus of ours can be; degrees, in GeoJSON's bbox order."""

    west: float
    south: float
    east: float
    north: float

    def covers(self, fix: Fix) -> bool:
        """Tell whether the fix is in the box or on its edge.

        A box over the antimeridian has its west east of its east (RFC 7946, 5.2).
        """
        if not self.south <= fix.latitude <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= fix.longitude <= self.east
        return fix.longitude >= self.west or fix.longitude <= self.east


WAITED_SKEW: Final = timedelta(seconds=5)
"""By so much clocks may differ that are set by a network or by satellites."""


class Rules(NamedTuple):
    """What a message is read by, and its reports are judged by.

    Source: docs/definitions.md, What becomes of a report.
    """

    max_age: timedelta = timedelta(days=30)
    max_skew: timedelta = timedelta(seconds=60)
    service_area: ServiceArea | None = None
    kinds: Kinds = DEFAULT_KINDS
    """Of what equipment something may be said."""
    gateways: Gateways = DEFAULT
    """How what gateways send is read."""
    clocks_ahead: Set[VehicleId] = frozenset()
    """Vehicles that may have been ahead by more than is tolerated when they sent the report."""

    def of_waited(self, clocks_ahead: Set[VehicleId]) -> Self:
        """Return the rules for what the broker kept while we were away.

        How long it did so for a report is not known, and would be tolerated on top: a clock 90 s
        ahead has caught up with a report that waited for half a minute.

        Args:
            clocks_ahead: vehicles whose newest report was rejected for being ahead.
        """
        return self._replace(
            max_skew=min(self.max_skew, WAITED_SKEW), clocks_ahead=frozenset(clocks_ahead)
        )

    def judge(self, report: Report, received_at: datetime) -> Rejection | None:
        """Return why a report is rejected, None where it is not.

        The clock is looked at first: with a wrong one, even a good position belongs nowhere.
        """
        age = received_at - report.observed_at
        if age > self.max_age or -age > self.max_skew:
            return self._rejected_for_time(report, age)
        if self.clocks_ahead and report.vehicle in self.clocks_ahead:
            detail = "it waited while ingest was down, and the clock was ahead before that"
            return _rejected(RejectReason.IN_FUTURE, report, detail)
        return None if report.fix is None else self._judge_position(report, report.fix)

    def _judge_position(self, report: Report, fix: Fix) -> Rejection | None:
        latitude, longitude = fix.latitude, fix.longitude
        # A comparison with NaN is false, so NaN falls out here as well.
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            return _rejected(RejectReason.OUT_OF_RANGE, report, f"{_position(fix)} is out of range")
        if latitude == 0 and longitude == 0:
            detail = "0, 0 is what a receiver without a fix says"
            return _rejected(RejectReason.NULL_ISLAND, report, detail)
        if self.service_area is not None and not self.service_area.covers(fix):
            detail = f"{_position(fix)} is outside the service area {tuple(self.service_area)}"
            return _rejected(RejectReason.OUTSIDE_AREA, report, detail)
        return None

    def _rejected_for_time(self, report: Report, age: timedelta) -> Rejection:
        observed_at = report.observed_at.isoformat()
        if age > self.max_age:
            detail = (
                f"observed at {observed_at}, {_said(age)} ago; the limit is {_said(self.max_age)}"
            )
            return _rejected(RejectReason.TOO_OLD, report, detail)
        detail = (
            f"observed at {observed_at}, {_said(-age)} ahead; the limit is {_said(self.max_skew)}"
        )
        return _rejected(RejectReason.IN_FUTURE, report, detail)


FASTEST_BUS_MPS = 70.0
"""250 km/h: beyond it the speedometer is wrong, not the bus fast."""


def speed(mps: float | None) -> float | None:
    """Return a speed in m/s that a bus can have, or None; NaN is none."""
    return mps if mps is not None and 0 <= mps <= FASTEST_BUS_MPS else None


def utc(moment: datetime) -> datetime:
    """Return the same moment in UTC; one at the calendar's very ends stays in its own offset.

    Such a one has no date in UTC, and is rejected for its time whatever its offset.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment


def sent(moment: datetime | None, observed_at: datetime) -> datetime | None:
    """Return when a device sent what it had observed, in UTC: never before it had.

    None where it is not known, or beyond the calendar's end in UTC.
    """
    if moment is None:
        return None
    sent_at = max(utc(moment), observed_at)
    return sent_at if sent_at.tzinfo is UTC else None


REPEATED_AFTER: Final = timedelta(seconds=30)
"""Where a position is older than its report by more than this, it is the one before, repeated.

Some protocols have a time of the fix and one of the report, which in a fix of its own are seconds
apart; a device that reports without a fix does so after minutes. A fix repeated sooner has its
time, and is a duplicate.
"""


def _rejected(reason: RejectReason, report: Report, detail: str) -> Rejection:
    return Rejection(reason, detail, report.vehicle)


def _position(fix: Fix) -> str:
    return f"latitude {fix.latitude:g}, longitude {fix.longitude:g}"


def _said(span: timedelta) -> str:
    """Return a length of time in days and whole seconds; a part of a second counts as one."""
    return str(timedelta(seconds=ceil(span.total_seconds()))).removesuffix(", 0:00:00")
