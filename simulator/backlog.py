"""A silent bus's last message: one array of stored reports, all of them old by now."""

from datetime import datetime, time, timedelta, tzinfo

from simulator import payloads
from simulator.bus import Bus

REPORTS = 9
"""Fewer than the ten minutes of a tracked day (docs/definitions.md): a bus that only ever sends its
backlog has no tracked day either, so the dispatcher's share and the KPI agree on it."""

SPACING = timedelta(seconds=30)

EARLIEST, LATEST = 5 * 3600, 23 * 3600
"""Local seconds of the day between which a bus falls silent; the latest leaves it silent for an
hour at midnight, when the day it is counted from changes."""

DAYS_AGO = (1, 2)


def last_heard_of(bus: Bus, now: datetime, zone: tzinfo) -> datetime:
    """Return when a silent bus observed anything last: on one of the two days before.

    It depends on the local day of ``now`` alone. A simulation started again on the same day sends
    the same reports again, and no day ever gathers the minutes of several backlogs.
    """
    days = DAYS_AGO[int(bus.draws.silent_day * len(DAYS_AGO))]
    day = now.astimezone(zone).date() - timedelta(days=days)
    seconds = EARLIEST + bus.draws.silent_time * (LATEST - EARLIEST)
    midnight = datetime.combine(day, time(), tzinfo=zone)
    return midnight + timedelta(seconds=int(seconds))


def backlog(bus: Bus, now: datetime, zone: tzinfo) -> bytes:
    """Return the array, oldest report first."""
    last = last_heard_of(bus, now, zone)
    moments = [last - SPACING * back for back in reversed(range(REPORTS))]
    reports = (
        payloads.position(bus, moment, bus.shuttle.at(moment.timestamp()), zone)
        for moment in moments
    )
    return f"[{','.join(reports)}]".encode()
