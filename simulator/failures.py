"""What failing buses publish; none of it may ever become a fix."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from simulator import payloads
from simulator.bus import Bus
from simulator.scenario import FailureMode
from simulator.shuttle import Place

GPS_WEEK_ROLLOVER = timedelta(weeks=1024)
"""How far back a receiver is that takes week 1024 for week 0: 19.6 years."""

SLOWEST_FAST_CLOCK = timedelta(hours=3)
"""Moscow's time sent as if it were UTC."""

CLOCK_STEP = timedelta(hours=1)
"""By how much more each bus with a fast clock is ahead than the one before it."""

FAST_CLOCKS = 9
"""After this many the steps start over."""


def clock_error(bus: Bus) -> timedelta:
    """Return by how much the bus's clock is ahead: hours ahead and years behind in turn."""
    if bus.failure is None or bus.mode is not FailureMode.BAD_CLOCK:
        return timedelta()
    if bus.failure.number % 2 == 0:
        return -GPS_WEEK_ROLLOVER
    return SLOWEST_FAST_CLOCK + CLOCK_STEP * (bus.failure.number // 2 % FAST_CLOCKS)


def position_payload(bus: Bus, moment: datetime, zone: tzinfo) -> bytes:
    """Return what a publishing bus sends at a moment."""
    if bus.mode is FailureMode.NO_FIX:
        return payloads.without_fix(bus, moment, zone).encode()
    place = bus.shuttle.at(moment.timestamp())
    if bus.failure is None or bus.mode is not FailureMode.REJECTED:
        return payloads.position(bus, moment + clock_error(bus), place, zone).encode()
    refused = _REFUSED[bus.failure.number % len(_REFUSED)]
    return refused(bus, moment, place, zone).encode()


def _null_island(bus: Bus, moment: datetime, place: Place, zone: tzinfo) -> str:
    return payloads.position(bus, moment, place._replace(latitude=0.0, longitude=0.0), zone)


def _cut_short(bus: Bus, moment: datetime, place: Place, zone: tzinfo) -> str:
    # The tracker's buffer is too small for its own report.
    return payloads.position(bus, moment, place, zone)[:64]


def _decimal_comma(bus: Bus, moment: datetime, place: Place, zone: tzinfo) -> str:
    # Numbers as Russian texts, from a tracker that formats with its locale.
    number = f"{place.latitude:.6f}"
    whole = payloads.position(bus, moment, place, zone)
    return whole.replace(f":{number},", f':"{number.replace(".", ",")}",', 1)


def _ten_times(bus: Bus, moment: datetime, place: Place, zone: tzinfo) -> str:
    # The decimal point in the wrong place: latitude 570.
    return payloads.position(bus, moment, place._replace(latitude=place.latitude * 10), zone)


_Refused = Callable[[Bus, datetime, Place, tzinfo], str]

_REFUSED: tuple[_Refused, ...] = (_null_island, _cut_short, _decimal_comma, _ten_times)
